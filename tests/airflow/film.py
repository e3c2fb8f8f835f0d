"""Landed files, opened and measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True)
class Film:
    """What is really in a file."""

    size: tuple[int, int]
    frames: int
    sound: bool


def measured(path: str | Path) -> Film:
    """The film in a file; every frame is decoded."""
    with av.open(str(path)) as film:
        video = film.streams.video[0]
        frames = sum(1 for _ in film.decode(video))
        return Film((video.width, video.height), frames, bool(film.streams.audio))


def frames_of(seconds: int) -> int:
    """Seedance's rule: 24 frames a second and one more."""
    return 24 * seconds + 1

"""The clips that a demo run made: facts about each, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dev.api import AirflowApi, Run

_HEAD = ("vendor", "mode", "pixels", "bytes", "length", "sound", "cost", "file")


@dataclass(frozen=True)
class VideoSource:
    """One published clip; ``seconds``, ``width`` and ``height`` are as measured in the file."""

    vendor: str
    model: str
    mode: str
    prompt: str
    file: Path
    bytes: int
    seconds: float
    width: int
    height: int
    sound: bool
    cost: str


def read_clips(api: AirflowApi, run: Run, groups: Iterable[str]) -> list[VideoSource]:
    """What a finished run of a demo DAG made, from the values that its tasks returned."""
    return [
        clip_of(api.xcom(run, f"{group}.generate"), api.xcom(run, f"{group}.publish")) for group in groups
    ]


def clip_of(video: Mapping[str, Any], publication: Mapping[str, Any]) -> VideoSource:
    """The clip that one generation and its publication describe."""
    media = publication["manifest"]["media"]
    return VideoSource(
        vendor=video["vendor"],
        model=video["model"],
        mode=video["mode"],
        prompt=publication["metadata"]["title"],
        file=Path(unquote(urlsplit(publication["uri"]).path)),
        bytes=publication["bytes"],
        seconds=media["duration"],
        width=media["width"],
        height=media["height"],
        sound=media["audio_codec"] is not None,
        cost=cost_text(video["cost"]),
    )


def cost_text(cost: Mapping[str, Any]) -> str:
    """Such as ``0.35 USD (estimated)``."""
    if cost["amount"] is None:
        return "unknown"
    return f"{cost['amount']} {cost['currency']} ({cost['basis']})"


def table(clips: Sequence[VideoSource], *, below: Path) -> str:
    """The clips as aligned text, file names relative to ``below``."""
    rows = [_HEAD, *(_row(clip, below) for clip in clips)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _row(clip: VideoSource, below: Path) -> tuple[str, ...]:
    return (
        clip.vendor,
        clip.mode,
        f"{clip.width}x{clip.height}",
        f"{clip.bytes:,}",
        f"{clip.seconds:.2f} s",
        "yes" if clip.sound else "no",
        clip.cost,
        str(clip.file.relative_to(below)),
    )

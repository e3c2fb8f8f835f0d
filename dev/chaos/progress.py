"""How far a run is, and when it has come to a standstill. Both are told by what was done, not by the clock."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Progress:
    """Counts of the videos that a run was ordered to make.

    :param submitted: videos of which a vendor has accepted at least one generation.
    :param landed: videos whose file is in its place.
    :param failed: videos whose generating task has failed for good.
    """

    videos: int
    submitted: int = 0
    landed: int = 0
    failed: int = 0

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1: submitting a video is one half, its end the other."""
        ended = min(self.videos, self.landed + self.failed)
        submitted = min(self.videos, max(self.submitted, ended))
        return (submitted + ended) / (2 * self.videos)


def read_progress(videos: int, ledger: Mapping[str, Any], landed: Path, failed: int) -> Progress:
    """How far a run is.

    :param ledger: the emulator's.
    :param landed: the folder with the files, as ``<vendor>/<generation id>.mp4``.
    """
    prompts = {(line["vendor"], line["prompt"]) for line in ledger["generations"]}
    return Progress(videos, len(prompts), sum(1 for _ in landed.glob("*/*.mp4")), failed)


class StallDetector:
    """Tells when nothing has changed for too long.

    :param seconds: how long nothing may change.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: Hashable = None
        self._since: float | None = None

    def is_stalled(self, seen: Hashable, now: float) -> bool:
        """Whether ``seen`` has been the same since more than the allowed seconds."""
        if self._since is None or seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since > self._seconds

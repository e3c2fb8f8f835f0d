"""What was ordered, held against what was delivered."""

from __future__ import annotations

from airflow_provider_seedance.core.landing.manifest import Media, Mismatch
from airflow_provider_seedance.models import ExpectedVideo

#: Seconds. A clip of d seconds has 24 d + 1 frames, so 5 s come as 5.04 s, and its sound may end a little
#: later (contract: modelark 9).
DURATION_TOLERANCE = 0.25


def find_mismatches(expected: ExpectedVideo, media: Media) -> tuple[Mismatch, ...]:
    """Where the ``media`` read from a file differ from the ``order``; what either does not know does not."""
    sound = media.audio_codec is not None if media.video_codec else None
    pairs = {
        "duration": (expected.duration, media.duration),
        "width": (expected.width, media.width),
        "height": (expected.height, media.height),
        "audio": (expected.audio, sound),
    }
    return tuple(
        Mismatch(field=name, ordered=ordered, delivered=delivered)
        for name, (ordered, delivered) in pairs.items()
        if ordered is not None and delivered is not None and not _agree(name, ordered, delivered)
    )


def _agree(name: str, ordered: float, delivered: float) -> bool:
    return abs(ordered - delivered) <= (DURATION_TOLERANCE if name == "duration" else 0)

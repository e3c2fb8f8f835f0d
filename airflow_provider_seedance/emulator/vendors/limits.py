"""Limits of input files, which EvoLink and ToAPIs share, and values that follow from the files."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_seedance.emulator.media.inputs import UNKNOWN_VIDEO_SECONDS, Media
from airflow_provider_seedance.emulator.media.sizes import nearest_ratio

_MAX_BYTES = {"image": 30_000_000, "video": 50_000_000, "audio": 15_000_000}


def _violation_of(media: Media) -> str | None:
    """The first limit that one file exceeds, as far as the file is known."""
    if media.length and media.length > _MAX_BYTES[media.kind]:
        return f"{media.kind} size exceeds the limit"
    for side in (media.width, media.height):
        if side and not 300 <= side <= 6000:
            return f"{media.kind} width and height must be between 300 and 6000 px"
    if media.aspect and not 0.4 <= media.aspect <= 2.5:
        return f"{media.kind} aspect ratio must be between 0.4 and 2.5"
    area = media.width * media.height if media.width and media.height else None
    if media.kind == "video" and area and not 409_600 <= area <= 2_086_876:
        return "video frame area is out of range"
    if media.fps and not 23.9 <= media.fps <= 60:
        return "video fps must be between 24 and 60"
    if media.seconds and not 1.9 <= media.seconds <= 15.2:
        return f"{media.kind} duration must be between 2 and 15 seconds"
    return None


def first_violation(media: Sequence[Media]) -> str | None:
    """An error text about the first limit that the files exceed; None if they exceed none."""
    for kind in ("video", "audio"):
        if sum(item.seconds or 0 for item in media if item.kind == kind) > 15.2:
            return f"total {kind} duration must not exceed 15 seconds"
    return next((text for item in media if (text := _violation_of(item))), None)


def adaptive_ratio(media: Sequence[Media]) -> str:
    """The ratio of the first video, else of the first image, else 16:9."""
    for kind in ("video", "image"):
        first = next((item for item in media if item.kind == kind), None)
        if first is not None:
            return nearest_ratio(first.aspect)
    return "16:9"


def video_seconds(media: Sequence[Media]) -> float:
    """The billed length of the input videos."""
    videos = (item.seconds for item in media if item.kind == "video")
    return sum(UNKNOWN_VIDEO_SECONDS if seconds is None else round(seconds) for seconds in videos)

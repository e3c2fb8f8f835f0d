"""Whether a file is a whole video, what is in it, and how that differs from what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.landing.decoder_limits import MAX_PIXELS, reason_not_to_decode
from airflow_provider_seedance.core.landing.manifest import Media, Mismatch
from airflow_provider_seedance.core.landing.mp4 import read_mp4
from airflow_provider_seedance.errors import VideoCorrupt
from airflow_provider_seedance.models import ExpectedVideo

#: Seconds. A video of d seconds has 24 d + 1 frames, so 5 s come as 5.04 s, and its sound may end a little
#: later (contract: modelark 9).
DURATION_TOLERANCE = 0.25

#: Pictures have a size of their own, beside the container's; a thread more would hold a picture more.
DECODER_OPTIONS = {"max_pixels": str(MAX_PIXELS), "threads": "1", "enable_drefs": "0"}
#: Characters of a decoder's error.
_MAX_REASON = 200


def probe(path: Path) -> Media:
    """What is in the video file at ``path``.

    Without PyAV (extra ``probe``) this is what the boxes tell. With it, the file is opened as a player would
    and its first picture decoded, unless that would take unusual amounts of memory or an unusual decoder: then the
    boxes' word counts, with a note.

    :raises VideoCorrupt: if it is not a whole MP4 or QuickTime file, or its pictures cannot be decoded.
    """
    media = read_mp4(path)
    if reason := reason_not_to_decode(path, media):
        note = f"Its pictures were not decoded: {reason}."
        return media.model_copy(update={"notes": (*media.notes, note)})
    try:
        import av
    except ImportError:
        return media
    try:
        # A file object, not a path: the demuxer then has no protocols by which it could open anything else.
        with path.open("rb") as file, av.open(file, format="mov", options=DECODER_OPTIONS) as container:
            return _decode(container, media)
    except (av.FFmpegError, ValueError, IndexError) as fault:
        reason = str(fault)[:_MAX_REASON]
        raise VideoCorrupt(f"the file has the form of an MP4 and cannot be played: {reason}") from fault


def _decode(container: Any, media: Media) -> Media:
    video = container.streams.video[0]
    if video.codec_context is None:  # a codec that this ffmpeg was built without
        return media
    video.codec_context.options = DECODER_OPTIONS
    video.codec_context.thread_count = 1
    if next(container.decode(video), None) is None:
        raise VideoCorrupt("the file has the form of an MP4 and holds no picture")
    audio = container.streams.audio
    return Media(
        duration=round(container.duration / 1_000_000, 3) if container.duration else media.duration,
        width=video.codec_context.width,
        height=video.codec_context.height,
        fps=round(float(video.average_rate), 3) if video.average_rate else media.fps,
        video_codec=video.codec.canonical_name,
        audio_codec=audio[0].codec.canonical_name if audio else None,
        notes=media.notes,
    )


def find_mismatches(expected: ExpectedVideo, media: Media) -> tuple[Mismatch, ...]:
    """Where ``media`` differ from what was ``expected``; what is not known of one of them does not count."""
    has_audio = media.audio_codec is not None if media.video_codec else None
    pairs = {
        "duration": (expected.duration, media.duration),
        "width": (expected.width, media.width),
        "height": (expected.height, media.height),
        "audio": (expected.audio, has_audio),
    }
    return tuple(
        Mismatch(field=name, expected=wanted, actual=actual)
        for name, (wanted, actual) in pairs.items()
        if wanted is not None and actual is not None and not _agree(name, wanted, actual)
    )


def _agree(name: str, expected: float, actual: float) -> bool:
    return abs(expected - actual) <= (DURATION_TOLERANCE if name == "duration" else 0)

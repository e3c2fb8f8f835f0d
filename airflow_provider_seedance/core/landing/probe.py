"""What is in a landed file: its boxes, and with the ``probe`` extra its first picture too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.core.landing.mp4 import read_mp4
from airflow_provider_seedance.errors import VideoCorrupt


def probe(path: Path) -> Media:
    """What is in the video file at ``path``.

    Without PyAV (extra ``probe``) this is what the boxes tell. With it, the file is opened as a player would
    and its first picture decoded.

    :raises VideoCorrupt: if it is not a whole MP4 or QuickTime file, or its pictures cannot be decoded.
    """
    media = read_mp4(path)
    try:
        import av
    except ImportError:
        return media
    try:
        with av.open(str(path)) as container:
            return _decoded(container, media)
    except (av.FFmpegError, ValueError, IndexError) as fault:
        raise VideoCorrupt(f"the file has the form of an MP4 and cannot be played: {fault}") from fault


def _decoded(container: Any, media: Media) -> Media:
    video = container.streams.video[0]
    if video.codec_context is None:  # a codec that this ffmpeg was built without
        return media
    if next(container.decode(video), None) is None:
        raise VideoCorrupt("the file has the form of an MP4 and holds no picture")
    sound = container.streams.audio
    return Media(
        duration=round(container.duration / 1_000_000, 3) if container.duration else media.duration,
        width=video.codec_context.width,
        height=video.codec_context.height,
        fps=round(float(video.average_rate), 3) if video.average_rate else media.fps,
        video_codec=video.codec.canonical_name,
        audio_codec=sound[0].codec.canonical_name if sound else None,
    )

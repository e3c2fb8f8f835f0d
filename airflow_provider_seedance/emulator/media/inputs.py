"""Input media: probing files and data URIs for their format, size and length."""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import av
from PIL import Image, UnidentifiedImageError

_DATA_URI = re.compile(r"data:([a-z]+)/([a-z0-9.+-]+);base64,(.*)", re.DOTALL)
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""No other decoder of Pillow is given a file from outside."""
_DEMUXERS = {"video": ("mov",), "audio": ("wav", "mp3")}
_NO_OTHER_FILES = {"protocol_whitelist": "none"}
UNKNOWN_VIDEO_SECONDS = 5.0
"""Billed length of a reference video on another host, since the emulator downloads nothing."""


@dataclass(frozen=True)
class Media:
    """What is known of one input; None where it is unknown, as for a URL on another host."""

    kind: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    length: int | None = None
    load: Callable[[], bytes] | None = None

    @property
    def aspect(self) -> float | None:
        """Width divided by height."""
        return self.width / self.height if self.width and self.height else None


@dataclass(frozen=True)
class Picture:
    """An input image that is shown in the finished video; it is loaded only when the video is drawn."""

    role: str
    load: Callable[[], bytes] = field(compare=False)


class BadMedia(ValueError):
    """The input cannot be used. ``reason`` is one of form, download, format."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def read_data_uri(url: str, kind: str) -> Media:
    """Decode and probe a ``data:`` URI of that kind."""
    match = _DATA_URI.fullmatch(url)
    if match is None or match[1] != kind:
        raise BadMedia("form", f"expected data:{kind}/<format>;base64,… with a lower-case format")
    try:
        content = base64.b64decode(match[3], validate=True)
    except binascii.Error as fault:
        raise BadMedia("format", "invalid base64") from fault
    return probe(content, kind)


def probe(content: bytes, kind: str) -> Media:
    """Open a file and measure it; raises BadMedia if it is not of that kind."""
    if kind == "image":
        return _probe_image(content)
    demuxer = _demuxer(content)
    if demuxer not in _DEMUXERS.get(kind, ()):
        raise BadMedia("format", f"not a readable {kind}")
    try:
        with av.open(io.BytesIO(content), "r", format=demuxer, options=_NO_OTHER_FILES) as container:
            seconds = (container.duration or 0) / av.time_base
            if kind == "audio":
                return Media("audio", seconds=seconds, length=len(content), load=lambda: content)
            stream = container.streams.video[0]
            fps = float(stream.average_rate) if stream.average_rate else None
            return Media("video", stream.width, stream.height, seconds, fps, len(content), lambda: content)
    except (av.FFmpegError, IndexError) as fault:
        raise BadMedia("format", f"not a readable {kind}") from fault


def _demuxer(content: bytes) -> str | None:
    """FFmpeg's name for the format that the first bytes show; it must not guess, since what it takes for a playlist
    or for SDP makes it open other files and addresses."""
    if content[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "wav"
    if content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0"):
        return "mp3"
    return None


def _probe_image(content: bytes) -> Media:
    try:
        with Image.open(io.BytesIO(content), formats=IMAGE_FORMATS) as image:
            width, height = image.size
            return Media("image", width, height, length=len(content), load=lambda: content)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as fault:
        raise BadMedia("format", "not a readable image") from fault

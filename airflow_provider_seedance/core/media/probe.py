"""What a file is and measures, by its content: the head of an image or a sound, the index of a video. None is decoded.

Pillow and PyAV come with the extra ``media``; what cannot be measured without them is left unknown, and named.
"""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass, replace
from typing import BinaryIO

from airflow_provider_seedance.core.catalog.schema import MediaKind, Quantity
from airflow_provider_seedance.core.landing.mp4 import read_open_mp4
from airflow_provider_seedance.core.media.heif import read_heif_size
from airflow_provider_seedance.errors import VideoCorrupt

_HEAD_BYTES = 64
_IMAGE_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"BM": "bmp",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
}
_HEIF_BRANDS = {
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"mif1": "heif",
    b"msf1": "heif",
}
#: Format -> its kind and media type; the format is also the ending of a file's name.
FORMATS: dict[str, tuple[MediaKind, str]] = {
    "png": ("image", "image/png"),
    "jpeg": ("image", "image/jpeg"),
    "gif": ("image", "image/gif"),
    "bmp": ("image", "image/bmp"),
    "tiff": ("image", "image/tiff"),
    "webp": ("image", "image/webp"),
    "heic": ("image", "image/heic"),
    "heif": ("image", "image/heif"),
    "mp4": ("video", "video/mp4"),
    "mov": ("video", "video/quicktime"),
    "wav": ("audio", "audio/wav"),
    "mp3": ("audio", "audio/mpeg"),
}
_LARGEST_WAV_CHUNKS = 100


class Unreadable(ValueError):
    """A file that is not what it looks like."""


@dataclass(frozen=True)
class MediaInfo:
    """What is known of a file; ``None`` is "not measured".

    :param format: as in :data:`FORMATS`; ``None`` for a file that is none of them.
    :param bytes: its size.
    :param unmeasured: what a missing library would have told.
    """

    format: str | None
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    unmeasured: tuple[Quantity, ...] = ()

    @property
    def kind(self) -> MediaKind | None:
        return FORMATS[self.format][0] if self.format else None

    @property
    def content_type(self) -> str:
        return FORMATS[self.format][1] if self.format else "application/octet-stream"


def probe(file: BinaryIO, size: int) -> MediaInfo:
    """What the open ``file`` of ``size`` bytes is.

    :raises Unreadable: for a broken file, saying what is wrong.
    """
    file.seek(0)
    info = MediaInfo(format_of(file.read(_HEAD_BYTES)), size)
    file.seek(0)
    if info.format in ("heic", "heif"):
        return _probe_heif(file, info)
    if info.kind == "image":
        return _probe_image(file, info)
    if info.kind == "video":
        return _probe_video(file, info)
    return _probe_audio(file, info) if info.kind == "audio" else info


def format_of(head: bytes) -> str | None:
    """The format that a file's first bytes show."""
    for signature, name in _IMAGE_SIGNATURES.items():
        if head.startswith(signature):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return "mov" if head[8:12] == b"qt  " else _HEIF_BRANDS.get(head[8:12], "mp4")
    is_mp3 = head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] in (b"\xfb", b"\xfa", b"\xf3", b"\xf2"))
    return "mp3" if is_mp3 else None


def _probe_heif(file: BinaryIO, info: MediaInfo) -> MediaInfo:
    try:
        size = read_heif_size(file)
    except (VideoCorrupt, struct.error) as fault:
        raise Unreadable(f"it is not a whole image: {fault}") from fault
    if size is None:
        return replace(info, unmeasured=("side", "ratio"))
    return replace(info, width=size[0], height=size[1])


def _probe_image(file: BinaryIO, info: MediaInfo) -> MediaInfo:
    try:
        from PIL import Image
    except ImportError:
        return replace(info, unmeasured=("side", "ratio"))
    assert info.format
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # of a picture that is too large to be unpacked, which nobody does
            # No other decoder of Pillow is given the file.
            with Image.open(file, formats=[info.format.upper()]) as image:
                width, height = image.size
    except Image.DecompressionBombError as fault:
        raise Unreadable("it is not a readable image: it has too many pixels") from fault
    except (OSError, ValueError, SyntaxError, struct.error) as fault:
        raise Unreadable(f"it is not a readable {info.format} image") from fault
    return replace(info, width=width, height=height)


def _probe_video(file: BinaryIO, info: MediaInfo) -> MediaInfo:
    try:
        media = read_open_mp4(file)
    except (VideoCorrupt, struct.error) as fault:
        raise Unreadable(f"it is not a whole video: {fault}") from fault
    return replace(
        info,
        width=media.width,
        height=media.height,
        seconds=media.duration,
        fps=media.fps,
        video_codec=media.video_codec,
        audio_codec=media.audio_codec,
        unmeasured=("seconds",) if media.duration is None else (),
    )


def _probe_audio(file: BinaryIO, info: MediaInfo) -> MediaInfo:
    if info.format == "wav":
        return replace(info, seconds=_wav_seconds(file, info.bytes))
    try:
        import av
    except ImportError:
        return replace(info, unmeasured=("seconds",))
    try:
        # It must not guess: what it takes for a playlist makes it open other files.
        with av.open(file, "r", format="mp3", options={"protocol_whitelist": "none"}) as sound:
            seconds = sound.duration / av.time_base if sound.duration else None
    except (av.FFmpegError, ValueError) as fault:
        raise Unreadable("it is not a readable MP3") from fault
    return replace(info, seconds=seconds, unmeasured=() if seconds else ("seconds",))


def _wav_seconds(file: BinaryIO, size: int) -> float:
    """The duration by the header: bytes of sound over bytes a second."""
    at, rate = 12, 0
    for _ in range(_LARGEST_WAV_CHUNKS):
        file.seek(at)
        name, length = struct.unpack("<4sI", (file.read(8) + bytes(8))[:8])
        if name == b"fmt ":
            (rate,) = struct.unpack("<8xI", (file.read(12) + bytes(12))[:12])
        elif name == b"data" and rate:
            return float(min(length, size - at - 8) / rate)
        if at >= size:
            break
        at += 8 + length + length % 2
    raise Unreadable("it is not a readable WAV: it has no header, or no sound")

"""Small media files for tests."""

from __future__ import annotations

import io
import struct
import wave
from functools import lru_cache

from PIL import Image

from airflow_provider_seedance.emulator.media.samples import SAMPLES


def image(width: int = 640, height: int = 480, form: str = "png") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (width % 256, height % 256, 7)).save(file, form)
    return file.getvalue()


def wav(seconds: float = 5.0, rate: int = 8_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 1, rate, 0, "NONE", ""))
        sound.writeframes(bytes(int(seconds * rate)))
    return file.getvalue()


@lru_cache
def sample(name: str) -> bytes:
    """One of the emulator's: ``reference.mp4`` has 1280 by 720 pixels, and five seconds."""
    load = SAMPLES[name].media.load
    assert load
    return load()


def lasting(content: bytes, seconds: float) -> bytes:
    """An MP4 whose index says that it lasts so long."""
    at = content.index(b"mvhd") + 4
    scale = struct.unpack_from(">I", content, at + 12)[0]
    return content[: at + 16] + struct.pack(">I", round(seconds * scale)) + content[at + 20 :]


def box(kind: bytes, *parts: bytes, full: bool = False) -> bytes:
    content = bytes(4 if full else 0) + b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def heif(
    *sizes: tuple[int, int],
    brand: bytes = b"heic",
    primary: int | None = 1,
    turned: int = 0,
    wide: bool = False,
) -> bytes:
    """A still image with an item for each size, of which ``primary`` (from 1) is the one that is shown.

    :param turned: quarters of a turn that every item is shown with.
    :param wide: whether item and property numbers take more bytes than they need.
    """
    item, number = (">I", ">H") if wide else (">H", ">B")
    version = struct.pack(">I", 0x01000001 if wide else 0)
    properties = [box(b"ispe", struct.pack(">II", *size), full=True) for size in sizes]
    rotation = len(properties) + 1
    rows = [
        struct.pack(item, index) + bytes([2]) + struct.pack(number, index) + struct.pack(number, rotation)
        for index in range(1, len(sizes) + 1)
    ]
    shown = box(b"pitm", version[:1], bytes(3), struct.pack(item, primary)) if primary else b""
    ipco = box(b"ipco", *properties, box(b"irot", bytes([turned])))
    ipma = box(b"ipma", version, struct.pack(">I", len(rows)), *rows)
    meta = box(b"meta", shown, box(b"iprp", ipco, ipma), full=True)
    return box(b"ftyp", brand, bytes(4), brand) + meta + box(b"mdat", bytes(100))

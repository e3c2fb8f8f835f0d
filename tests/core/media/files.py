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

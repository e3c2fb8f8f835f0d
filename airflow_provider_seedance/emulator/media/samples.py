"""Small sample media, served at ``/_emulator/samples/<name>``, that requests can use as inputs."""

from __future__ import annotations

import io
import tempfile
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import av
from PIL import Image, ImageDraw

from airflow_provider_seedance.emulator.media.audio import SAMPLE_RATE, sine_tone
from airflow_provider_seedance.emulator.media.drawing import Clip
from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.media.video import encode_png, render_video

SAMPLE_PREFIX = "/_emulator/samples/"


@dataclass(frozen=True)
class Sample:
    """One sample file."""

    mime: str
    media: Media


def _image(title: str, size: tuple[int, int], colours: tuple[str, str]) -> bytes:
    picture = Image.new("RGB", size, colours[0])
    draw = ImageDraw.Draw(picture)
    side = min(size)
    middle, radius = (size[0] // 2, size[1] // 2), side // 3
    box = (middle[0] - radius, middle[1] - radius, middle[0] + radius, middle[1] + radius)
    draw.ellipse(box, fill=colours[1])
    draw.text(middle, title, fill=colours[0], anchor="mm", font_size=side / 8)
    return encode_png(picture)


def _video() -> bytes:
    clip = Clip(
        "emulator", "sample", "reference", "Reference video", "reference", (1280, 720), 121, audio=True
    )
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "reference.mp4")
        render_video(clip, target)
        return target.read_bytes()


def _wav() -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(sine_tone(330, 5 * SAMPLE_RATE))
    return target.getvalue()


def _mp3() -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=SAMPLE_RATE, layout="mono")
        samples = 5 * SAMPLE_RATE
        frame = av.AudioFrame(format="s16", layout="mono", samples=samples)
        frame.planes[0].update(sine_tone(330, samples))
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _sample(
    mime: str, make: Callable[[], bytes], width: int = 0, height: int = 0, seconds: float = 0
) -> Sample:
    kind = mime.partition("/")[0]
    fps = 24.0 if kind == "video" else None
    load = lru_cache(maxsize=1)(make)
    return Sample(mime, Media(kind, width or None, height or None, seconds or None, fps, None, load))


SAMPLES = {
    "first.png": _sample(
        "image/png", partial(_image, "FIRST", (1280, 720), ("#14324a", "#f2c14e")), 1280, 720
    ),
    "last.png": _sample("image/png", partial(_image, "LAST", (1280, 720), ("#4a1432", "#9be8d8")), 1280, 720),
    "reference.png": _sample(
        "image/png", partial(_image, "REF", (960, 960), ("#23402b", "#f6efe0")), 960, 960
    ),
    "reference.mp4": _sample("video/mp4", _video, 1280, 720, 5.0),
    "reference.mp3": _sample("audio/mpeg", _mp3, seconds=5.0),
    "reference.wav": _sample("audio/wav", _wav, seconds=5.0),
}

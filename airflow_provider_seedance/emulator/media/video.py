"""Encoding videos with PyAV.

The still part of the picture is drawn and converted to YUV once. For each frame only the clock, the progress bar
and the fades are computed, and only in the planes that they change. So a 5 s clip at 720p takes a fraction of a
second.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageOps

from airflow_provider_seedance.emulator.media.audio import SAMPLE_RATE, sine_tone
from airflow_provider_seedance.emulator.media.drawing import FPS, Clip, Scene, decode_image

_FADE_FRAMES = 20


@dataclass(frozen=True)
class Planes:
    """One picture as the three planes of yuv420p."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def of(cls, picture: Image.Image) -> Planes:
        """Convert from RGB."""
        rgb = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # typed only with numpy
        frame = rgb.reformat(format="yuv420p", dst_colorspace="ITU709")
        images = (
            Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size)
            for plane in frame.planes
        )
        return cls(*images)

    def blend(self, other: Planes, share: float) -> Planes:
        """Blend with another picture, which contributes ``share``."""
        mixed = (
            Image.blend(a, b, share) for a, b in ((self.y, other.y), (self.u, other.u), (self.v, other.v))
        )
        return Planes(*mixed)

    def frame(self) -> av.VideoFrame:
        """Convert to a frame that the encoder takes."""
        frame = av.VideoFrame(self.y.width, self.y.height, "yuv420p")
        for plane, image in zip(frame.planes, (self.y, self.u, self.v), strict=True):
            plane.update(image.tobytes("raw", "L", plane.line_size, 1).ljust(plane.buffer_size, b"\0"))
        frame.colorspace = 1
        return frame


def render_video(clip: Clip, target: Path) -> None:
    """Write the clip to a file whose index comes first, so that a player can start before it has everything.

    FFmpeg moves the index in a second pass over the file, so the target must be a path.
    """
    options = {"movflags": "faststart", "fflags": "+bitexact"}
    with av.open(str(target), "w", format=clip.container, options=options) as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height = clip.size
        video.pix_fmt = "yuv420p"
        video.time_base = Fraction(1, FPS)
        video.codec_context.thread_count = 1
        video.options = {"preset": "ultrafast", "qp": "26", "threads": "1"}
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if clip.audio else None
        for number, planes in enumerate(_frames(clip)):
            frame = planes.frame()
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio is not None:
            samples = clip.frames * SAMPLE_RATE // FPS
            sound = av.AudioFrame(format="s16", layout="mono", samples=samples)
            sound.planes[0].update(sine_tone(220 + clip.digest[0] * 2, samples))
            sound.sample_rate = SAMPLE_RATE
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))


def render_last_frame(clip: Clip, target: Path) -> None:
    """Write the clip's last frame as PNG."""
    *_, last = _frames(clip, start=clip.frames - 1)
    picture: Image.Image = last.frame().to_image()  # type: ignore[no-untyped-call]  # typed only with numpy
    target.write_bytes(encode_png(picture))


def encode_png(picture: Image.Image) -> bytes:
    """Encode as PNG."""
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=1)
    return target.getvalue()


def _frames(clip: Clip, start: int = 0) -> Iterator[Planes]:
    """The frames from number ``start`` on."""
    scene = Scene(clip)
    still = Planes.of(scene.still)
    opening = _full_frame(clip, "first_frame")
    ending = _full_frame(clip, "last_frame")
    for number in range(start, clip.frames):
        luma = still.y.copy()
        scene.draw_moving_parts(luma, number)
        planes = Planes(luma, still.u, still.v)
        if opening and number < _FADE_FRAMES:
            planes = opening.blend(planes, number / _FADE_FRAMES)
        left = clip.frames - 1 - number
        if ending and left < _FADE_FRAMES:
            planes = ending.blend(planes, left / _FADE_FRAMES)
        yield planes


def _full_frame(clip: Clip, role: str) -> Planes | None:
    """The input image with that role, cropped to fill the frame as the vendors do; None if there is none."""
    picture = next((picture for picture in clip.pictures if picture.role == role), None)
    if picture is None:
        return None
    return Planes.of(ImageOps.fit(decode_image(picture.load()), clip.size))

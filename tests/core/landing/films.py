"""Films of a second, as dark, still and loud as a test wants them."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from pathlib import Path

import av

RATE = 16_000


def make_film(
    path: Path,
    *,
    brightness: int = 60,
    moving: bool = True,
    loudness: float | None = 0.5,
    size: tuple[int, int] = (96, 64),
) -> Path:
    """A film of 25 pictures.

    :param brightness: of the first picture, 16 (black) to 235.
    :param moving: whether each picture is brighter than the one before.
    :param loudness: of its tone, 0 to 1; ``None`` for no sound track.
    """
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.thread_count = 1
        audio = out.add_stream("aac", rate=RATE, layout="mono") if loudness is not None else None
        for number in range(25):
            frame = av.VideoFrame(*size, "yuv420p")
            luma = brightness + number * 5 * moving
            for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
                plane.update(bytes([value]) * plane.buffer_size)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if audio is not None and loudness is not None:
            tone = [round(loudness * 32_000 * math.sin(at * 0.3)) for at in range(RATE)]
            sound = av.AudioFrame(format="s16", layout="mono", samples=RATE)
            sound.planes[0].update(array("h", tone).tobytes())
            sound.sample_rate, sound.pts, sound.time_base = RATE, 0, Fraction(1, RATE)
            out.mux(audio.encode(sound))
            out.mux(audio.encode())
    return path

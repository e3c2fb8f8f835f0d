"""A few pictures of a video, spread over its length, and how loud it gets: one pass, in bounded time and memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.core.landing.verify import DECODER_OPTIONS

#: Pictures that are kept of one video: a contact sheet of three rows and three columns.
SAMPLES = 9
#: Pixels of a kept picture's longer side.
LONGER_SIDE = 960
#: Pictures that are decoded of one video, at most: two minutes. What comes later is not looked at.
MAX_FRAMES = 2_900
#: Seconds that one video is decoded for.
TIME_LIMIT = 20.0
#: Hertz at which the sound is measured.
_SAMPLE_RATE = 8_000
_LOUDEST = 32_768


@dataclass
class Samples:
    """What was seen and heard of a video.

    :param pictures: Pillow images in RGB, in the order of time.
    :param peak: the loudest sample, 0 to 1; ``None`` without sound.
    """

    pictures: list[Any] = field(default_factory=list)
    peak: float | None = None

    @property
    def peak_dbfs(self) -> float | None:
        """The peak in decibels below full scale; complete silence is -96, the floor of 16 bits."""
        return None if self.peak is None else max(-96.0, 20 * math.log10(max(self.peak, 1e-9)))


def take_samples(path: Path, media: Media, now: Callable[[], float]) -> Samples:
    """Sample a video that may be decoded, see :mod:`.decoder_limits`.

    :param now: seconds.
    :raises ImportError: without PyAV or Pillow.
    :raises av.FFmpegError, ValueError: if it cannot be decoded.
    """
    import av

    samples, ends = Samples(), now() + TIME_LIMIT
    step = (media.duration or 0.0) / SAMPLES
    decoded = 0
    with path.open("rb") as file, av.open(file, format="mov", options=DECODER_OPTIONS) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=_SAMPLE_RATE)
        for frame in _frames(container):
            if isinstance(frame, av.AudioFrame):
                samples.peak = max(samples.peak or 0.0, _peak(resampler.resample(frame)))
            else:
                decoded += 1
                due = (len(samples.pictures) + 0.5) * step
                if len(samples.pictures) < SAMPLES and (frame.time or 0.0) >= due:
                    samples.pictures.append(_small(frame))
            # A file may have hours of sound beside a single picture.
            if decoded >= MAX_FRAMES or now() >= ends:
                break
    return samples


def _frames(container: Any) -> Any:
    """Pictures and sound, as they stand in the file."""
    streams = [container.streams.video[0], *container.streams.audio[:1]]
    for stream in streams:
        stream.codec_context.options = DECODER_OPTIONS
        stream.codec_context.thread_count = 1
    for packet in container.demux(*streams):
        yield from packet.decode()


def _small(frame: Any) -> Any:
    scale = min(1.0, LONGER_SIDE / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    return frame.to_image(width=width, height=height)


def _peak(frames: list[Any]) -> float:
    """The loudest of mono frames of 16 bits."""
    loudest = 0
    for frame in frames:
        values = memoryview(bytes(frame.planes[0])[: frame.samples * 2]).cast("h")
        loudest = max(loudest, max(values, default=0), -min(values, default=0))
    return loudest / _LOUDEST

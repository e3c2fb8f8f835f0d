"""The parameters of an Ark generation beside its content: checked, and resolved to final values."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.media.sizes import RATIOS, Size, nearest_ratio
from airflow_provider_seedance.emulator.simulation.generation import Picture
from airflow_provider_seedance.emulator.vendors.ark.content import (
    SHORT_MODE,
    ArkError,
    Content,
    input_seconds,
)
from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel

MOST_SEED = 2**32 - 1

_BOOLEANS = ("return_last_frame", "generate_audio", "watermark", "camera_fixed", "draft")


@dataclass(frozen=True)
class ArkOrder:
    """Final values of one order."""

    resolution: str
    ratio: str
    size: Size
    frames: int
    audio: bool
    last_frame: bool
    seed: int
    input_seconds: float
    pictures: tuple[Picture, ...]

    @property
    def tokens(self) -> int:
        """What a success costs; the one frame more is on real bills, not in the documents."""
        return tokens(self.size, self.frames, self.input_seconds)


def tokens(size: Size, frames: int, input_seconds: float = 0) -> int:
    """Ark's unit of billing."""
    return int((frames + 24 * input_seconds) * size[0] * size[1] / 1024)


class Parameters:
    """Reads and checks the parameters of one request, in the order in which Ark does."""

    def __init__(self, body: Mapping[str, Any], model: ArkModel, content: Content) -> None:
        self._body = body
        self._model = model
        self._content = content

    def check(self) -> None:
        """Everything that can be said without looking at the media."""
        for name in _BOOLEANS:
            if not isinstance(self._body.get(name, False), bool):
                raise self.wrong(name)
        if self.resolution not in self._model.resolutions_in(self._content.mode):
            raise self.wrong("resolution")
        if self._ratio not in (*RATIOS, "adaptive"):
            raise self.wrong("ratio")
        if self._ratio == "adaptive" and self._model.family == "1.0" and self._content.mode == "text":
            raise self.wrong("ratio")
        if self._body.get("camera_fixed") and (
            not self._model.camera_fixed or self._content.mode == "reference"
        ):
            raise self.wrong("camera_fixed")
        if self._body.get("generate_audio") and not self._model.audio:
            raise self.wrong("generate_audio")
        self._check_length()
        if not is_whole(self._body.get("seed", -1), -1, MOST_SEED):
            raise self.wrong("seed")

    def _check_length(self) -> None:
        frames = self._body.get("frames")
        if frames is not None:
            if not self._model.frames or not is_whole(frames, 29, 289) or (frames - 25) % 4:
                raise self.wrong("frames")
            return
        duration = self._duration
        if duration == -1 and self._model.auto_duration:
            return
        least, most = self._model.durations
        if not is_whole(duration, -1, 10**6):
            raise self.wrong("duration")
        if duration > most:
            raise self.wrong("duration", f"must be less than or equal to {most} for")
        if duration < least:
            raise self.wrong("duration")

    def resolve(self, media: Mapping[int, Media], rng: random.Random) -> ArkOrder:
        """Final values, once the media are known."""
        ratio = self._ratio
        if ratio == "adaptive":
            ratio = nearest_ratio(_first_aspect(self._content, media))
        seed = self._body.get("seed", -1)
        return ArkOrder(
            resolution=self.resolution,
            ratio=ratio,
            size=self._model.sizes[self.resolution][ratio],
            frames=self._body.get("frames") or 24 * self._final_duration(media, rng) + 1,
            audio=self._body.get("generate_audio", True) and self._model.audio,
            last_frame=self._body.get("return_last_frame", False),
            seed=rng.randrange(MOST_SEED) if seed == -1 else seed,
            input_seconds=input_seconds(self._content, dict(media)),
            pictures=pictures(self._content, media),
        )

    def wrong(self, name: str, sentence: str = "is not valid for") -> ArkError:
        """Ark's sentence about a parameter that the model does not take."""
        mode = SHORT_MODE[self._content.mode]
        text = (
            f"the parameter {name} specified in the request {sentence} model {self._model.undated} in {mode}"
        )
        return ArkError("InvalidParameter", text, name)

    @property
    def resolution(self) -> Any:
        """As asked, or the default."""
        return self._body.get(
            "resolution", "480p" if self._body.get("draft") else self._model.default_resolution
        )

    @property
    def _ratio(self) -> Any:
        return self._body.get("ratio", self._model.default_ratio(self._content.mode))

    @property
    def _duration(self) -> Any:
        return self._body.get("duration", self._model.default_duration)

    def _final_duration(self, media: Mapping[int, Media], rng: random.Random) -> int:
        if self._duration != -1:
            return int(self._duration)
        least, most = self._model.durations
        known = round(input_seconds(self._content, dict(media)))
        return max(least, min(most, known)) if known else rng.randint(least, min(most, 10))


def is_whole(value: Any, least: int, most: int) -> bool:
    """An integer (not a boolean, not 5.0) within bounds."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def pictures(content: Content, media: Mapping[int, Media]) -> tuple[Picture, ...]:
    """The images that can be shown."""
    return tuple(
        Picture(part.role or "first_frame", load)
        for part in content.of_kind("image")
        if (load := media[part.place].load) is not None
    )


def _first_aspect(content: Content, media: Mapping[int, Media]) -> float | None:
    """Shape of the first video, else of the first image."""
    parts = content.of_kind("video") + content.of_kind("image")
    return media[parts[0].place].aspect if parts else None

"""The parameters of a request beside its content: checking them, and resolving them to final values."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import Media, Picture
from airflow_provider_seedance.emulator.media.sizes import RATIOS, Size, nearest_ratio
from airflow_provider_seedance.emulator.vendors.ark.content import MODE_ABBREVIATIONS, ArkError, Content
from airflow_provider_seedance.emulator.vendors.ark.media import first_aspect, input_seconds, pictures
from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel
from airflow_provider_seedance.emulator.vendors.values import MAX_SEED, is_integer

_BOOLEANS = ("return_last_frame", "generate_audio", "watermark", "camera_fixed", "draft")
_FLAG = re.compile(r"\s--([a-z]+)\s+(\S+)")
_FLAGS = {
    "rs": "resolution", "resolution": "resolution", "rt": "ratio", "ratio": "ratio", "dur": "duration",
    "duration": "duration", "frames": "frames", "seed": "seed", "cf": "camera_fixed", "camerafixed": "camera_fixed",
    "wm": "watermark", "watermark": "watermark",
}  # fmt: skip
_IS_VALID: dict[str, Callable[[Any], bool]] = {
    "ratio": lambda value: value in ("adaptive", *RATIOS),
    "frames": lambda value: value in range(29, 290, 4),
    "seed": lambda value: type(value) is int,
    "camera_fixed": lambda value: type(value) is bool,
    "watermark": lambda value: type(value) is bool,
}


@dataclass(frozen=True)
class ResolvedParameters:
    """The final values for one generation."""

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
        """The price of a success. Real bills count one frame more than the documentation says, and so does this."""
        return tokens(self.size, self.frames, self.input_seconds)


def tokens(size: Size, frames: int, input_seconds: float = 0) -> int:
    """The number of tokens, in which Ark bills."""
    return int((frames + 24 * input_seconds) * size[0] * size[1] / 1024)


class Parameters:
    """Checks the parameters of one request in the order in which Ark does, then resolves them."""

    def __init__(self, body: Mapping[str, Any], model: ArkModel, content: Content) -> None:
        self._body = body
        self._model = model
        self._content = content

    def check(self) -> None:
        """Raise ArkError for the first invalid parameter; the media need not be known for that."""
        for name in _BOOLEANS:
            if not isinstance(self._body.get(name, False), bool):
                raise self.invalid(name)
        if self.resolution not in self._model.resolutions_in(self._content.mode):
            raise self.invalid("resolution")
        if self._ratio not in (*RATIOS, "adaptive"):
            raise self.invalid("ratio")
        if self._ratio == "adaptive" and self._model.family == "1.0" and self._content.mode == "text":
            raise self.invalid("ratio")
        if self._body.get("camera_fixed") and (
            not self._model.camera_fixed or self._content.mode == "reference"
        ):
            raise self.invalid("camera_fixed")
        if self._body.get("generate_audio") and not self._model.audio:
            raise self.invalid("generate_audio")
        self._check_length()
        if not is_integer(self._body.get("seed", -1), -1, MAX_SEED):
            raise self.invalid("seed")

    def _check_length(self) -> None:
        frames = self._body.get("frames")
        if frames is not None:
            if not self._model.frames or not is_integer(frames, 29, 289) or (frames - 25) % 4:
                raise self.invalid("frames")
            return
        duration = self._duration
        if duration == -1 and self._model.auto_duration:
            return
        least, most = self._model.durations
        if not is_integer(duration, -1, 10**6):
            raise self.invalid("duration")
        if duration > most:
            raise self.invalid("duration", f"must be less than or equal to {most} for")
        if duration < least:
            raise self.invalid("duration")

    def resolve(self, media: Mapping[int, Media], rng: random.Random) -> ResolvedParameters:
        """The final values, some of which depend on the media."""
        ratio = self._ratio
        if ratio == "adaptive":
            ratio = nearest_ratio(first_aspect(self._content, media))
        seed = self._body.get("seed", -1)
        return ResolvedParameters(
            resolution=self.resolution,
            ratio=ratio,
            size=self._model.sizes[self.resolution][ratio],
            frames=self._body.get("frames") or 24 * self._final_duration(media, rng) + 1,
            audio=self._body.get("generate_audio", True) and self._model.audio,
            last_frame=self._body.get("return_last_frame", False),
            seed=rng.randrange(MAX_SEED) if seed == -1 else seed,
            input_seconds=input_seconds(self._content, media),
            pictures=pictures(self._content, media),
        )

    def invalid(self, name: str, sentence: str = "is not valid for") -> ArkError:
        """The error about a parameter that the model does not take in this mode."""
        mode = MODE_ABBREVIATIONS[self._content.mode]
        text = (
            f"the parameter {name} specified in the request {sentence} model {self._model.undated} in {mode}"
        )
        return ArkError("InvalidParameter", text, name)

    @property
    def resolution(self) -> Any:
        """The requested resolution, or the default."""
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
        known = round(input_seconds(self._content, media))
        return max(least, min(most, known)) if known else rng.randint(least, min(most, 10))


def split_flags(prompt: str) -> tuple[str, dict[str, Any]]:
    """Split a prompt of the old form (``A cat --rs 720p --dur 5``) into the prompt itself and the parameters in it.

    Invalid values are ignored, except for resolution and duration, which are checked like the fields of the body.
    """
    values: dict[str, Any] = {}
    for flag, word in _FLAG.findall(prompt):
        name, value = _FLAGS.get(flag, ""), _flag_value(word)
        if name and _IS_VALID.get(name, lambda _: True)(value):
            values[name] = value
    return _FLAG.sub(lambda match: "" if match[1] in _FLAGS else match[0], prompt), values


def _flag_value(word: str) -> Any:
    if word in ("true", "false"):
        return word == "true"
    try:
        return int(word)
    except ValueError:
        return word

"""The models of Ark, ByteDance's own API, and what each one takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_provider_seedance.emulator.media.sizes import SIZES, Table


@dataclass(frozen=True)
class ArkModel:
    """One model and its limits."""

    id: str
    family: str
    speed: str
    """Row of the latency table."""
    durations: tuple[int, int]
    resolutions: tuple[str, ...]
    modes: frozenset[str]
    sizes: Table
    references: tuple[int, int, int] = (0, 0, 0)
    """Most images, videos, audios."""
    default_resolution: str = "720p"
    auto_duration: bool = True
    audio: bool = True
    frames: bool = False
    draft: bool = False
    flex: bool = False
    camera_fixed: bool = False
    priority: bool = False
    tools: bool = False

    @property
    def undated(self) -> str:
        """The name without its date, as error texts give it."""
        return self.id.rpartition("-")[0]

    @property
    def default_duration(self) -> int:
        """Seconds when none are asked for; 2.5 chooses by itself where it may."""
        return -1 if self.family == "2.5" and self.auto_duration else 5

    def default_ratio(self, mode: str) -> str:
        """The ratio when none is asked for; 1.0 follows frames only, not reference images."""
        return "16:9" if self.family == "1.0" and mode in ("text", "reference") else "adaptive"

    def resolutions_in(self, mode: str) -> tuple[str, ...]:
        """What the mode takes; 1.0-lite, the only 1.0 with references, makes no 1080p from them."""
        if self.family == "1.0" and mode == "reference":
            return tuple(name for name in self.resolutions if name != "1080p")
        return self.resolutions


_STILLS = frozenset({"text", "first_frame", "first_last_frame"})
_ALL = _STILLS | {"reference"}
_HD = ("480p", "720p", "1080p")

_V1 = ArkModel(
    "seedance-1-0-pro-250528", "1.0", "1.0", (2, 12), _HD, _STILLS, SIZES["1.0"], default_resolution="1080p",
    auto_duration=False, audio=False, frames=True, flex=True, camera_fixed=True,
)  # fmt: skip
_LITE_TEXT = replace(
    _V1, id="seedance-1-0-lite-t2v-250428", modes=frozenset({"text"}), default_resolution="720p"
)
_LITE_IMAGE = replace(
    _LITE_TEXT, id="seedance-1-0-lite-i2v-250428", modes=_ALL - {"text"}, references=(4, 0, 0)
)
_V15 = ArkModel(
    "seedance-1-5-pro-251215", "1.5", "1.5", (4, 12), _HD, _STILLS | {"draft_final"}, SIZES["2.0"],
    draft=True, flex=True, camera_fixed=True,
)  # fmt: skip
_V2 = ArkModel(
    "dreamina-seedance-2-0-260128", "2.0", "2.0", (4, 15), (*_HD, "4k"), _ALL, SIZES["2.0"], (9, 3, 3),
    priority=True, tools=True,
)  # fmt: skip
_V25 = ArkModel(
    "dreamina-seedance-2-5-260628", "2.5", "2.5", (4, 30), _HD, _ALL, SIZES["2.5"], (30, 10, 10), priority=True,
)  # fmt: skip

V2_FAST = replace(_V2, id="dreamina-seedance-2-0-fast-260128", speed="2.0-fast", resolutions=("480p", "720p"))
V2_MINI = replace(V2_FAST, id="dreamina-seedance-2-0-mini-260615", speed="2.0-mini")
V2, V15, V25 = _V2, _V15, _V25

_ALL_MODELS = (
    _LITE_TEXT,
    _LITE_IMAGE,
    _V1,
    replace(_V1, id="seedance-1-0-pro-fast-251015", modes=frozenset({"text", "first_frame"})),
    _V15,
    _V2,
    V2_FAST,
    V2_MINI,
    _V25,
)


def _overseas(model: ArkModel) -> ArkModel:
    """BytePlus has no web search."""
    return replace(model, tools=False)


def _chinese(model: ArkModel) -> ArkModel:
    return replace(model, id="doubao-" + model.id.removeprefix("dreamina-"))


MODELS = {model.id: model for either in _ALL_MODELS for model in (_overseas(either), _chinese(either))}
"""Both id families: ``seedance-1-*``, ``dreamina-seedance-2-*`` (BytePlus) and ``doubao-seedance-*`` (Volcengine)."""

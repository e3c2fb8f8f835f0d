"""The models of Ark, ByteDance's own API, and the parameters that each of them takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from airflow_provider_seedance.emulator.media.sizes import SIZES, Table


@dataclass(frozen=True)
class ArkModel:
    """One model and its limits."""

    id: str
    family: str
    speed: str
    """The row of the latency table."""
    durations: tuple[int, int]
    resolutions: tuple[str, ...]
    modes: frozenset[str]
    sizes: Table
    references: tuple[int, int, int] = (0, 0, 0)
    """The most reference images, videos and audio files."""
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
        """The id without its date, as error texts give it."""
        return self.id.rpartition("-")[0]

    @property
    def default_duration(self) -> int:
        """The length if the request gives none; -1 lets the model choose, as 2.5 does where it may."""
        return -1 if self.family == "2.5" and self.auto_duration else 5

    def default_ratio(self, mode: str) -> str:
        """The ratio if the request gives none; 1.0 adapts to first and last frames, but not to reference images."""
        return "16:9" if self.family == "1.0" and mode in ("text", "reference") else "adaptive"

    def resolutions_in(self, mode: str) -> tuple[str, ...]:
        """The resolutions in that mode; 1.0-lite, the only 1.0 with references, makes no 1080p from them."""
        if self.family == "1.0" and mode == "reference":
            return tuple(name for name in self.resolutions if name != "1080p")
        return self.resolutions


_FRAME_MODES = frozenset({"text", "first_frame", "first_last_frame"})
_ALL_MODES = _FRAME_MODES | {"reference"}
_HD = ("480p", "720p", "1080p")

_V1 = ArkModel(
    "seedance-1-0-pro-250528", "1.0", "1.0", (2, 12), _HD, _FRAME_MODES, SIZES["1.0"], default_resolution="1080p",
    auto_duration=False, audio=False, frames=True, flex=True, camera_fixed=True,
)  # fmt: skip
_V1_LITE_TEXT = replace(
    _V1, id="seedance-1-0-lite-t2v-250428", modes=frozenset({"text"}), default_resolution="720p"
)
_V1_LITE_IMAGE = replace(
    _V1_LITE_TEXT, id="seedance-1-0-lite-i2v-250428", modes=_ALL_MODES - {"text"}, references=(4, 0, 0)
)
V15 = ArkModel(
    "seedance-1-5-pro-251215", "1.5", "1.5", (4, 12), _HD, _FRAME_MODES | {"draft_final"}, SIZES["2.0"],
    draft=True, flex=True, camera_fixed=True,
)  # fmt: skip
V2 = ArkModel(
    "dreamina-seedance-2-0-260128", "2.0", "2.0", (4, 15), (*_HD, "4k"), _ALL_MODES, SIZES["2.0"], (9, 3, 3),
    priority=True, tools=True,
)  # fmt: skip
V25 = ArkModel(
    "dreamina-seedance-2-5-260628", "2.5", "2.5", (4, 30), _HD, _ALL_MODES, SIZES["2.5"], (30, 10, 10), priority=True,
)  # fmt: skip

V2_FAST = replace(V2, id="dreamina-seedance-2-0-fast-260128", speed="2.0-fast", resolutions=("480p", "720p"))
V2_MINI = replace(V2_FAST, id="dreamina-seedance-2-0-mini-260615", speed="2.0-mini")

_ALL_MODELS = (
    _V1_LITE_TEXT,
    _V1_LITE_IMAGE,
    _V1,
    replace(_V1, id="seedance-1-0-pro-fast-251015", modes=frozenset({"text", "first_frame"})),
    V15,
    V2,
    V2_FAST,
    V2_MINI,
    V25,
)


def _on_byteplus(model: ArkModel) -> ArkModel:
    """The same model at BytePlus, which has no web search."""
    return replace(model, tools=False)


def _on_volcengine(model: ArkModel) -> ArkModel:
    """The same model at Volcengine, under its Chinese name."""
    return replace(model, id="doubao-" + model.id.removeprefix("dreamina-"))


MODELS = {model.id: model for each in _ALL_MODELS for model in (_on_byteplus(each), _on_volcengine(each))}
"""Both id families: ``seedance-1-*``, ``dreamina-seedance-2-*`` (BytePlus) and ``doubao-seedance-*`` (Volcengine)."""

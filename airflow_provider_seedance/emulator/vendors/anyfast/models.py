"""AnyFast's model ids, and the Ark models behind them."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_seedance.emulator.media.sizes import SIZES, Size
from airflow_provider_seedance.emulator.vendors.ark.models import MODELS as ARK_MODELS
from airflow_provider_seedance.emulator.vendors.ark.models import (
    V2,
    V2_FAST,
    V2_MINI,
    V15,
    V25,
    ArkModel,
)

_NO_4K = replace(V2, resolutions=("480p", "720p", "1080p"))
_2K: dict[str, Size] = {
    "16:9": (2560, 1440), "4:3": (2218, 1664), "1:1": (1920, 1920), "3:4": (1664, 2218), "9:16": (1440, 2560),
    "21:9": (2940, 1260),
}  # fmt: skip
_ULTRA = replace(V2, resolutions=("720p", "1080p", "2k"), sizes={**SIZES["2.0"], "2k": _2K})


def _version_1(model: ArkModel) -> ArkModel:
    """A 1.x model, for which AnyFast documents neither drafts nor an automatic length."""
    return replace(model, auto_duration=False, draft=False, modes=model.modes - {"draft_final"})


def _without_auto_duration(model: ArkModel) -> ArkModel:
    return replace(model, auto_duration=False)


MODELS: dict[str, ArkModel] = {
    "seedance-2.0": _without_auto_duration(_NO_4K),
    "seedance": _without_auto_duration(_NO_4K),
    "seedance-fast": _without_auto_duration(V2_FAST),
    "seedance-2.0-fast": _without_auto_duration(V2_FAST),
    "seedance-2.0-mini": _without_auto_duration(V2_MINI),
    "seedance-2.0-ultra": _without_auto_duration(_ULTRA),
    "seedance-2.5": _without_auto_duration(V25),
    "doubao-seedance-1-5-pro-251215": _version_1(V15),
    "doubao-seedance-1-0-pro-250528": _version_1(ARK_MODELS["doubao-seedance-1-0-pro-250528"]),
    "doubao-seedance-1-0-pro-fast-251015": _version_1(ARK_MODELS["doubao-seedance-1-0-pro-fast-251015"]),
    "doubao-seedance-1-0-lite-t2v-250428": _version_1(ARK_MODELS["doubao-seedance-1-0-lite-t2v-250428"]),
    "doubao-seedance-1-0-lite-i2v-250428": _version_1(ARK_MODELS["doubao-seedance-1-0-lite-i2v-250428"]),
}

"""ToAPIs' models, their prices and their video sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_seedance.emulator.media.sizes import SIZES, Size, Table

CREDITS_PER_USD = 200

_4K: dict[str, Size] = {
    "16:9": (3840, 2160), "4:3": (2880, 2160), "1:1": (2160, 2160), "3:4": (2160, 2880), "9:16": (2160, 3840),
    "21:9": (5040, 2160),
}  # fmt: skip
PIXELS: Table = {**SIZES["2.0"], "4k": _4K}


@dataclass(frozen=True)
class Model:
    """One model with its limits and prices."""

    resolutions: tuple[str, ...]
    speed: str
    """The row of the latency table."""
    auto_duration: bool
    rates: Mapping[str, tuple[str, str]]
    """USD per million tokens by resolution, first without an input video, then with one."""


MODELS = {
    "seedance-2": Model(
        ("480p", "720p", "1080p", "4k"), "2.0", True,
        {"480p": ("3.614", "2.200"), "720p": ("3.614", "2.200"), "1080p": ("4.007", "2.436"), "4k": ("2.043", "1.257")},
    ),
    "seedance-2-fast": Model(
        ("480p", "720p"), "2.0-fast", True, {"480p": ("2.907", "1.729"), "720p": ("2.907", "1.729")}
    ),
    "seedance-2-mini": Model(
        ("480p", "720p"), "2.0-mini", False, {"480p": ("1.80714", "1.100"), "720p": ("1.80714", "1.100")}
    ),
}  # fmt: skip

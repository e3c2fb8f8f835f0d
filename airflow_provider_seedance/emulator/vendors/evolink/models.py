"""EvoLink's models, their prices and their limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tier:
    """Standard, fast or mini: the part of the model id between family and mode."""

    qualities: tuple[str, ...]
    speed: str
    """The row of the latency table."""
    estimate: int
    """The estimated seconds that a new task shows."""
    rates: dict[str, float]
    """Credits per second."""
    video_factor: float
    """By which the rate is multiplied if there are input videos."""
    web_search: bool


_TIERS = {
    "": Tier(
        ("480p", "720p", "1080p"), "2.0", 165, {"480p": 5.115, "720p": 11.05, "1080p": 27.6}, 0.609, True
    ),
    "fast-": Tier(("480p", "720p"), "2.0-fast", 120, {"480p": 4.14315, "720p": 8.95}, 0.595, True),
    "mini-": Tier(("480p", "720p"), "2.0-mini", 110, {"480p": 2.5575, "720p": 5.52}, 0.6, False),
}
MODELS = {
    f"seedance-2.0-{tier}{mode}-to-video": (mode, _TIERS[tier])
    for tier in _TIERS
    for mode in ("text", "image", "reference")
}
"""Mode and tier by model id."""
MAX_MEDIA = {
    "text": {"image_urls": 0, "video_urls": 0, "audio_urls": 0},
    "image": {"image_urls": 2, "video_urls": 0, "audio_urls": 0},
    "reference": {"image_urls": 9, "video_urls": 3, "audio_urls": 3},
}

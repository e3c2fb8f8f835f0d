"""How long a generation takes, in vendor seconds.

The table holds medians for a 5 s clip, taken from measurements that users of the vendors published. Values are
log-normally distributed, with the ninetieth percentile about 40 % above the median.
"""

from __future__ import annotations

import math
import random

_SPREAD = 0.26

_MEDIANS: dict[str, dict[str, float]] = {
    "1.0": {"480p": 35, "720p": 43, "1080p": 50},
    "1.5": {"480p": 45, "720p": 58, "1080p": 85},
    "2.0": {"480p": 90, "720p": 120, "1080p": 180, "2k": 240, "4k": 300},
    "2.0-fast": {"480p": 40, "720p": 55},
    "2.0-mini": {"480p": 38, "720p": 48},
    "2.5": {"480p": 110, "720p": 150, "1080p": 225},
}


def run_seconds(
    rng: random.Random, *, family: str, resolution: str, seconds: float, factor: float = 1.0
) -> float:
    """A random run time; ``factor`` is how much slower the vendor is than ModelArk."""
    median = _MEDIANS[family][resolution] * (0.6 + 0.08 * seconds) * factor
    return lognormal(rng, median)


def lognormal(rng: random.Random, median: float) -> float:
    """A log-normally distributed random value with that median."""
    return median * math.exp(rng.gauss(0.0, _SPREAD))

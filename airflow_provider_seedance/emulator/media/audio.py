"""A quiet tone, as 16-bit samples."""

from __future__ import annotations

import math
from array import array

SAMPLE_RATE = 44_100


def tone(hertz: int, samples: int) -> bytes:
    """A sine of a whole number of hertz: one second is computed and then repeated without a seam."""
    step = 2 * math.pi * hertz / SAMPLE_RATE
    second = array("h", (int(6000 * math.sin(step * n)) for n in range(SAMPLE_RATE))).tobytes()
    return (second * (samples // SAMPLE_RATE + 1))[: 2 * samples]

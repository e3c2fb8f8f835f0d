"""A quiet sine tone as 16-bit samples, the sound of every video and of the sample files."""

from __future__ import annotations

import math
from array import array

SAMPLE_RATE = 44_100


def sine_tone(hertz: int, samples: int) -> bytes:
    """A sine wave. Its frequency is a whole number, so one computed second can be repeated without a gap."""
    step = 2 * math.pi * hertz / SAMPLE_RATE
    second = array("h", (int(6000 * math.sin(step * n)) for n in range(SAMPLE_RATE))).tobytes()
    return (second * (samples // SAMPLE_RATE + 1))[: 2 * samples]

"""How many generations an account may have under way: a window that the vendor's refusals teach, as plain data.

No vendor publishes its limit. Additive increase, multiplicative decrease, as in a network's congestion control, with
one thing better known: a refusal tells how many were under way when one more was one too many. So the window falls
to just below that number, is back at it soon, and probes beyond it the more seldom the more often it was confirmed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from airflow_provider_seedance.core.backoff import Backoff

#: What a refusal leaves of the number that it was about.
DECREASE = 0.95
#: What a round of accepted ones adds to the window beyond the last refusal, and the least of it.
GAIN, LEAST_GAIN = 1.0, 0.125
#: The pause without a submission after a refusal.
REFUSAL_BACKOFF = Backoff(first=1.0, longest=60.0, longest_retry_after=300.0)


@dataclass(frozen=True, slots=True)
class Slots:
    """How many may be under way at a time, and when the next may be submitted.

    :param most: the user's own limit.
    :param window: the learned one, at least 1; ``None`` while the vendor has not
        refused one, or has since taken more than it did then.
    :param known: how many were under way at the last refusal.
    :param gain: what a round of accepted ones adds beyond ``known``.
    :param free_at: when the next may be submitted, epoch seconds.
    :param refused_at: when the vendor last refused one as one too many, epoch seconds.
    :param in_a_row: refusals since one was last accepted.
    """

    most: int
    window: float | None = None
    known: int | None = None
    gain: float = GAIN
    free_at: float = 0.0
    refused_at: float = 0.0
    in_a_row: int = 0

    @property
    def size(self) -> int:
        """How many may be under way."""
        return self.most if self.window is None else min(self.most, int(self.window))

    def free(self, held: int, now: float) -> bool:
        """Whether another may be submitted beside ``held`` that are under way."""
        return held < self.size and now >= self.free_at

    def accepted(self, held: int) -> Slots:
        """After one was accepted.

        :param held: that are under way with it.
        """
        if self.window is None:
            return replace(self, in_a_row=0)
        if self.known is not None and held > self.known:
            # It was about the moment, not about how many: all is open again.
            return replace(self, window=None, known=None, gain=GAIN, in_a_row=0)
        step = 1.0 if self.known and self.window + 1.0 <= self.known else self.gain / self.window
        return replace(self, window=min(float(self.most), self.window + step), in_a_row=0)

    def refused(self, held: int, *, sent: float, now: float, retry_after: float | None = None) -> Slots:
        """After "too many", to one that was ``sent`` then beside ``held`` that the vendor has accepted.

        Those that were sent before the last refusal was heard teach nothing new.
        """
        if sent < self.refused_at:
            return replace(self, free_at=max(self.free_at, self._free_at(now, self.in_a_row, retry_after)))
        row = self.in_a_row + 1
        window = max(1.0, min(self.window or math.inf, held + 1.0) * DECREASE)
        gain = max(LEAST_GAIN, self.gain / 2) if held == self.known else GAIN
        return Slots(self.most, window, held, gain, self._free_at(now, row, retry_after), now, row)

    def paused(self, now: float) -> Slots:
        """After trouble that is not about how many there are: nothing is submitted for a while."""
        row = self.in_a_row + 1
        return replace(self, free_at=self._free_at(now, row, None), in_a_row=row)

    def _free_at(self, now: float, in_a_row: int, retry_after: float | None) -> float:
        return now + REFUSAL_BACKOFF.pause(in_a_row, retry_after=retry_after)

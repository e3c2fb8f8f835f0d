"""Whether one more row may be submitted: how many an account may have in flight, and why a batch stops early.

No vendor publishes its limit. Additive increase, multiplicative decrease (AIMD), as in a network's congestion control,
with one thing better known: a refusal tells how many were in flight when one more was one too many. So the window
falls to just below that number, is back at it soon, and probes beyond it the more seldom the more often it was
confirmed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import Kind, SeedanceError

log = logging.getLogger(__name__)

#: What a refusal leaves of the number that it was about.
DECREASE_FACTOR = 0.95
#: What a round of accepted submissions adds to the window beyond the last refusal, and the least of it.
INCREASE_PER_ROUND, MIN_INCREASE_PER_ROUND = 1.0, 0.125
#: The pause without a submission after a refusal.
REFUSAL_BACKOFF = Backoff(first=1.0, longest=60.0, longest_retry_after=300.0)
#: How long nothing can be submitted before the batch stops trying.
MAX_TROUBLE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class ConcurrencyWindow:
    """How many generations may be in flight at a time, and when the next may be submitted.

    :param max_active: the user's own limit.
    :param learned: the learned limit, at least 1; ``None`` while the vendor has not refused a submission, or has
        since taken more than it did then.
    :param refused_beside: how many were in flight at the last refusal.
    :param increase: what a round of accepted submissions adds beyond ``refused_beside``.
    :param not_before: when the next may be submitted, epoch seconds.
    :param refused_at: when the vendor last refused one as one too many, epoch seconds.
    :param failures: submissions in a row that were not accepted.
    """

    max_active: int
    learned: float | None = None
    refused_beside: int | None = None
    increase: float = INCREASE_PER_ROUND
    not_before: float = 0.0
    refused_at: float = 0.0
    failures: int = 0

    @property
    def size(self) -> int:
        """How many may be in flight."""
        return self.max_active if self.learned is None else min(self.max_active, int(self.learned))

    def admits(self, in_flight: int, now: float) -> bool:
        """Whether one more may be submitted beside those ``in_flight``."""
        return in_flight < self.size and now >= self.not_before

    def after_acceptance(self, in_flight: int) -> ConcurrencyWindow:
        """The window after the vendor accepted one.

        :param in_flight: how many are, the accepted one included.
        """
        if self.learned is None:
            return replace(self, failures=0)
        if self.refused_beside is not None and in_flight > self.refused_beside:
            # The refusal was about the moment, not about the number: all is open again.
            return replace(self, learned=None, refused_beside=None, increase=INCREASE_PER_ROUND, failures=0)
        below = self.refused_beside and self.learned + 1.0 <= self.refused_beside
        step = 1.0 if below else self.increase / self.learned
        return replace(self, learned=min(float(self.max_active), self.learned + step), failures=0)

    def after_refusal(
        self, in_flight: int, *, sent: float, now: float, retry_after: float | None = None
    ) -> ConcurrencyWindow:
        """The window after the vendor refused one as one too many.

        A refusal of one that was sent before the last refusal was heard teaches nothing new.

        :param in_flight: how many the vendor has accepted.
        :param sent: when the refused one was sent, epoch seconds.
        :param retry_after: the vendor's own wish for a pause, seconds.
        """
        if sent < self.refused_at:
            return replace(self, not_before=max(self.not_before, _pause_end(now, self.failures, retry_after)))
        confirmed = in_flight == self.refused_beside
        failures = self.failures + 1
        return replace(
            self,
            learned=max(1.0, min(self.learned or math.inf, in_flight + 1.0) * DECREASE_FACTOR),
            refused_beside=in_flight,
            increase=max(MIN_INCREASE_PER_ROUND, self.increase / 2) if confirmed else INCREASE_PER_ROUND,
            not_before=_pause_end(now, failures, retry_after),
            refused_at=now,
            failures=failures,
        )

    def after_trouble(self, now: float) -> ConcurrencyWindow:
        """The window after an error that is not about the number: nothing is submitted for a while."""
        failures = self.failures + 1
        return replace(self, not_before=_pause_end(now, failures, None), failures=failures)


def _pause_end(now: float, failures: int, retry_after: float | None) -> float:
    return now + REFUSAL_BACKOFF.pause(failures, retry_after=retry_after)


class TooManyFailures(SeedanceError):
    """More rows failed than ``max_failures`` allows."""

    kind = Kind.REJECTED


class AdmissionControl:
    """Whether one more row may be submitted, and why nothing more is.

    :param window: how many may be in flight, as far as is known at the start.
    :param max_failures: with more failed rows than this, nothing more is submitted; ``None`` for no limit.
    :param now: epoch seconds.
    """

    def __init__(
        self, window: ConcurrencyWindow, *, max_failures: int | None, now: Callable[[], float]
    ) -> None:
        #: Why nothing more is submitted; ``None`` while something may be.
        self.stopped_by: SeedanceError | None = None
        #: Rows that ended without success.
        self.failures = 0
        self._window = window
        self._max_failures = max_failures
        self._now = now
        self._trouble_since: float | None = None

    def admits(self, active: int) -> bool:
        """Whether one more may be submitted beside those ``active``: in flight, or being submitted."""
        return self.stopped_by is None and self._window.admits(active, self._now())

    def on_accepted(self, in_flight: int) -> None:
        """The vendor accepted one.

        :param in_flight: how many are, the accepted one included.
        """
        self._trouble_since = None
        self._window = self._window.after_acceptance(in_flight)

    def on_refused(self, error: SeedanceError, *, in_flight: int, active: int, sent: float) -> None:
        """The vendor refused one as one too many, which is trouble only if none of ours can make room.

        :param sent: when the refused one was sent, epoch seconds.
        """
        self._window = self._window.after_refusal(
            in_flight, sent=sent, now=self._now(), retry_after=error.retry_after
        )
        if not active:
            self._check_trouble(error)

    def on_trouble(self, error: SeedanceError) -> None:
        """A submission failed for a reason that all rows may share."""
        self._window = self._window.after_trouble(self._now())
        self._check_trouble(error)

    def check_failures(self) -> None:
        """Stop if more rows failed than may."""
        if self._max_failures is not None and self.failures > self._max_failures:
            self.stop(
                TooManyFailures(
                    f"{self.failures} rows failed, and max_failures is {self._max_failures}",
                    advice="See the results for the reasons; correct these rows, or raise max_failures.",
                )
            )

    def stop(self, error: SeedanceError) -> None:
        """Submit nothing more; the first reason is kept."""
        if self.stopped_by is None:
            log.error("The batch submits nothing more: %s", error)
            self.stopped_by = error

    def _check_trouble(self, error: SeedanceError) -> None:
        now = self._now()
        self._trouble_since = now if self._trouble_since is None else self._trouble_since
        if now - self._trouble_since > MAX_TROUBLE_SECONDS:
            self.stop(error)

"""Whether one more row may be submitted: how many an account may have in flight, and why a batch stops early.

No vendor publishes its limit, so it is learned by additive increase and multiplicative decrease (AIMD), as in a
network's congestion control. A refusal also tells how many generations were in flight when one more was one too many.
So the window falls to just below that number and soon returns to it; each time the same limit is hit again, it grows
past it half as fast.

A row is *in flight* once the vendor has accepted it, and *active* when it is in flight or being submitted.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import SeedanceError, TooManyFailures

log = logging.getLogger(__name__)

#: A refusal multiplies the number of active rows that it was about by this factor.
DECREASE_FACTOR = 0.95
#: How much a round of accepted submissions widens the window past the last refusal: at first, and at least.
INCREASE_PER_ROUND, MIN_INCREASE_PER_ROUND = 1.0, 0.125
#: The pause without a submission after a refusal.
REFUSAL_BACKOFF = Backoff(first=1.0, longest=60.0, longest_retry_after=300.0)
#: How long submissions may fail without a break before the batch stops submitting, seconds.
MAX_OUTAGE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class ConcurrencyWindow:
    """How many rows may be active at a time, and when the next may be submitted.

    :param max_active: the user's own limit.
    :param learned: the learned limit, at least 1; ``None`` while the vendor has not refused a submission for the
        number in flight, or has since accepted more than it did then.
    :param in_flight_at_refusal: how many were in flight when the vendor last refused one more.
    :param increase: how much a round of accepted submissions widens the window past ``in_flight_at_refusal``.
    :param not_before: when the next may be submitted, epoch seconds.
    :param refused_at: when the vendor last refused one more, epoch seconds.
    :param consecutive_failures: how many submissions in a row were not accepted.
    """

    max_active: int
    learned: float | None = None
    in_flight_at_refusal: int | None = None
    increase: float = INCREASE_PER_ROUND
    not_before: float = 0.0
    refused_at: float = 0.0
    consecutive_failures: int = 0

    @property
    def size(self) -> int:
        """How many rows may be active."""
        return self.max_active if self.learned is None else min(self.max_active, int(self.learned))

    def admits(self, active: int, now: float) -> bool:
        """Whether one more row may be submitted while so many are active."""
        return active < self.size and now >= self.not_before

    def after_acceptance(self, in_flight: int) -> ConcurrencyWindow:
        """The window after the vendor accepted a submission.

        :param in_flight: how many rows are in flight, the accepted one included.
        """
        if self.learned is None:
            return replace(self, consecutive_failures=0)
        if self.in_flight_at_refusal is not None and in_flight > self.in_flight_at_refusal:
            # More are in flight than at the refusal, so it was not about their number: the limit is forgotten.
            return replace(
                self,
                learned=None,
                in_flight_at_refusal=None,
                increase=INCREASE_PER_ROUND,
                consecutive_failures=0,
            )
        below = self.in_flight_at_refusal and self.learned + 1.0 <= self.in_flight_at_refusal
        step = 1.0 if below else self.increase / self.learned
        learned = min(float(self.max_active), self.learned + step)
        return replace(self, learned=learned, consecutive_failures=0)

    def after_rate_limit(
        self, in_flight: int, *, sent: float, now: float, retry_after: float | None = None
    ) -> ConcurrencyWindow:
        """The window after the vendor refused a submission with a rate limit.

        If the submission was sent before the last refusal arrived, the refusal does not lower the limit again.

        :param in_flight: how many rows are in flight.
        :param sent: when the submission was sent, epoch seconds.
        :param retry_after: the pause that the vendor asks for, seconds.
        """
        if sent < self.refused_at:
            pause_end = _pause_end(now, self.consecutive_failures, retry_after)
            return replace(self, not_before=max(self.not_before, pause_end))
        same_limit = in_flight == self.in_flight_at_refusal
        failures = self.consecutive_failures + 1
        return replace(
            self,
            learned=max(1.0, min(self.learned or math.inf, in_flight + 1.0) * DECREASE_FACTOR),
            in_flight_at_refusal=in_flight,
            increase=max(MIN_INCREASE_PER_ROUND, self.increase / 2) if same_limit else INCREASE_PER_ROUND,
            not_before=_pause_end(now, failures, retry_after),
            refused_at=now,
            consecutive_failures=failures,
        )

    def after_outage(self, now: float) -> ConcurrencyWindow:
        """The window after a submission that failed for another reason: nothing is submitted for a while."""
        failures = self.consecutive_failures + 1
        return replace(self, not_before=_pause_end(now, failures, None), consecutive_failures=failures)


def _pause_end(now: float, failures: int, retry_after: float | None) -> float:
    return now + REFUSAL_BACKOFF.pause(failures, retry_after=retry_after)


class AdmissionControl:
    """Decides whether one more row may be submitted, and keeps why nothing more is.

    :param window: how many rows may be active, as far as is known at the start.
    :param max_failures: with more failed rows than this, nothing more is submitted; ``None`` for no limit.
    :param now: epoch seconds.
    """

    def __init__(
        self, window: ConcurrencyWindow, *, max_failures: int | None, now: Callable[[], float]
    ) -> None:
        #: Why nothing more is submitted; ``None`` while rows may still be submitted.
        self.stopped_by: SeedanceError | None = None
        #: How many rows ended without success.
        self.failed_rows = 0
        #: By connection: each account has a limit of its own.
        self._windows: dict[str, ConcurrencyWindow] = {}
        self._initial = window
        self._max_failures = max_failures
        self._now = now
        self._outage_since: float | None = None

    def admits(self, active: int, connection: str = "", *, elsewhere: int = 0) -> bool:
        """Whether one more row may be submitted through a connection while so many of its rows are active.

        :param elsewhere: how many rows are active through other connections.
        """
        has_room = active + elsewhere < self._initial.max_active
        return self.stopped_by is None and has_room and self._window(connection).admits(active, self._now())

    def _window(self, connection: str) -> ConcurrencyWindow:
        return self._windows.get(connection, self._initial)

    def on_accepted(self, in_flight: int, connection: str = "") -> None:
        """Take note that the vendor accepted a submission.

        :param in_flight: how many rows of the connection are in flight, the accepted one included.
        """
        self._outage_since = None
        self._windows[connection] = self._window(connection).after_acceptance(in_flight)

    def on_rate_limit(
        self, error: SeedanceError, connection: str = "", *, in_flight: int, active: int, sent: float
    ) -> None:
        """Take note that the vendor refused a submission with a rate limit.

        It counts as an outage only if no row of this batch is active: then none can end and make room.

        :param sent: when the submission was sent, epoch seconds.
        """
        self._windows[connection] = self._window(connection).after_rate_limit(
            in_flight, sent=sent, now=self._now(), retry_after=error.retry_after
        )
        if not active:
            self._check_outage(error)

    def on_outage(self, error: SeedanceError, connection: str = "") -> None:
        """Take note that a submission failed for a reason that all rows may share."""
        self._windows[connection] = self._window(connection).after_outage(self._now())
        self._check_outage(error)

    def check_failures(self) -> None:
        """Stop submitting if more rows failed than ``max_failures`` allows."""
        if self._max_failures is not None and self.failed_rows > self._max_failures:
            self.stop(
                TooManyFailures(
                    f"{self.failed_rows} rows failed, and max_failures is {self._max_failures}",
                    advice="See the results for the reasons; correct these rows, or raise max_failures.",
                )
            )

    def stop(self, error: SeedanceError) -> None:
        """Submit nothing more, and keep the first reason for it."""
        if self.stopped_by is None:
            log.error("The batch submits nothing more: %s", error)
            self.stopped_by = error

    def _check_outage(self, error: SeedanceError) -> None:
        now = self._now()
        self._outage_since = now if self._outage_since is None else self._outage_since
        if now - self._outage_since > MAX_OUTAGE_SECONDS:
            self.stop(error)

"""When to request a generation's status again: pure functions of the earlier answers and of the time.

A generation hardly ever ends long before its usual latency, so the first requests come late. Around the usual
latency requests come close together, where each costs little against the seconds of lag that it saves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from airflow_provider_seedance.core.polling.latency import UNKNOWN_KEY, LatencyDistribution, LatencyKey
from airflow_provider_seedance.models import Pending, Status

#: The longest pause between two status requests unless the user sets another, and so the longest lag, seconds.
MAX_LAG = 90.0
#: Single requests are brought forward by up to this part of the pause, so that generations submitted together do
#: not stay together.
JITTER = 0.1

#: The shortest pause between two single requests for one generation, seconds.
MIN_PAUSE = 2.0
#: Where dense polling begins, in standard deviations of the latency from its median.
DENSE_FROM_DEVIATIONS = -0.9
#: The pause of dense polling at the median is this part of one standard deviation of the latency, in seconds.
DENSE_PAUSE_DEVIATIONS = 0.26
#: The pause of dense polling shrinks by this exponent for each deviation past the median, where the end grows likelier.
DENSE_PAUSE_DECAY = 0.4
#: A generation that takes so many deviations longer than the median may be stuck, and its pause grows again.
OVERDUE_DEVIATIONS = 2.2
#: The pause of an overdue generation is at least this part of the time since its submission.
OVERDUE_PAUSE_FRACTION = 0.1

#: The usual pause between two list requests, seconds; one such request tells a hundred statuses.
LIST_PAUSE = 5.0
#: The shortest pause between two list requests, seconds.
MIN_LIST_PAUSE = 1.0
#: A young generation is listed sooner than that: after this part of the time since its submission.
YOUNG_LIST_PAUSE_FRACTION = 0.5
#: An old one is listed later: not before this part of that time.
OLD_LIST_PAUSE_FRACTION = 0.01


@dataclass(frozen=True, slots=True)
class PollHistory:
    """What the status requests for one pending generation have told.

    :param started: when it was submitted, epoch seconds.
    :param status: its last status; ``None`` before the first answer.
    :param progress: the vendor's last progress, percent.
    :param first_progress: the first progress that was told while it ran, percent, and when that was, epoch seconds.
    :param vendor_estimate: the vendor's estimate of the latency, seconds.
    :param latency_key: what its latency depends on.
    """

    started: float
    status: Status | None = None
    progress: int | None = None
    first_progress: tuple[int, float] | None = None
    vendor_estimate: float | None = None
    latency_key: LatencyKey = UNKNOWN_KEY

    def with_answer(self, pending: Pending, now: float) -> PollHistory:
        """The history after one more answer; an estimate that is not repeated stays."""
        # Nearly all answers of a long wait repeat the one before, and thousands wait: those make no new object.
        known, told = self.latency_key, (pending.vendor, pending.model, pending.resolution, pending.duration)
        same_key = told == (known.vendor, known.model, known.resolution, known.duration)
        same_status = (self.status, self.progress) == (pending.status, pending.progress)
        estimate = pending.estimated_seconds or self.vendor_estimate
        if same_key and same_status and estimate == self.vendor_estimate:
            return self
        first_progress = self.first_progress
        if first_progress is None and pending.status is Status.RUNNING and pending.progress is not None:
            first_progress = (pending.progress, now)
        key = known if same_key else LatencyKey(*told)
        return PollHistory(self.started, pending.status, pending.progress, first_progress, estimate, key)


def pause_before_single_request(
    history: PollHistory, expected: LatencyDistribution, *, now: float, random: float, max_lag: float
) -> float:
    """Seconds until the next status request, where each asks for one generation.

    :param expected: how long such a generation takes.
    :param random: a random number in [0, 1), for jitter.
    :param max_lag: the longest pause, seconds.
    """
    elapsed = max(0.0, now - history.started)
    until_dense, dense_pause = _by_progress(history, now) or _by_latency(expected, elapsed)
    if elapsed > expected.seconds_at(OVERDUE_DEVIATIONS):
        dense_pause = max(dense_pause, OVERDUE_PAUSE_FRACTION * elapsed)
    pause = max(until_dense, dense_pause, MIN_PAUSE)
    if not expected.measured:
        # Published figures and vendors' estimates are weak evidence: pauses that double find a much faster vendor out.
        pause = min(pause, max(MIN_PAUSE, elapsed))
    return min(pause, max_lag) * (1.0 - JITTER * random)


def pause_before_list_request(history: PollHistory, *, now: float, max_lag: float) -> float:
    """Seconds until the next status request, where one request lists a hundred generations.

    :param max_lag: the longest pause, seconds.
    """
    elapsed = max(0.0, now - history.started)
    pause = min(LIST_PAUSE, max(MIN_LIST_PAUSE, YOUNG_LIST_PAUSE_FRACTION * elapsed))
    return min(max_lag, max(pause, OLD_LIST_PAUSE_FRACTION * elapsed))


def pause_with_callback(*, random: float, max_lag: float) -> float:
    """Seconds until the next status request where the vendor tells of the end: the longest pause, for a lost callback.

    :param random: a random number in [0, 1), for jitter.
    :param max_lag: the longest pause, seconds.
    """
    return max_lag * (1.0 - JITTER * random)


def _by_latency(expected: LatencyDistribution, elapsed: float) -> tuple[float, float]:
    """Seconds until dense polling begins, and its pause, from the usual latency."""
    deviations = min(max(expected.deviations_at(elapsed), DENSE_FROM_DEVIATIONS), OVERDUE_DEVIATIONS)
    one_deviation = expected.median * expected.spread
    dense_pause = DENSE_PAUSE_DEVIATIONS * one_deviation * math.exp(-DENSE_PAUSE_DECAY * deviations)
    return expected.seconds_at(DENSE_FROM_DEVIATIONS) - elapsed, dense_pause


def _by_progress(history: PollHistory, now: float) -> tuple[float, float] | None:
    """The same from the speed of the vendor's progress; ``None`` while it has not moved.

    Only the speed counts, since one vendor's progress begins at 50.
    """
    if history.first_progress is None or history.progress is None:
        return None
    first, since = history.first_progress
    moved = history.progress - first
    if moved <= 0 or history.progress >= 100:
        return None
    remaining = (100 - history.progress) * (now - since) / moved
    uncertainty = min(0.9, 0.1 + 1.0 / moved)
    return remaining * (1.0 - uncertainty), remaining * uncertainty / 2

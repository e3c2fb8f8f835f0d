"""When to look at a generation again: pure functions of what was seen so far and of the time.

First late, then close: nothing is expected long before the usual time, and around it a look costs little against
the seconds that it saves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from airflow_provider_seedance.core.polling.latency import UNKNOWN, Cell, Latency
from airflow_provider_seedance.models import Pending, Status

#: The longest pause between two looks unless the user sets another, and so the bound of the lag, seconds.
MAX_LAG = 90.0
#: The shortest pause between two looks at one generation that is asked for by itself, seconds.
SHORTEST = 2.0
#: Where close looks begin, in standard deviations from the median; their distance there at the median, as a part of
#: a deviation, and how it shrinks by the deviation, since an end that has not come becomes likelier.
BEGIN, STEP, CLOSER = -0.9, 0.26, 0.4
#: Beyond this many deviations it is overdue, and pauses grow with the time waited, by this part of it.
OVERDUE, OVERDUE_STEP = 2.2, 0.1
#: Pauses are cut by up to this part, so that generations submitted together are not looked at together.
JITTER = 0.1

#: Pause between two looks where one request shows a hundred generations, seconds, once a generation is not new ...
TICK = 5.0
#: ... the part of the time waited that it is before, and the part that it is long after.
TICK_YOUNG, TICK_OLD = 0.5, 0.01
#: The shortest one.
SHORTEST_TICK = 1.0


@dataclass(frozen=True, slots=True)
class History:
    """What the looks at one pending generation have shown.

    :param started: when it was submitted, epoch seconds.
    :param status: what it was at the last look; ``None`` before the first one.
    :param progress: what the vendor called done of it then, percent.
    :param mark: the first such percentage while it ran, and when that was seen.
    :param estimate: the vendor's estimate of the whole, seconds.
    :param cell: what kind of generation it is.
    """

    started: float
    status: Status | None = None
    progress: int | None = None
    mark: tuple[int, float] | None = None
    estimate: float | None = None
    cell: Cell = UNKNOWN

    def and_now(self, seen: Pending, now: float) -> History:
        """The history with another look at its end; an estimate that is not repeated stands."""
        known, told = self.cell, (seen.vendor, seen.model, seen.resolution, seen.duration)
        same_cell = told == (known.vendor, known.model, known.resolution, known.duration)
        estimate = seen.estimated_seconds or self.estimate
        if (
            same_cell
            and (self.status, self.progress) == (seen.status, seen.progress)
            and estimate == self.estimate
        ):
            return self
        mark = self.mark
        if mark is None and seen.status is Status.RUNNING and seen.progress is not None:
            mark = (seen.progress, now)
        cell = known if same_cell else Cell(*told)
        return History(self.started, seen.status, seen.progress, mark, estimate, cell)


def pause_alone(history: History, expected: Latency, *, now: float, random: float, max_lag: float) -> float:
    """Seconds until the next look, where each look costs a request of its own.

    :param expected: how long such a generation takes.
    :param random: a random number in [0, 1), for jitter.
    :param max_lag: the longest pause.
    """
    elapsed = max(0.0, now - history.started)
    first, step = _by_progress(history, now) or _by_latency(expected, elapsed)
    if elapsed > expected.at(OVERDUE):
        step = max(step, OVERDUE_STEP * elapsed)
    pause = max(first, step, SHORTEST)
    if not expected.sure:
        # Published figures and vendors' estimates are weak evidence: a much faster vendor is found out by doubling.
        pause = min(pause, max(SHORTEST, elapsed))
    return min(pause, max_lag) * (1.0 - JITTER * random)


def pause_in_list(history: History, *, now: float, max_lag: float) -> float:
    """Seconds until the next look, where one request shows a hundred generations."""
    elapsed = max(0.0, now - history.started)
    pause = min(TICK, max(SHORTEST_TICK, TICK_YOUNG * elapsed))
    return min(max_lag, max(pause, TICK_OLD * elapsed))


def _by_latency(expected: Latency, elapsed: float) -> tuple[float, float]:
    """Seconds until close looks begin, and their distance."""
    deviations = min(max(expected.deviations(elapsed), BEGIN), OVERDUE)
    step = STEP * expected.median * expected.spread * math.exp(-CLOSER * deviations)
    return expected.at(BEGIN) - elapsed, step


def _by_progress(history: History, now: float) -> tuple[float, float] | None:
    """As :func:`_by_latency`, from the speed of the vendor's percentage.

    Only its speed counts: one vendor begins at 50. ``None`` while it has not moved.
    """
    if history.mark is None or history.progress is None:
        return None
    done, since = history.mark
    moved = history.progress - done
    if moved <= 0 or history.progress >= 100:
        return None
    left = (100 - history.progress) * (now - since) / moved
    doubt = min(0.9, 0.1 + 1.0 / moved)
    return left * (1.0 - doubt), left * doubt / 2

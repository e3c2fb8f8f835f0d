"""When the trigger of a batch wakes its task: waking costs a worker's start, and a link lives for hours only."""

from __future__ import annotations

#: Of those that are waited for, this part must have ended, and at least so many.
PART, FEW = 0.25, 10
#: After the first has ended the others are waited for this part of the time waited so far, within bounds in seconds.
DELAY_PART, SHORTEST_DELAY, LONGEST_DELAY = 0.1, 30.0, 600.0


def enough(ended: int, waited_for: int) -> bool:
    """Whether so many are worth waking the task at once."""
    return ended >= min(waited_for, max(FEW, PART * waited_for))


def delay_after_first(waited: float) -> float:
    """How long to gather others after the first one has ended, seconds.

    :param waited: for the first one, seconds.
    """
    return min(LONGEST_DELAY, max(SHORTEST_DELAY, DELAY_PART * waited))

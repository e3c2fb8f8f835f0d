"""When the trigger of a batch wakes its task: waking costs a worker's start, and a link lives for hours only."""

from __future__ import annotations

#: This part of the generations that are waited for must have ended, and at least so many.
ENDED_FRACTION_TO_WAKE, MIN_ENDED_TO_WAKE = 0.25, 10
#: After the first has ended the others are waited for this part of the time waited so far, within these bounds.
GATHERING_FRACTION, MIN_GATHERING_SECONDS, MAX_GATHERING_SECONDS = 0.1, 30.0, 600.0


def is_worth_waking(ended: int, waited_for: int) -> bool:
    """Whether so many of those waited for are worth waking the task at once."""
    return ended >= min(waited_for, max(MIN_ENDED_TO_WAKE, ENDED_FRACTION_TO_WAKE * waited_for))


def gathering_delay(waited: float) -> float:
    """How long to gather others after the first one has ended, seconds.

    :param waited: how long the first one took, seconds.
    """
    return min(MAX_GATHERING_SECONDS, max(MIN_GATHERING_SECONDS, GATHERING_FRACTION * waited))

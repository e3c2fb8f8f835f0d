"""How to wait for one generation: pure decisions, with the clock and chance as arguments.

The trigger and the waiting worker carry out the same decisions, so both modes end alike. When to look is the
schedule's to say (:mod:`airflow_provider_seedance.core.polling.schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status

#: How long a generation is waited for, seconds, unless the user says; the flex tier is an overnight queue.
DEFAULT_TIMEOUT, FLEX_TIMEOUT = 3_600.0, 172_800.0

#: The pause between two status requests that fail.
TROUBLE_BACKOFF = Backoff(first=2.0, longest=20.0, jitter=0.5, longest_retry_after=300.0)
#: How long a vendor may be out of reach, seconds, before waiting for it makes no sense.
TROUBLE_BUDGET = 900.0

#: Seconds after its submission in which a vendor may not know a generation yet.
SHOWN_AFTER = 60.0


def default_timeout(service_tier: str | None) -> float:
    """How long a generation is waited for if the user does not say, seconds."""
    return FLEX_TIMEOUT if service_tier == "flex" else DEFAULT_TIMEOUT


class WaitOutcome(str, Enum):
    """How a wait ends."""

    #: The generation reached a final state, good or bad.
    ENDED = "ended"
    #: The deadline passed first.
    TIMED_OUT = "timed_out"
    #: It was still queued when its time to be queued was up.
    QUEUED_TOO_LONG = "queued_too_long"
    #: The vendor cannot be asked: an error that waiting will not mend, or trouble for too long.
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class WaitState:
    """What is known while waiting. All times are epoch seconds.

    :param deadline: when to give up; absolute, so a restart does not move it.
    :param started: when the generation was submitted.
    :param queue_deadline: when to give up if it is still queued.
    :param trouble_since: since when the vendor has not given a usable answer.
    :param failures: status requests without a usable answer since then.
    """

    deadline: float
    started: float
    queue_deadline: float | None = None
    trouble_since: float | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True)
class PollAgain:
    """Look again after ``pause`` seconds."""

    pause: float
    wait: WaitState


def after_status(wait: WaitState, seen: Generation, *, now: float, pause: float) -> PollAgain | WaitOutcome:
    """What to do after the vendor said how the generation stands.

    :param pause: seconds until the next look, as the schedule has it; no look is put off beyond a deadline.
    """
    if not isinstance(seen, Pending):
        return WaitOutcome.ENDED
    limit = wait.queue_deadline if seen.status is Status.QUEUED else None
    if limit is not None and now < wait.deadline:
        if now >= limit:
            return WaitOutcome.QUEUED_TOO_LONG
        pause = min(pause, limit - now)
    calm = wait if wait.trouble_since is None else replace(wait, trouble_since=None, failures=0)
    return _look_or_give_up(calm, pause, now)


def after_error(
    wait: WaitState, error: SeedanceError, *, now: float, random: float
) -> PollAgain | WaitOutcome:
    """What to do after the vendor could not be asked: errors that pass are borne for ``TROUBLE_BUDGET`` seconds.

    :param random: a random number in [0, 1), for jitter.
    """
    since = now if wait.trouble_since is None else wait.trouble_since
    not_shown_yet = error.kind is Kind.NOT_FOUND and now - wait.started < SHOWN_AFTER
    if not (error.kind.traits.tolerated_while_waiting or not_shown_yet) or now - since > TROUBLE_BUDGET:
        return WaitOutcome.UNREACHABLE
    failures = wait.failures + 1
    pause = TROUBLE_BACKOFF.pause(failures, random=random, retry_after=error.retry_after)
    return _look_or_give_up(replace(wait, trouble_since=since, failures=failures), pause, now)


def _look_or_give_up(wait: WaitState, pause: float, now: float) -> PollAgain | WaitOutcome:
    if now >= wait.deadline:
        return WaitOutcome.TIMED_OUT
    return PollAgain(min(pause, wait.deadline - now), wait)

"""What to do after each status request: poll again, or end the wait. Pure decisions; time and chance are arguments.

The trigger and the waiting worker carry out the same decisions, so both modes end alike. How long to pause between
two status requests is decided by :mod:`airflow_provider_seedance.core.polling.schedule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status

#: How long a generation is waited for, seconds, unless the user says; the flex tier is an overnight queue.
DEFAULT_TIMEOUT, FLEX_TIMEOUT = 3_600.0, 172_800.0

#: The pause between two status requests that fail.
FAILED_POLL_BACKOFF = Backoff(first=2.0, longest=20.0, jitter=0.5, longest_retry_after=300.0)
#: How long an answer is waited for at a deadline, seconds: the last request is sent when the deadline comes.
LAST_ANSWER_SECONDS = 1.0
#: How long status requests may fail without a break before the wait ends, seconds.
MAX_OUTAGE_SECONDS = 900.0
#: How long after its submission a vendor may answer "not found" for a generation that it has accepted, seconds.
NOT_FOUND_GRACE_SECONDS = 60.0


def default_timeout(service_tier: str | None) -> float:
    """How long a generation is waited for if the user does not say, seconds."""
    return FLEX_TIMEOUT if service_tier == "flex" else DEFAULT_TIMEOUT


class WaitOutcome(str, Enum):
    """How a wait ends."""

    #: The generation reached a final status, good or bad.
    ENDED = "ended"
    #: The deadline passed first.
    TIMED_OUT = "timed_out"
    #: The generation was still queued at its queue deadline.
    QUEUED_TOO_LONG = "queued_too_long"
    #: Status requests failed for too long, or with an error that waiting does not mend.
    STATUS_UNKNOWN = "status_unknown"
    #: Where the wait ran, the connection does not exist or cannot be used; a worker may have it all the same.
    NO_CONNECTION = "no_connection"


class RecordedTimes(Protocol):
    """The times of a wait as a submission's record holds them."""

    @property
    def started(self) -> datetime | None: ...

    @property
    def deadline(self) -> datetime | None: ...

    @property
    def queue_deadline(self) -> datetime | None: ...

    @property
    def has_callback(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class WaitState:
    """What is known while waiting. All times are epoch seconds.

    :param deadline: when the wait ends in any case; absolute, so that a restart does not move it.
    :param started: when the generation was submitted.
    :param queue_deadline: when the wait ends if the generation is still queued; ``None`` for no such limit.
    :param failing_since: when the first of the status requests failed that have failed without a break.
    :param failures: how many status requests have failed since then.
    :param has_callback: whether the vendor tells of the end by itself, so that polling only backs that up.
    """

    deadline: float
    started: float
    queue_deadline: float | None = None
    failing_since: float | None = None
    failures: int = 0
    has_callback: bool = False

    def to_payload(self) -> dict[str, Any]:
        """The three times, as trigger arguments and event payloads carry them. Failures do not travel."""
        return {"started": self.started, "deadline": self.deadline, "queue_deadline": self.queue_deadline}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> WaitState:
        """Read what :meth:`to_payload` wrote; other keys are ignored.

        :raises KeyError: if ``started`` or ``deadline`` is missing.
        :raises TypeError: if one of them is not a number.
        :raises ValueError: likewise.
        """
        queue_deadline = payload.get("queue_deadline")
        return cls(
            started=float(payload["started"]),
            deadline=float(payload["deadline"]),
            queue_deadline=None if queue_deadline is None else float(queue_deadline),
        )

    @classmethod
    def from_record(cls, record: RecordedTimes) -> WaitState:
        """Read the times from the record of a submission that the vendor has accepted."""
        assert record.started
        assert record.deadline
        return cls(
            started=record.started.timestamp(),
            deadline=record.deadline.timestamp(),
            queue_deadline=record.queue_deadline.timestamp() if record.queue_deadline else None,
            has_callback=record.has_callback,
        )


@dataclass(frozen=True, slots=True)
class PollAgain:
    """Send the next status request after ``pause`` seconds, and go on from ``wait``."""

    pause: float
    wait: WaitState


def decide_after_status(
    wait: WaitState, generation: Generation, *, now: float, pause: float
) -> PollAgain | WaitOutcome:
    """Decide after the vendor told the generation's status.

    :param now: epoch seconds.
    :param pause: seconds until the next status request by the schedule; it is cut where a deadline comes sooner.
    """
    if not isinstance(generation, Pending):
        return WaitOutcome.ENDED
    queue_deadline = wait.queue_deadline if generation.status is Status.QUEUED else None
    if queue_deadline is not None and now < wait.deadline:
        if now >= queue_deadline:
            return WaitOutcome.QUEUED_TOO_LONG
        pause = min(pause, queue_deadline - now)
    if wait.failing_since is not None:
        wait = replace(wait, failing_since=None, failures=0)
    return _poll_again_before_deadline(wait, pause, now)


def decide_after_error(
    wait: WaitState, error: SeedanceError, *, now: float, random: float
) -> PollAgain | WaitOutcome:
    """Decide after a status request failed.

    Errors that may pass are tolerated for ``MAX_OUTAGE_SECONDS`` without a break; others end the wait at once.

    :param now: epoch seconds.
    :param random: a random number in [0, 1), for jitter.
    """
    failing_since = now if wait.failing_since is None else wait.failing_since
    not_shown_yet = error.kind is Kind.NOT_FOUND and now - wait.started < NOT_FOUND_GRACE_SECONDS
    tolerated = error.kind.traits.tolerated_while_waiting or not_shown_yet
    if not tolerated or now - failing_since > MAX_OUTAGE_SECONDS:
        return WaitOutcome.STATUS_UNKNOWN
    failures = wait.failures + 1
    pause = FAILED_POLL_BACKOFF.pause(failures, random=random, retry_after=error.retry_after)
    failing = replace(wait, failing_since=failing_since, failures=failures)
    return _poll_again_before_deadline(failing, pause, now)


def _poll_again_before_deadline(wait: WaitState, pause: float, now: float) -> PollAgain | WaitOutcome:
    if now >= wait.deadline:
        return WaitOutcome.TIMED_OUT
    return PollAgain(min(pause, wait.deadline - now), wait)

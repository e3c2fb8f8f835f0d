"""What to do about a record from an earlier try: a table as two pure functions.

The first decides from the record alone, the second after a look at the vendor.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, get_args

from airflow_provider_seedance.core.submission.record import REFUSED, SubmissionRecord
from airflow_provider_seedance.errors import ConfigurationError, GenerationFailed, Kind, SeedanceError
from airflow_provider_seedance.models import Failed, Generation, Pending

OnOrphanedIntent = Literal["fail", "resubmit"]
OnStaleState = Literal["fail", "resubmit"]
OnClear = Literal["reattach", "regenerate"]


class Action(str, Enum):
    """What to do next."""

    #: Make a new intent and pay for it.
    SUBMIT = "submit"
    #: Find out from the vendor what became of an intent without an id.
    RECONCILE = "reconcile"
    #: Ask the vendor how the recorded generation stands.
    LOOK = "look"
    #: Go on with the recorded generation.
    ATTACH = "attach"


@dataclass(frozen=True)
class Policies:
    """The user's choices; the first value of each is the default."""

    on_orphaned_intent: OnOrphanedIntent = "fail"
    on_stale_state: OnStaleState = "fail"
    on_clear: OnClear = "reattach"

    def __post_init__(self) -> None:
        for name, known in (
            ("on_orphaned_intent", get_args(OnOrphanedIntent)),
            ("on_stale_state", get_args(OnStaleState)),
            ("on_clear", get_args(OnClear)),
        ):
            if (value := getattr(self, name)) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, not {value!r}")


class StaleState(SeedanceError):
    """The request changed while an earlier one may still be running. Nothing was sent."""

    kind = Kind.CONFIGURATION


class OrphanedIntent(SeedanceError):
    """A request may have been accepted and billed, and its generation cannot be found with certainty."""

    kind = Kind.CONFLICT


@dataclass(frozen=True)
class Situation:
    """A try that finds a record.

    :param same: whether vendor and request are what the record says.
    :param cleared: whether a user cleared the task since the record was last acted on.
    """

    record: SubmissionRecord
    same: bool
    cleared: bool
    policies: Policies


def from_record(situation: Situation) -> Action:
    """The first decision: submit, reconcile or look.

    :raises StaleState: for a changed request beside an intent whose fate is unknown.
    """
    record, policies = situation.record, situation.policies
    if record.outcome == REFUSED or (situation.cleared and policies.on_clear == "regenerate"):
        return Action.SUBMIT
    if record.generation_id is None:
        return Action.RECONCILE if situation.same else _stale(situation, "whose fate is not known")
    return Action.LOOK


def from_vendor(situation: Situation, seen: Generation | None) -> Action:
    """The second decision: submit or attach.

    :param seen: ``None`` if the vendor no longer knows the recorded generation.
    :raises StaleState: for a changed request beside a generation that is still going on.
    :raises GenerationFailed: if it failed for a reason that a new one would share.
    :raises SeedanceError: if nothing can be known about it any more.
    """
    if situation.cleared and (seen is None or isinstance(seen, Failed)):
        return Action.SUBMIT
    if seen is None:
        raise _gone(situation.record)
    if isinstance(seen, Pending):
        return Action.ATTACH if situation.same else _stale(situation, f"which is still {seen.status.value}")
    if not situation.same:
        return Action.SUBMIT
    if isinstance(seen, Failed):
        return _after_failure(seen)
    return Action.ATTACH


def failure_of(seen: Failed, **details: Any) -> GenerationFailed:
    """The error for a generation that ended without a video."""
    return GenerationFailed(
        f"ended as {seen.status.value}: {seen.failure.message}",
        kind=seen.failure.kind,
        code=seen.failure.code,
        vendor=seen.vendor,
        generation_id=seen.generation_id,
        **details,
    )


def _after_failure(seen: Failed) -> Action:
    failure = failure_of(seen)
    if failure.retryable or failure.kind is Kind.CANCELLED:
        return Action.SUBMIT
    raise failure


def _stale(situation: Situation, which: str) -> Action:
    if situation.policies.on_stale_state == "resubmit":
        return Action.SUBMIT
    record = situation.record
    what = f"generation {record.generation_id}" if record.generation_id else f"intent {record.intent_id}"
    raise StaleState(
        f"the request has changed since {record.intended_at.isoformat()}, when {what} was made, {which}",
        vendor=record.vendor,
        advice="Put the request back, wait for its end, or set on_stale_state='resubmit' to pay for the new one too.",
    )


def _gone(record: SubmissionRecord) -> SeedanceError:
    return SeedanceError(
        "it was submitted by an earlier try, and the vendor no longer knows it",
        vendor=record.vendor,
        generation_id=record.generation_id,
        kind=Kind.NOT_FOUND,
        advice="Clear the task to pay for a new generation.",
    )

"""The one policy about money: what a new try does about the record of an earlier one.

Single videos and the rows of a batch ask the same two pure functions. :func:`decide_by_record` knows only what
is on record; where it says :attr:`Action.READ`, :func:`decide_by_status` knows what the vendor says as well. What a
retry, a clear, a changed request, another connection, another account and a lapsed deadline do is said here alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal, get_args

from airflow_provider_seedance.core.diagnosis import remedy_of
from airflow_provider_seedance.core.submission.outcome import Ended, Refused, Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import (
    ConfigurationError,
    GenerationFailed,
    Kind,
    OrphanedIntent,
    RecordedConnectionLost,
    SeedanceError,
    StaleState,
    refusal,
)
from airflow_provider_seedance.models import Failed, Generation, Pending

OnOrphanedIntent = Literal["fail", "resubmit"]
OnStaleState = Literal["fail", "resubmit"]
OnClear = Literal["reattach", "regenerate"]

#: What each policy may be, the default first.
POLICY_VALUES: Mapping[str, tuple[str, ...]] = {
    "on_orphaned_intent": get_args(OnOrphanedIntent),
    "on_stale_state": get_args(OnStaleState),
    "on_clear": get_args(OnClear),
}


class Action(str, Enum):
    """What to do next."""

    #: Make a new intent and pay for it, through the connection that the task names.
    SUBMIT = "submit"
    #: Find out from the vendor what became of an intent without an id.
    RECONCILE = "reconcile"
    #: Ask the vendor how the recorded generation stands, and decide again.
    READ = "read"
    #: Go on with the recorded generation.
    REATTACH = "reattach"
    #: Nothing: its result is stored already, or its video whole where it was landed.
    KEEP = "keep"


@dataclass(frozen=True)
class Policies:
    """The user's choices; the first value of each is the default."""

    on_orphaned_intent: OnOrphanedIntent = "fail"
    on_stale_state: OnStaleState = "fail"
    on_clear: OnClear = "reattach"

    def __post_init__(self) -> None:
        for name, known in POLICY_VALUES.items():
            if (value := getattr(self, name)) not in known:
                raise ConfigurationError(f"{name} must be one of {', '.join(known)}, not {value!r}")


@dataclass(frozen=True)
class PriorSubmission:
    """The record that a try finds, and what has changed since it was last acted on.

    :param changed: whether the request differs from the recorded one. Another connection is no change.
    :param cleared: whether a user cleared the task; else this is a retry, or a worker's successor.
    :param result_stored: whether its result lasts beyond the try, as that of a batch's row does.
    :param leads_on: whether another attempt is to be made once nothing is billed for this one; see :mod:`.attempts`.
    """

    record: SubmissionRecord
    changed: bool
    cleared: bool
    policies: Policies
    result_stored: bool = False
    leads_on: bool = False

    @property
    def regenerates(self) -> bool:
        """Whether the user has asked for a new generation, whatever became of the recorded one."""
        return self.cleared and self.policies.on_clear == "regenerate"

    def ended_as(self, generation: Failed) -> PriorSubmission:
        """This prior submission, with the generation's end on its record."""
        return replace(self, record=self.record.replace(outcome=Ended.without_video(generation)))


def decide_by_record(prior: PriorSubmission) -> Action:
    """What to do as far as the record tells.

    :raises StaleState: if the request changed after an intent whose outcome is unknown, or after a delivered video.
    :raises GenerationFailed: if the generation ended for a reason that a new one would share.
    :raises VendorRefusal: if the request was refused for a reason of its own.
    """
    record = prior.record
    if prior.regenerates or isinstance(record.outcome, Superseded):
        return Action.SUBMIT
    if record.is_unbilled:
        return _after_end_without_video(prior)
    if record.generation_id is None:
        return _submit_or_raise_stale(prior, "has an unknown outcome") if prior.changed else Action.RECONCILE
    if record.is_delivered and prior.changed:
        return _after_success(prior)
    return Action.KEEP if record.is_delivered and prior.result_stored else Action.READ


def decide_by_status(
    prior: PriorSubmission, generation: Generation | None, *, account_changed: bool
) -> Action:
    """What to do once the vendor was asked through the recorded connection: submit or reattach.

    :param generation: ``None`` if the vendor does not know it.
    :param account_changed: whether that connection's key or host differs from the recorded one: a generation that
        the account does not know may then exist all the same.
    :raises StaleState: if the request changed, and the generation still runs or is paid for.
    :raises OrphanedIntent: if another account was asked and does not know the generation.
    :raises GenerationFailed: if it failed for a reason that a new one would share.
    :raises SeedanceError: if nothing can be known about it any more.
    """
    if generation is None:
        return _unknown_at_vendor(prior, account_changed)
    if isinstance(generation, Failed):
        return decide_by_record(prior.ended_as(generation))
    if not prior.changed:
        return Action.REATTACH
    if isinstance(generation, Pending):
        return _submit_or_raise_stale(prior, f"is still {generation.status.value}")
    return _after_success(prior)


def reattached(
    record: SubmissionRecord,
    *,
    max_tries: int,
    now: datetime,
    timeout: float,
    queue_timeout: float | None = None,
) -> SubmissionRecord:
    """The record with which a try goes on with its generation: a time limit that has passed is granted once more.

    :param timeout: seconds for queueing and running; ``queue_timeout`` in the queue.
    """
    record = record.replace(max_tries=max_tries, outcome=None, started=record.started or now)
    if record.deadline is None or now >= record.deadline:
        record = record.replace(deadline=now + timedelta(seconds=timeout))
    if queue_timeout is not None and record.queue_deadline is not None and now >= record.queue_deadline:
        record = record.replace(queue_deadline=now + timedelta(seconds=queue_timeout))
    return record


def connection_lost(record: SubmissionRecord, why: str) -> RecordedConnectionLost:
    """The error for a record whose connection does not lead to its vendor any more."""
    return RecordedConnectionLost(
        f"the generation was submitted through connection {record.seedance_conn_id!r}, {why}",
        vendor=record.vendor,
        generation_id=record.generation_id,
        advice="Restore that connection and clear the task; or clear it with on_clear='regenerate' to pay for a new"
        " generation.",
    )


def failure_of(generation: Failed, **details: Any) -> GenerationFailed:
    """The error for a generation that ended without a video."""
    error = GenerationFailed(
        f"the generation ended as {generation.status.value}: {generation.failure.message}",
        kind=generation.failure.kind,
        code=generation.failure.code,
        vendor=generation.vendor,
        generation_id=generation.generation_id,
        diagnosis=generation.failure.diagnosis,
        advice=remedy_of(generation.failure.kind, generation.failure.diagnosis),
        **details,
    )
    charge = generation.charge
    error.billed = bool(charge and charge.basis == "billed" and charge.amount)
    return error


def _after_end_without_video(prior: PriorSubmission) -> Action:
    """Nothing is billed: a clear, a changed request and a further attempt pay for a new one; so does a retry where that
    may do better."""
    outcome = prior.record.outcome
    assert isinstance(outcome, Refused | Ended)
    if prior.changed or prior.cleared or prior.leads_on:
        return Action.SUBMIT
    if isinstance(outcome, Refused):
        error = outcome.error
        again = error is None or error.traits.retryable or error.traits.account_wide
    elif outcome.error is None:
        return Action.READ
    else:
        again = outcome.error.traits.retryable or outcome.error is Kind.CANCELLED
    if again:
        return Action.SUBMIT
    raise error_on_record(prior.record, outcome)


def error_on_record(record: SubmissionRecord, outcome: Refused | Ended) -> SeedanceError:
    """The error for a request that was refused, or a generation that ended without a video, in an earlier try."""
    assert outcome.error is not None
    told: dict[str, Any] = {
        "kind": outcome.error,
        "code": outcome.code,
        "vendor": record.vendor,
        "diagnosis": outcome.diagnosis,
        "advice": remedy_of(outcome.error, outcome.diagnosis),
    }
    if isinstance(outcome, Refused):
        return refusal(message=f"an earlier try was refused: {outcome.reason}", **told)
    message = f"the generation ended as {outcome.status}: {outcome.reason}"
    return GenerationFailed(message, generation_id=record.generation_id, **told)


def _after_success(prior: PriorSubmission) -> Action:
    """The request changed after its video was paid for: by a clear the user has chosen to pay again, by a retry not."""
    return Action.SUBMIT if prior.cleared else _submit_or_raise_stale(prior, "has succeeded and is paid for")


def _submit_or_raise_stale(prior: PriorSubmission, state: str) -> Action:
    """The request changed after an earlier one that may be billed: pay for the new one too, if the user wants that.

    :param state: what is known of the earlier one, as a predicate: "is still running".
    """
    if prior.policies.on_stale_state == "resubmit":
        return Action.SUBMIT
    record = prior.record
    if record.generation_id:
        earlier, made = f"generation {record.generation_id}", "submitted"
    else:
        earlier, made = f"intent {record.intent_id}", "made"
    raise StaleState(
        f"the request changed after {earlier} was {made} at {record.intended_at.isoformat()}; {earlier} {state}",
        vendor=record.vendor,
        advice="Put the request back; or wait until the earlier one has ended and clear the task; or set"
        " on_stale_state='resubmit' to pay for the new one too.",
    )


def _unknown_at_vendor(prior: PriorSubmission, account_changed: bool) -> Action:
    record = prior.record
    if not account_changed:
        if prior.cleared:
            return Action.SUBMIT
        raise SeedanceError(
            "the generation was submitted by an earlier try, and the vendor no longer knows it",
            vendor=record.vendor,
            generation_id=record.generation_id,
            kind=Kind.NOT_FOUND,
            advice="Clear the task to pay for a new generation.",
        )
    if prior.policies.on_orphaned_intent == "resubmit":
        return Action.SUBMIT
    raise OrphanedIntent(
        "the generation was submitted by another account: the key or host of connection"
        f" {record.seedance_conn_id!r} has changed since, and the present account does not know the generation",
        vendor=record.vendor,
        generation_id=record.generation_id,
        advice="Put the key or host back and clear the task. To pay for a new one, clear it with on_clear='regenerate',"
        " or set on_orphaned_intent='resubmit'.",
    )

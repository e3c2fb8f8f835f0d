"""The end of a wait: what the vendor says now, what goes on record, and what the task does about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.core.submission.decide import failure_of
from airflow_provider_seedance.core.submission.record import RecordStore, StateUnreadable, StateUnwritable
from airflow_provider_seedance.errors import DeadlinePassed, SeedanceError, Unsupported
from airflow_provider_seedance.models import Failed, Pending, Status, Succeeded

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.polling.event import GenerationEvent

log = logging.getLogger(__name__)


def conclude(
    client: SeedanceClient, store: RecordStore, event: GenerationEvent, *, cancel_queued: bool, now: float
) -> Succeeded | None:
    """The finished generation, or ``None`` if there is more to wait for.

    :param cancel_queued: when its time is up, cancel it if it is still queued.
    :param now: epoch seconds.
    :raises GenerationFailed: if it ended without a video.
    :raises DeadlinePassed: if its time is up.
    """
    seen = client.generations.get(event.generation_id)
    if isinstance(seen, Succeeded):
        return seen
    if isinstance(seen, Failed):
        record_outcome(store, event.generation_id, seen.status.value, seen.failure.message)
        raise failure_of(seen)
    if not _is_over(event.outcome, seen) and now < event.wait.deadline:
        return None
    cancelled = cancel_queued and seen.status is Status.QUEUED and _cancelled(client, event.generation_id)
    record_outcome(
        store, event.generation_id, "cancelled" if cancelled else event.outcome.value, "its time was up"
    )
    raise _too_late(seen, event.outcome, cancelled)


def _is_over(outcome: WaitOutcome, seen: Pending) -> bool:
    """Whether a limit ended the wait that still holds: the generation may have left the queue since."""
    return outcome is WaitOutcome.TIMED_OUT or (
        outcome is WaitOutcome.QUEUED_TOO_LONG and seen.status is Status.QUEUED
    )


def record_outcome(store: RecordStore, generation_id: str, outcome: str, reason: str | None = None) -> None:
    """Put the outcome on record. Not being able to is no reason to lose a video."""
    try:
        record = store.read()
        if record is not None and record.generation_id == generation_id:
            store.write(record.replace(outcome=outcome, reason=reason))
    except (StateUnreadable, StateUnwritable) as fault:
        log.warning("The outcome of generation %s is not on record: %s", generation_id, fault.message)


def _cancelled(client: SeedanceClient, generation_id: str) -> bool:
    try:
        return client.generations.cancel(generation_id) is Cancellation.CANCELLED
    except Unsupported:
        return False
    except SeedanceError as error:
        log.warning("Generation %s could not be cancelled: %s", generation_id, error)
        return False


def _too_late(seen: Pending, outcome: WaitOutcome, cancelled: bool) -> DeadlinePassed:
    limit = "queue_timeout" if outcome is WaitOutcome.QUEUED_TOO_LONG else "timeout"
    if cancelled:
        fate, advice = "it was cancelled, and nothing is billed", "A retry pays for a new one."
    else:
        fate = "it goes on at the vendor, and is billed if it succeeds"
        advice = "A retry goes on waiting for it; so does a task that is given this generation_id."
    return DeadlinePassed(
        f"still {seen.status.value} when its {limit} was up; {fate}",
        vendor=seen.vendor,
        generation_id=seen.generation_id,
        advice=advice,
    )

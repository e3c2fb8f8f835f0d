"""The end of a wait: what the vendor says now, what goes on record, and what the task does about it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.lifecycle.result import without_links
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.core.submission.decide import failure_of
from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp, Limit, Outcome
from airflow_provider_seedance.core.submission.record import RecordStore, StoredVideo, SubmissionRecord
from airflow_provider_seedance.errors import (
    DeadlinePassed,
    Kind,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
    Unsupported,
)
from airflow_provider_seedance.models import Failed, Generation, GenerationRequest, Pending, Status, Succeeded

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.polling.event import GenerationEvent

log = logging.getLogger(__name__)


def conclude(
    client: SeedanceClient,
    store: RecordStore,
    event: GenerationEvent,
    *,
    cancel_queued: bool,
    now: float,
    generation: Generation | None = None,
    request_of: Callable[[], GenerationRequest | None] = lambda: None,
) -> Succeeded | None:
    """The finished generation, or ``None`` if there is more to wait for.

    :param cancel_queued: when its time is up, cancel it if it is still queued.
    :param now: epoch seconds.
    :param generation: how it stands, if that was just read; else the vendor is asked, once.
    :param request_of: what it was made of, if that is known; tells which of its media a failure is about.
    :raises GenerationFailed: if it ended without a video.
    :raises DeadlinePassed: if its time is up.
    """
    generation = generation or client.generations.get(event.generation_id)
    if isinstance(generation, Succeeded):
        return generation
    if isinstance(generation, Failed):
        failed = client.located(generation, request_of())
        record_outcome(store, event.generation_id, Ended.without_video(failed))
        raise failure_of(failed)
    if not _is_over(event.outcome, generation) and now < event.wait.deadline:
        return None
    raise _give_up(client, store, event, generation, cancel_queued=cancel_queued)


def record_outcome(store: RecordStore, generation_id: str, outcome: Outcome) -> None:
    """Put the outcome on record. Not being able to is no reason to lose a video."""
    _amend(store, generation_id, lambda record: record.replace(outcome=outcome))


def record_delivery(store: RecordStore, generation_id: str, result: Mapping[str, Any]) -> None:
    """Put on record that the generation has succeeded, what its task returned, and where its video is."""
    manifest = result.get("manifest")

    def delivered(record: SubmissionRecord) -> SubmissionRecord:
        record = record.replace(outcome=Ended(status="succeeded"), result=without_links(result))
        return record.with_video(StoredVideo.from_manifest(manifest)) if manifest else record

    _amend(store, generation_id, delivered)


def _amend(
    store: RecordStore, generation_id: str, change: Callable[[SubmissionRecord], SubmissionRecord]
) -> None:
    try:
        record = store.read()
        if record is not None and record.generation_id == generation_id:
            store.write(change(record))
    except (StateUnreadable, StateUnwritable) as fault:
        log.warning("The outcome of generation %s is not on record: %s", generation_id, fault.message)


def _is_over(outcome: WaitOutcome, generation: Pending) -> bool:
    """Whether a limit ended the wait that still holds: the generation may have left the queue since."""
    return outcome is WaitOutcome.TIMED_OUT or (
        outcome is WaitOutcome.QUEUED_TOO_LONG and generation.status is Status.QUEUED
    )


def _give_up(
    client: SeedanceClient,
    store: RecordStore,
    event: GenerationEvent,
    generation: Pending,
    *,
    cancel_queued: bool,
) -> DeadlinePassed:
    """Cancel what may be cancelled, put the end of the wait on record, and say what it means for the bill."""
    limit: Limit = "queue_timeout" if event.outcome is WaitOutcome.QUEUED_TOO_LONG else "timeout"
    reason = f"still {_state_of(generation)} when its {limit} was up"
    outcome: Outcome = GaveUp(limit=limit, reason=reason)
    fate = "it goes on at the vendor, and is billed if it succeeds"
    advice = "A retry goes on waiting for it; so does a task that is given this generation_id."
    if cancel_queued and generation.status is Status.QUEUED and _is_cancelled(client, event.generation_id):
        outcome = Ended(status="cancelled", reason=reason, error=Kind.CANCELLED)
        fate, advice = "it was cancelled, and nothing is billed", "A retry pays for a new one."
    record_outcome(store, event.generation_id, outcome)
    error = DeadlinePassed(
        f"the generation was {reason}; {fate}",
        vendor=generation.vendor,
        generation_id=generation.generation_id,
        advice=advice,
    )
    error.billed = False if isinstance(outcome, Ended) else None
    return error


def _state_of(generation: Pending) -> str:
    """The state in our word, and in the vendor's where that is another."""
    ours, word = generation.status.value, generation.vendor_status
    told = ours if not word or word.lower() == ours else f"{ours} (in the vendor's word: {word!r})"
    return f"{told}; {generation.warning}," if generation.warning else told


def _is_cancelled(client: SeedanceClient, generation_id: str) -> bool:
    try:
        return client.generations.cancel(generation_id) is Cancellation.CANCELLED
    except Unsupported:
        return False
    except SeedanceError as error:
        log.warning("Generation %s could not be cancelled: %s", generation_id, error)
        return False

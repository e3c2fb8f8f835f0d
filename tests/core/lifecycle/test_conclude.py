"""The end of a wait: what goes on record, and what the task makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.lifecycle.conclude import conclude
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import DeadlinePassed, GenerationFailed, Kind, Unsupported
from airflow_provider_seedance.models import Failed, Failure, Generation, Pending, Status, Succeeded

NAMED = {"vendor": "modelark", "generation_id": "cgt-1"}
DONE = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)
QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
BLOCKED = Failed(status=Status.FAILED, failure=Failure(kind=Kind.MODERATION, message="a person"), **NAMED)


@dataclass
class Client:
    """A vendor that shows one generation, and cancels it or cannot.

    :param reads: how often it was asked.
    """

    generation: Generation
    cancels: bool = True
    reads: int = 0

    @property
    def generations(self) -> Client:
        return self

    def get(self, generation_id: str) -> Generation:
        self.reads += 1
        return self.generation

    def located(self, failed: Failed, request: object) -> Failed:
        return failed

    def cancel(self, generation_id: str) -> Cancellation:
        if not self.cancels:
            raise Unsupported("no such call")
        return Cancellation.CANCELLED


@dataclass
class Memory:
    """A store that holds the generation's record."""

    record: SubmissionRecord = field(
        default_factory=lambda: SubmissionRecord(
            intent_number=1,
            intent_id="sd-1-1",
            vendor="modelark",
            seedance_conn_id="c",
            fingerprint="v1:a",
            intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
            max_tries=0,
            generation_id="cgt-1",
        )
    )
    remembers = True

    def read(self) -> SubmissionRecord:
        return self.record

    def write(self, record: SubmissionRecord) -> None:
        self.record = record


def concluded(
    client: Client, store: Memory, outcome: WaitOutcome, *, now: float = 50.0, **others: Any
) -> Succeeded | None:
    event = GenerationEvent("cgt-1", outcome, WaitState(started=0.0, deadline=100.0, queue_deadline=40.0))
    return conclude(client, store, event, cancel_queued=True, now=now, **others)  # type: ignore[arg-type]


def test_a_generation_that_was_read_is_not_read_again() -> None:
    """Without it, the vendor is asked once."""
    client, store = Client(RUNNING), Memory()
    assert concluded(client, store, WaitOutcome.ENDED, generation=DONE) is DONE
    assert client.reads == 0
    assert concluded(Client(DONE), store, WaitOutcome.ENDED) is DONE


def test_a_failure_is_on_record_with_its_kind() -> None:
    """A retry then knows without asking whether another may do better."""
    store = Memory()
    with pytest.raises(GenerationFailed, match="ended as failed: a person"):
        concluded(Client(BLOCKED), store, WaitOutcome.ENDED)
    assert store.record.outcome == Ended(status="failed", reason="a person", error=Kind.MODERATION)


@pytest.mark.parametrize(
    ("outcome", "limit"), [(WaitOutcome.TIMED_OUT, "timeout"), (WaitOutcome.QUEUED_TOO_LONG, "queue_timeout")]
)
def test_a_limit_that_has_passed_is_on_record_by_its_argument(outcome: WaitOutcome, limit: Any) -> None:
    """What cannot be cancelled may still be billed."""
    store = Memory()
    with pytest.raises(DeadlinePassed, match=f"when its {limit} was up; it goes on"):
        concluded(Client(QUEUED, cancels=False), store, outcome)
    assert store.record.outcome == GaveUp(limit=limit, reason=f"still queued when its {limit} was up")
    assert store.record.blocks_new_payment


def test_what_is_cancelled_at_its_limit_has_ended() -> None:
    """Nothing is billed, and a retry submits anew."""
    store = Memory()
    with pytest.raises(DeadlinePassed, match="it was cancelled, and nothing is billed"):
        concluded(Client(QUEUED), store, WaitOutcome.TIMED_OUT)
    assert isinstance(store.record.outcome, Ended)
    assert store.record.is_unbilled


@pytest.mark.parametrize(
    ("outcome", "seen"),
    [(WaitOutcome.QUEUED_TOO_LONG, RUNNING), (WaitOutcome.STATUS_UNKNOWN, QUEUED)],
)
def test_what_goes_on_within_its_deadline_is_waited_for_again(outcome: WaitOutcome, seen: Pending) -> None:
    """It has left the queue since, or the vendor answers again."""
    assert concluded(Client(seen), Memory(), outcome) is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"vendor_status": "archived"},
            "still running (in the vendor's word: 'archived') when its timeout was up",
        ),
        ({"vendor_status": "Running"}, "still running when its timeout was up"),
        (
            {"vendor_status": "x", "warning": "a link stands beside it"},
            "'x'); a link stands beside it, when its",
        ),
    ],
)
def test_the_vendors_own_word_is_quoted_at_the_end(told: dict[str, Any], words: str) -> None:
    """It may be one that nobody knows yet."""
    with pytest.raises(DeadlinePassed) as caught:
        concluded(Client(RUNNING.model_copy(update=told)), Memory(), WaitOutcome.TIMED_OUT)
    assert words in str(caught.value)


def test_trouble_that_lasts_past_the_deadline_ends_the_wait() -> None:
    """By the deadline's own word."""
    store = Memory()
    with pytest.raises(DeadlinePassed, match="still running when its timeout was up"):
        concluded(Client(RUNNING), store, WaitOutcome.STATUS_UNKNOWN, now=100.0)
    assert isinstance(store.record.outcome, GaveUp)

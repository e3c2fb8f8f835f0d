"""What a try does about the record of an earlier one: the whole table."""

from datetime import datetime, timezone

import pytest

from airflow_provider_seedance.core.submission.decide import (
    Action,
    Policies,
    Situation,
    StaleState,
    from_record,
    from_vendor,
)
from airflow_provider_seedance.core.submission.record import REFUSED, SubmissionRecord
from airflow_provider_seedance.errors import ConfigurationError, GenerationFailed, Kind, SeedanceError
from airflow_provider_seedance.models import Failed, Failure, Generation, Pending, Status, Succeeded

NAMED = {"vendor": "evolink", "generation_id": "task-unified-1"}
SENT = SubmissionRecord(
    intent=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="c",
    fingerprint="v1:a",
    intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
    max_tries=2,
    generation_id="task-unified-1",
)
ORPHAN = SENT.replace(generation_id=None)
DEFAULT, PAY_MORE = Policies(), Policies(on_stale_state="resubmit")
REGENERATE = Policies(on_clear="regenerate")


def failed(kind: Kind, status: Status = Status.FAILED) -> Failed:
    return Failed(status=status, failure=Failure(kind=kind, message="why"), **NAMED)  # type: ignore[arg-type]


QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
DONE = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)
BLOCKED = failed(Kind.MODERATION)
BROKEN = failed(Kind.OVERLOAD)
EXPIRED = failed(Kind.EXPIRED, Status.EXPIRED)
CANCELLED = failed(Kind.CANCELLED, Status.CANCELLED)
GONE = None

Result = Action | type[SeedanceError]


@pytest.mark.parametrize(
    ("record", "same", "cleared", "policies", "expected"),
    [
        (SENT, True, False, DEFAULT, Action.LOOK),
        (SENT, False, False, DEFAULT, Action.LOOK),
        (SENT, True, True, DEFAULT, Action.LOOK),
        (SENT, True, True, REGENERATE, Action.SUBMIT),
        (SENT, True, False, REGENERATE, Action.LOOK),
        (ORPHAN, True, False, DEFAULT, Action.RECONCILE),
        (ORPHAN, True, True, DEFAULT, Action.RECONCILE),
        (ORPHAN, True, True, REGENERATE, Action.SUBMIT),
        (ORPHAN, False, False, DEFAULT, StaleState),
        (ORPHAN, False, False, PAY_MORE, Action.SUBMIT),
        (ORPHAN.replace(outcome=REFUSED), True, False, DEFAULT, Action.SUBMIT),
        (ORPHAN.replace(outcome=REFUSED), False, False, DEFAULT, Action.SUBMIT),
    ],
)
def test_the_record_alone(
    record: SubmissionRecord, same: bool, cleared: bool, policies: Policies, expected: Result
) -> None:
    """Before the vendor is asked."""
    situation = Situation(record, same, cleared, policies)
    if isinstance(expected, Action):
        assert from_record(situation) is expected
    else:
        with pytest.raises(expected):
            from_record(situation)


@pytest.mark.parametrize(
    ("seen", "same", "cleared", "policies", "expected"),
    [
        (QUEUED, True, False, DEFAULT, Action.ATTACH),
        (RUNNING, True, False, DEFAULT, Action.ATTACH),
        (RUNNING, True, True, DEFAULT, Action.ATTACH),
        (RUNNING, False, False, DEFAULT, StaleState),
        (RUNNING, False, True, DEFAULT, StaleState),
        (RUNNING, False, False, PAY_MORE, Action.SUBMIT),
        (DONE, True, False, DEFAULT, Action.ATTACH),
        (DONE, True, True, DEFAULT, Action.ATTACH),
        (DONE, False, False, DEFAULT, Action.SUBMIT),
        (BLOCKED, True, False, DEFAULT, GenerationFailed),
        (BLOCKED, True, True, DEFAULT, Action.SUBMIT),
        (BLOCKED, False, False, DEFAULT, Action.SUBMIT),
        (BROKEN, True, False, DEFAULT, Action.SUBMIT),
        (EXPIRED, True, False, DEFAULT, Action.SUBMIT),
        (CANCELLED, True, False, DEFAULT, Action.SUBMIT),
        (CANCELLED, True, True, DEFAULT, Action.SUBMIT),
        (GONE, True, False, DEFAULT, SeedanceError),
        (GONE, False, False, DEFAULT, SeedanceError),
        (GONE, True, True, DEFAULT, Action.SUBMIT),
    ],
)
def test_what_the_vendor_says(
    seen: Generation | None, same: bool, cleared: bool, policies: Policies, expected: Result
) -> None:
    """Queued, running and succeeded are never paid for again, unless the user said so."""
    situation = Situation(SENT, same, cleared, policies)
    if isinstance(expected, Action):
        assert from_vendor(situation, seen) is expected
    else:
        with pytest.raises(expected) as caught:
            from_vendor(situation, seen)
        assert not caught.value.retryable


def test_a_stale_state_says_what_to_do() -> None:
    """It names the generation and the ways out."""
    with pytest.raises(StaleState, match=r"task-unified-1.*still running.*on_stale_state='resubmit'"):
        from_vendor(Situation(SENT, False, False, DEFAULT), RUNNING)


@pytest.mark.parametrize("name", ["on_orphaned_intent", "on_stale_state", "on_clear"])
def test_an_unknown_policy_is_refused(name: str) -> None:
    """With the known ones."""
    with pytest.raises(ConfigurationError, match=f"{name} must be one of"):
        Policies(**{name: "maybe"})  # type: ignore[arg-type]

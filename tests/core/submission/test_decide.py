"""The policy as pure functions; the whole table runs against an emulator in ``tests/faults/test_decisions.py``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.decide import (
    Action,
    Policies,
    PriorSubmission,
    decide_by_record,
    decide_by_status,
    reattached,
)
from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp, Outcome, Refused, Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import (
    ConfigurationError,
    GenerationFailed,
    Kind,
    ModerationRefused,
    OrphanedIntent,
    SeedanceError,
    StaleState,
)
from airflow_provider_seedance.models import Failed, Failure, Pending, Status, Succeeded

NAMED = {"vendor": "evolink", "generation_id": "task-unified-1"}
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
SENT = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="c",
    fingerprint="v1:a",
    intended_at=NOW,
    max_tries=2,
    generation_id="task-unified-1",
)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
DONE = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)
DELIVERED = Ended(status="succeeded")


def prior(
    record: SubmissionRecord = SENT, *, changed: bool = False, cleared: bool = False, **others: Any
) -> PriorSubmission:
    stored = others.pop("result_stored", False)
    return PriorSubmission(record, changed, cleared, Policies(**others), result_stored=stored)


def failed(kind: Kind, status: Status = Status.FAILED) -> Failed:
    return Failed(status=status, failure=Failure(kind=kind, message="why"), **NAMED)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "outcome",
    [
        Refused(error=Kind.RATE_LIMIT),
        Refused(error=Kind.BALANCE),
        Refused(),
        Ended(status="expired", error=Kind.EXPIRED),
        Ended(status="cancelled", error=Kind.CANCELLED),
        Superseded(by="clear"),
    ],
    ids=repr,
)
def test_a_retry_submits_what_may_do_better(outcome: Outcome) -> None:
    """Without asking the vendor: the record says that nothing is billed."""
    assert decide_by_record(prior(SENT.replace(outcome=outcome))) is Action.SUBMIT


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Refused(reason="a person", error=Kind.MODERATION, code="C", stage="input"), ModerationRefused),
        (
            Ended(status="failed", reason="a person", error=Kind.MODERATION, code="C", stage="input"),
            GenerationFailed,
        ),
    ],
)
def test_a_retry_does_not_repeat_what_would_fail_again(outcome: Outcome, error: type[SeedanceError]) -> None:
    """The recorded reason is told; a clear, or another request, submits."""
    record = SENT.replace(outcome=outcome)
    with pytest.raises(error, match="a person") as caught:
        decide_by_record(prior(record))
    assert not caught.value.retryable
    assert (caught.value.code, caught.value.stage, caught.value.billed) == ("C", "input", False)
    assert decide_by_record(prior(record, cleared=True)) is Action.SUBMIT
    assert decide_by_record(prior(record, changed=True)) is Action.SUBMIT


@pytest.mark.parametrize("outcome", [None, GaveUp(limit="timeout"), Ended(status="failed"), DELIVERED])
def test_what_the_record_does_not_tell_is_read(outcome: Outcome | None) -> None:
    """An end without its reason too; nothing is paid before."""
    assert decide_by_record(prior(SENT.replace(outcome=outcome))) is Action.READ


def test_a_stored_result_is_kept() -> None:
    """A row that is home stays home; only regenerating pays for it again."""
    record = SENT.replace(outcome=DELIVERED)
    assert decide_by_record(prior(record, result_stored=True, cleared=True)) is Action.KEEP
    anew = prior(record, result_stored=True, cleared=True, on_clear="regenerate")
    assert decide_by_record(anew) is Action.SUBMIT


def test_only_a_clear_regenerates() -> None:
    """A retry goes on with what is paid for, whatever ``on_clear`` says."""
    assert decide_by_record(prior(on_clear="regenerate")) is Action.READ


@pytest.mark.parametrize("outcome", [None, DELIVERED])
def test_another_request_beside_a_video_is_paid_for_by_a_clear_alone(outcome: Outcome | None) -> None:
    """A retry asks ``on_stale_state``, whether the video is delivered or not."""

    def decide(**situation: Any) -> Action:
        found = prior(SENT.replace(outcome=outcome), changed=True, **situation)
        action = decide_by_record(found)
        return decide_by_status(found, DONE, account_changed=False) if action is Action.READ else action

    with pytest.raises(StaleState, match=r"task-unified-1.*paid for"):
        decide()
    assert decide(on_stale_state="resubmit") is Action.SUBMIT
    assert decide(cleared=True) is Action.SUBMIT


def test_a_stale_state_says_what_to_do() -> None:
    """It names the generation and the ways out, after a clear as well."""
    with pytest.raises(StaleState, match=r"(?s)task-unified-1.*still running.*on_stale_state='resubmit'"):
        decide_by_status(prior(changed=True, cleared=True), RUNNING, account_changed=False)


@pytest.mark.parametrize("cleared", [False, True])
def test_another_account_is_no_witness(cleared: bool) -> None:
    """What it does not know may exist; what it knows is gone on with."""
    with pytest.raises(OrphanedIntent, match="key or host of connection 'c' has changed"):
        decide_by_status(prior(cleared=cleared), None, account_changed=True)
    assert decide_by_status(prior(cleared=cleared), RUNNING, account_changed=True) is Action.REATTACH


def test_a_failure_that_is_read_counts_like_one_on_record() -> None:
    """The same kinds are tried again."""
    assert decide_by_status(prior(), failed(Kind.OVERLOAD), account_changed=False) is Action.SUBMIT
    with pytest.raises(GenerationFailed, match="ended as failed: why"):
        decide_by_status(prior(), failed(Kind.MODERATION), account_changed=False)


def test_a_limit_that_has_passed_is_granted_once_more() -> None:
    """One that has not stays where it is."""
    passed, ahead = NOW - timedelta(seconds=1), NOW + timedelta(seconds=5)
    record = SENT.replace(deadline=passed, queue_deadline=passed, outcome=GaveUp(limit="timeout"))
    after = reattached(record, max_tries=3, now=NOW, timeout=60.0, queue_timeout=20.0)
    assert (after.deadline, after.queue_deadline) == (
        NOW + timedelta(seconds=60),
        NOW + timedelta(seconds=20),
    )
    assert (after.max_tries, after.outcome) == (3, None)
    going_on = SENT.replace(deadline=ahead, queue_deadline=ahead, started=NOW)
    assert reattached(going_on, max_tries=2, now=NOW, timeout=60.0, queue_timeout=20.0) == going_on


@pytest.mark.parametrize("name", ["on_orphaned_intent", "on_stale_state", "on_clear"])
def test_an_unknown_policy_is_refused(name: str) -> None:
    """With the known ones."""
    with pytest.raises(ConfigurationError, match=f"{name} must be one of"):
        Policies(**{name: "maybe"})  # type: ignore[arg-type]

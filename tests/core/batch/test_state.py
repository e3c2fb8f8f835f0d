"""Where a row stands, and what a new try makes of it after the policy has spoken."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.state import (
    Phase,
    RowOutcome,
    RowState,
    count_by_status,
    resume_row,
)
from airflow_provider_seedance.core.submission.decide import Action
from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp, Refused, Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.models import Cost
from tests.core.batch.simulation import record_of

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=timezone.utc)
FAILED = Ended(status="failed")


def resumed(state: RowState, action: Action, **changes: Any) -> RowState:
    """The row as another try begins with it."""
    return resume_row(
        state, action, **{"cleared": False, "max_tries": 0, "now": NOW, "timeout": 60.0, **changes}
    )


def row(end: RowOutcome | None = None, **record: Any) -> RowState:
    return RowState(row=1, attempts_this_try=2, record=record_of(1, **record), outcome=end)


@pytest.mark.parametrize(
    ("state", "at"),
    [
        (RowState(row=1), Phase.TO_SUBMIT),
        (row(), Phase.TO_SUBMIT),
        (row(outcome=Refused()), Phase.TO_SUBMIT),
        (row(generation_id="g"), Phase.IN_FLIGHT),
        (row(generation_id="g", outcome=FAILED), Phase.TO_SUBMIT),
        (row(RowOutcome(status="succeeded"), generation_id="g"), Phase.ENDED),
    ],
)
def test_the_phase_of_a_row(state: RowState, at: Phase) -> None:
    """An intent whose outcome is unknown is still to be submitted: it is reconciled before anything is paid."""
    assert state.phase is at


@pytest.mark.parametrize(
    ("state", "blocks_new_payment"),
    [
        (RowState(row=1), False),
        (row(outcome=Refused()), False),
        (row(generation_id="g", outcome=Superseded(by="clear")), False),
        (row(), True),
        (row(generation_id="g"), True),
        (row(RowOutcome(status="failed"), generation_id="g", outcome=FAILED), False),
        (row(RowOutcome(status="uncertain")), True),
        (row(RowOutcome(status="succeeded"), generation_id="g"), True),
    ],
)
def test_where_money_may_be_gone(state: RowState, blocks_new_payment: bool) -> None:
    """Whatever may have been accepted counts, until it is known to have failed."""
    assert state.blocks_new_payment is blocks_new_payment


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RowState(row=1), "not_submitted"),
        (row(), "uncertain"),
        (row(outcome=Refused()), "not_submitted"),
        (row(generation_id="g"), "in_flight"),
        (row(generation_id="g", outcome=FAILED), "not_submitted"),
        (row(generation_id="g", outcome=GaveUp(limit="timeout")), "uncollected"),
        (row(RowOutcome(status="failed"), generation_id="g"), "failed"),
    ],
)
def test_the_status_of_a_row(state: RowState, status: str) -> None:
    """What may be paid for is never called not submitted."""
    assert state.status == status


@pytest.mark.parametrize(
    ("action", "at"),
    [
        (Action.SUBMIT, Phase.TO_SUBMIT),
        (Action.REATTACH, Phase.IN_FLIGHT),
        (Action.KEEP, Phase.ENDED),
    ],
)
def test_a_new_try_begins_as_the_policy_says(action: Action, at: Phase) -> None:
    """Its attempts count from nought, unless it keeps what it has."""
    after = resumed(row(RowOutcome(status="succeeded"), generation_id="g"), action)
    assert after.phase is at
    assert after.attempts_this_try == (2 if action is Action.KEEP else 0)


def test_an_orphan_is_looked_for_again() -> None:
    """Looking costs nothing."""
    assert resumed(row(RowOutcome(status="uncertain")), Action.RECONCILE).phase is Phase.TO_SUBMIT


@pytest.mark.parametrize(("cleared", "by"), [(True, "clear"), (False, "change")])
def test_what_is_bought_anew_beside_one_that_may_be_billed_is_superseded(cleared: bool, by: str) -> None:
    """The record says by what; one that ended without a video keeps its end."""
    after = resumed(row(generation_id="g"), Action.SUBMIT, cleared=cleared)
    assert after.record is not None
    assert after.record.outcome == Superseded(by=by)  # type: ignore[arg-type]
    ended = row(generation_id="g", outcome=FAILED)
    assert resumed(ended, Action.SUBMIT, cleared=cleared).record == ended.record


@pytest.mark.parametrize("cleared", [True, False])
def test_what_is_bought_anew_beside_a_video_keeps_what_that_has_cost(cleared: bool) -> None:
    """Among the attempts: the record before the next intent, and the one after it."""
    cost = Cost(amount=Decimal("0.30"), currency="USD", basis="billed")
    delivered = row(generation_id="g").ended(RowOutcome(status="succeeded", cost=cost))
    after = resumed(delivered, Action.SUBMIT, cleared=cleared)
    assert after.record is not None
    (attempt,) = after.record.all_attempts
    assert (attempt.status, attempt.cost, attempt.generation_id) == ("succeeded", cost, "g")
    assert not after.blocks_new_payment
    assert after.spent_on_attempts == ()
    assert SubmissionRecord.parse(after.record.to_dict()) == after.record


@pytest.mark.parametrize("action", [Action.KEEP, Action.REATTACH])
def test_a_clear_that_was_acted_upon_is_none_for_the_next_try(action: Action) -> None:
    """Else a retry after it would be taken for another clear."""
    after = resumed(row(RowOutcome(status="succeeded"), generation_id="g"), action, max_tries=3)
    assert after.record is not None
    assert after.record.max_tries == 3


def test_a_video_that_was_not_to_be_landed_is_missing_when_it_is() -> None:
    """It has succeeded, and nobody has it."""
    assert row(RowOutcome(status="succeeded")).has_result(lands=False)
    assert not row(RowOutcome(status="succeeded")).has_result(lands=True)
    assert row(RowOutcome(status="succeeded", manifest={"uri": "x"})).has_result(lands=True)


def test_a_success_is_the_end_of_its_intent() -> None:
    """Other ends leave the outcome of the generation as it is."""
    succeeded = row(generation_id="g").ended(RowOutcome(status="succeeded"))
    assert succeeded.record is not None
    assert succeeded.record.is_delivered
    assert row(generation_id="g").ended(RowOutcome(status="uncollected")).record == record_of(
        1, generation_id="g"
    )


def test_a_wait_that_ran_out_is_given_its_time_once_more() -> None:
    """Its deadline alone moves."""
    over = row(
        RowOutcome(status="uncollected"), generation_id="g", outcome=GaveUp(limit="timeout"), deadline=NOW
    )
    after = resumed(over, Action.REATTACH)
    assert after.record is not None
    assert after.record.deadline == NOW + timedelta(seconds=60)
    assert (after.attempts_this_try, after.outcome, after.record.outcome) == (0, None, None)


def test_counts_have_all_keys_and_add_up() -> None:
    """Rows that nothing is on record about are not submitted."""
    states = [row(generation_id="g"), row(RowOutcome(status="succeeded")), row()]
    assert count_by_status(5, states) == {
        "succeeded": 1,
        "failed": 0,
        "uncollected": 0,
        "uncertain": 0,
        "in_flight": 1,
        "not_submitted": 3,
    }

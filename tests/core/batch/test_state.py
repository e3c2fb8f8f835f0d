"""Where a row stands, and what a new try makes of it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.state import (
    CLEARED,
    Phase,
    RowOutcome,
    RowState,
    count_by_status,
    resume_row,
    rows_elsewhere,
    stale_rows,
)
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import REFUSED
from tests.core.batch.simulation import record_of

NOW = datetime(2027, 1, 15, 8, 0, tzinfo=timezone.utc)


def begun(state: RowState, policies: Policies = Policies(), **changes: Any) -> RowState:  # noqa: B008 - frozen
    """The row as another try begins with it."""
    return resume_row(
        state, policies, **{"max_tries": 0, "now": NOW, "timeout": 60.0, "lands": False, **changes}
    )


def row(end: RowOutcome | None = None, **record: Any) -> RowState:
    return RowState(row=1, attempts=2, record=record_of(1, **record), outcome=end)


@pytest.mark.parametrize(
    ("state", "at"),
    [
        (RowState(row=1), Phase.WAITING),
        (row(), Phase.WAITING),
        (row(outcome=REFUSED), Phase.WAITING),
        (row(generation_id="g"), Phase.IN_FLIGHT),
        (row(generation_id="g", outcome="failed"), Phase.WAITING),
        (row(RowOutcome(status="succeeded"), generation_id="g"), Phase.ENDED),
    ],
)
def test_the_phase_of_a_row(state: RowState, at: Phase) -> None:
    """An intent whose fate is not known waits: it is reconciled before anything is paid."""
    assert state.phase is at


@pytest.mark.parametrize(
    ("state", "may_be_billed"),
    [
        (RowState(row=1), False),
        (row(outcome=REFUSED), False),
        (row(generation_id="g", outcome=CLEARED), False),
        (row(), True),
        (row(generation_id="g"), True),
        (row(RowOutcome(status="failed"), generation_id="g"), False),
        (row(RowOutcome(status="uncertain")), True),
        (row(RowOutcome(status="succeeded"), generation_id="g"), True),
    ],
)
def test_where_money_may_be_gone(state: RowState, may_be_billed: bool) -> None:
    """Whatever may have been accepted counts, until it is known to have failed."""
    assert state.may_be_billed is may_be_billed


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RowState(row=1), "not_submitted"),
        (row(), "uncertain"),
        (row(outcome=REFUSED), "not_submitted"),
        (row(generation_id="g"), "in_flight"),
        (row(generation_id="g", outcome="failed"), "not_submitted"),
        (row(generation_id="g", outcome="timed_out"), "uncollected"),
        (row(RowOutcome(status="failed"), generation_id="g"), "failed"),
    ],
)
def test_the_status_of_a_row(state: RowState, status: str) -> None:
    """What may be paid for is never called not submitted."""
    assert state.status == status


@pytest.mark.parametrize(
    ("end", "retry", "clear", "regenerate"),
    [
        (RowOutcome(status="succeeded"), Phase.ENDED, Phase.ENDED, Phase.WAITING),
        (RowOutcome(status="failed"), Phase.ENDED, Phase.WAITING, Phase.WAITING),
        (RowOutcome(status="failed", retryable=True), Phase.WAITING, Phase.WAITING, Phase.WAITING),
        (RowOutcome(status="uncollected"), Phase.IN_FLIGHT, Phase.IN_FLIGHT, Phase.WAITING),
        (None, Phase.IN_FLIGHT, Phase.IN_FLIGHT, Phase.WAITING),
    ],
)
def test_a_new_try_begins_where_the_last_one_was(
    end: RowOutcome | None, retry: Phase, clear: Phase, regenerate: Phase
) -> None:
    """A retry repeats what may do better; a clear all failures; ``regenerate`` everything."""
    state = row(end, generation_id="g")
    kept, anew = Policies(), Policies(on_clear="regenerate")
    seen = [
        begun(state, policies, max_tries=tries).phase for policies, tries in ((kept, 0), (kept, 1), (anew, 1))
    ]
    assert seen == [retry, clear, regenerate]
    assert begun(state, anew).phase is retry


def test_an_orphan_is_looked_for_again() -> None:
    """Looking costs nothing."""
    state = row(RowOutcome(status="uncertain"))
    assert begun(state).phase is Phase.WAITING


def test_a_video_that_was_not_to_be_landed_is_landed_when_it_is() -> None:
    """It has succeeded, and nobody has it."""
    state = row(RowOutcome(status="succeeded"), generation_id="g")
    assert begun(state, lands=True).phase is Phase.IN_FLIGHT
    landed = row(RowOutcome(status="succeeded", manifest={"uri": "x"}), generation_id="g")
    assert begun(landed, lands=True).phase is Phase.ENDED


def test_a_wait_that_ran_out_is_given_its_time_once_more() -> None:
    """Its deadline alone moves; a wait that goes on keeps it."""
    over = row(
        RowOutcome(status="uncollected", retryable=True), generation_id="g", outcome="timed_out", deadline=NOW
    )
    after = begun(over)
    assert after.record is not None
    assert after.record.deadline == NOW + timedelta(seconds=60)
    assert (after.attempts, after.outcome, after.record.outcome) == (0, None, None)
    going_on = row(generation_id="g", deadline=NOW + timedelta(seconds=5))
    after = begun(going_on)
    assert after.record == going_on.record


def test_changed_rows_are_stale_where_money_may_be_gone() -> None:
    """A failed row may be corrected; one that is paid for may not change or go without a word."""
    states = {
        1: row(generation_id="g"),
        2: row(RowOutcome(status="failed"), generation_id="g"),
        3: row(RowOutcome(status="succeeded"), generation_id="g"),
        4: row(),
    }
    same = "v1:0"
    assert stale_rows(states, dict.fromkeys(states, same)) == []
    assert stale_rows(states, {1: "v1:1", 2: "v1:1", 3: same}) == [1, 4]


def test_rows_at_another_vendor_are_told() -> None:
    """They can be asked for there only; what has succeeded needs nobody."""
    states = {1: row(generation_id="g"), 2: row(RowOutcome(status="succeeded"), generation_id="g")}
    assert rows_elsewhere(states, "evolink") == [1]
    assert rows_elsewhere(states, "modelark") == []


def test_counts_have_all_keys_and_add_up() -> None:
    """Rows that nothing is known of are waiting."""
    states = [row(generation_id="g"), row(RowOutcome(status="succeeded")), row()]
    assert count_by_status(5, states) == {
        "succeeded": 1,
        "failed": 0,
        "uncollected": 0,
        "uncertain": 0,
        "in_flight": 1,
        "waiting": 3,
    }

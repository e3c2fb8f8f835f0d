"""What a batch hands over, and when its task fails."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.batch.summary import (
    check_complete,
    result_of,
    results_of,
    summarize,
    to_json_lines,
)
from airflow_provider_seedance.core.lifecycle.result import totals
from airflow_provider_seedance.core.submission.attempts import Attempt
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.errors import BatchIncomplete, Kind, NotSent, SeedanceError, refusal
from airflow_provider_seedance.models import Cost, GenerationRequest
from tests.core.batch.simulation import record_of

ROWS = {number: Row(number, GenerationRequest(prompt="A fox"), {"sku": number}) for number in range(1, 5)}
STATES = {
    1: RowState(
        row=1,
        record=record_of(1, generation_id="g1", intent_number=2),
        outcome=RowOutcome(
            status="succeeded",
            cost=Cost(amount=Decimal("0.30"), currency="USD", basis="billed"),
            manifest={"uri": "out/1.mp4", "bytes": 9},
        ),
    ),
    2: RowState(
        row=2,
        record=record_of(2),
        outcome=RowOutcome(status="failed", error_kind=Kind.MODERATION, reason="x" * 900),
    ),
    3: RowState(row=3, record=record_of(3, generation_id="g3")),
}


def test_each_row_has_a_result_with_all_keys() -> None:
    """Null where there is nothing."""
    one, two, three, four = results_of(ROWS, STATES)
    assert [attempt["generation_id"] for attempt in one["attempts"]] == ["g1"]
    assert one == {
        "row": 1,
        "status": "succeeded",
        "generation_id": "g1",
        "uri": "out/1.mp4",
        "manifest": {"uri": "out/1.mp4", "bytes": 9},
        "publication": None,
        "cost": {"amount": "0.30", "currency": "USD", "basis": "billed"},
        "reused": False,
        "error": None,
        "attempts": one["attempts"],
        "intents": 2,
        "metadata": {"sku": 1},
    }
    assert [set(result) for result in (two, three, four)] == [set(one)] * 3
    nothing = dict.fromkeys(("code", "stage", "medium", "field", "index"))
    assert two["error"] == {"kind": "moderation", **nothing, "message": "x" * 900}
    assert (three["status"], four["status"]) == ("in_flight", "not_submitted")
    assert [json.loads(line)["row"] for line in to_json_lines([one, two, three, four]).splitlines()] == [
        1,
        2,
        3,
        4,
    ]


def test_the_summary_is_small() -> None:
    """Twenty failures at most, and no long reasons."""
    found = summarize(results_of(ROWS, STATES), "out/results.jsonl")
    assert found["counts"] == {
        "succeeded": 1,
        "failed": 1,
        "uncollected": 0,
        "uncertain": 0,
        "in_flight": 1,
        "not_submitted": 1,
    }
    assert found["cost"] == {"USD": {"billed": "0.30"}}
    assert (found["rows"], found["results"]) == (4, "out/results.jsonl")
    assert found["failures"][0]["message"] == "x" * 500 + "..."
    many = results_of(
        {row: Row(row, ROWS[2].request) for row in range(1000)}, dict.fromkeys(range(1000), STATES[2])
    )
    assert len(summarize(many, "")["failures"]) == 20


def usd(amount: str, basis: str = "estimated") -> Cost:
    return Cost(amount=Decimal(amount), currency="USD", basis=basis)


def test_totals_are_kept_apart_by_currency_and_basis() -> None:
    """An estimate is not a bill."""
    costs = [
        usd("0.10"),
        usd("0.20"),
        usd("0.5", "billed"),
        Cost(),
        Cost(amount=Decimal(3), currency="credits", basis="billed"),
    ]
    assert totals(costs) == {"USD": {"estimated": "0.30", "billed": "0.5"}, "credits": {"billed": "3"}}


UNCERTAIN = RowState(row=1, record=record_of(1), outcome=RowOutcome(status="uncertain"))
UNCOLLECTED = RowState(
    row=1, record=record_of(1, generation_id="g1"), outcome=RowOutcome(status="uncollected", retryable=True)
)
REFUSED = RowState(row=1, record=record_of(1), outcome=RowOutcome(status="failed"))


@pytest.mark.parametrize(
    ("state", "stopped_by", "message", "retryable"),
    [
        (
            UNCERTAIN,
            None,
            "may have been billed but have no downloaded video yet. Of 1 rows: 1 uncertain",
            False,
        ),
        (UNCOLLECTED, None, "may have been billed but have no downloaded video yet", True),
        (REFUSED, None, "no row succeeded. Of 1 rows: 1 failed. The results are in x.", False),
        (STATES[1], refusal(Kind.BALANCE, "no credit"), "no credit. Of 1 rows: 1 succeeded", False),
        (STATES[1], NotSent("no connection"), "no connection. Of 1 rows", True),
    ],
)
def test_an_incomplete_batch_fails_the_task(
    state: RowState, stopped_by: SeedanceError | None, message: str, retryable: bool
) -> None:
    """A paid video is landed or the task fails; it is retried where another try may do better."""
    summary = summarize([result_of(ROWS[1], state)], "x")
    with pytest.raises(BatchIncomplete, match=re.escape(message)) as incomplete:
        check_complete(summary, [state], stopped_by)
    assert incomplete.value.retryable is retryable


def ended(cost: Cost | None, attempts: tuple[Attempt, ...] = ()) -> RowState:
    record = record_of(1, outcome=Ended(status="failed", cost=cost), attempts=attempts)
    return RowState(row=1, record=record, outcome=RowOutcome(status="failed"))


@pytest.mark.parametrize(
    ("state", "billed"),
    [
        (ended(None), False),
        (ended(usd("0.50", "billed")), True),
        (ended(None, (Attempt(connection="a", status="failed", cost=usd("0.50", "billed")),)), True),
        (ended(None, (Attempt(connection="a", status="unknown"),)), None),
        (UNCERTAIN, None),
        (STATES[1], True),
    ],
)
def test_the_error_says_whether_anything_is_billed(state: RowState, billed: bool | None) -> None:
    """A failure may be, and an attempt that the user has given up may be."""
    summary = summarize([result_of(ROWS[1], state)], "x")
    with pytest.raises(BatchIncomplete) as incomplete:
        check_complete(summary, [state], NotSent("no connection"))
    assert incomplete.value.billed is billed


def test_the_sum_has_the_failures_that_were_billed() -> None:
    results = [result_of(ROWS[1], ended(usd("0.50", "billed"))), result_of(ROWS[1], STATES[1])]
    assert summarize(results, "")["cost"] == {"USD": {"billed": "0.80"}}


def test_a_batch_with_a_success_or_without_rows_is_complete() -> None:
    """Failed rows beside a success do not fail the task."""
    for rows in ((1, 2), ()):
        states = [STATES[row] for row in rows]
        summary = summarize([result_of(ROWS[state.row], state) for state in states], "x")
        check_complete(summary, states, None)

"""The small decisions: when to speak, when to wake the task, where files go, what is handed over."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.paths import check_apart, destination_of_row, folder_of_batch
from airflow_provider_seedance.core.batch.progress import Progress
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import End, RowState
from airflow_provider_seedance.core.batch.summary import as_lines, results, summary
from airflow_provider_seedance.core.batch.wakeup import delay_after_first, enough
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError, Kind
from airflow_provider_seedance.models import Cost, GenerationRequest
from tests.core.batch.simulation import record_of

TASK = TaskIdentity("dag", "run", "task", -1)


@pytest.mark.parametrize(
    ("ended", "of", "fires"),
    [(0, 0, True), (1, 1, True), (9, 30, False), (10, 30, True), (99, 400, False), (100, 400, True)],
)
def test_a_quarter_is_enough_to_wake_the_task(ended: int, of: int, fires: bool) -> None:
    """At least ten, or all there are."""
    assert enough(ended, of) is fires


@pytest.mark.parametrize(("waited", "delay"), [(0, 30), (90, 30), (900, 90), (86_400, 600)])
def test_the_first_one_is_not_left_waiting_for_long(waited: float, delay: float) -> None:
    """A tenth of the time it took, between half a minute and ten."""
    assert delay_after_first(waited) == delay


def test_progress_is_told_every_half_minute_or_twentieth() -> None:
    """And only if something has changed."""
    said: list[tuple[float, int]] = []
    progress = Progress(lambda counts: said.append((now, counts["succeeded"])), started=0.0)
    for now, done in ((1, 0), (6, 4), (12, 5), (14, 50), (20, 50), (60, 51), (99, 51), (130, 52)):
        progress.tell(lambda done=done: {"succeeded": done, "waiting": 100 - done}, now)
    assert said == [(12, 5), (20, 50), (60, 51), (130, 52)]


@pytest.mark.parametrize(
    ("base", "folder"),
    [
        ("s3://bucket/videos/{row}.mp4", "s3://bucket/videos/"),
        ("s3://bucket/{generation_id}.mp4", "s3://bucket/"),
        ("/data/run-{model}/{row}.mp4", "/data/"),
        ("/data/out/", "/data/out/"),
        ("s3://bucket/state", "s3://bucket/state/"),
        ("{row}.mp4", "./"),
    ],
)
def test_a_batch_has_a_folder_of_its_own_beside_the_videos(base: str, folder: str) -> None:
    """The same for each try, another for each task instance."""
    place = folder_of_batch(base, TASK)
    assert place.startswith(f"{folder}seedance-batch-")
    assert place == folder_of_batch(base, TaskIdentity("dag", "run", "task", -1, max_tries=4))
    assert place != folder_of_batch(base, TaskIdentity("dag", "run", "task", 3))


def test_a_row_has_its_number_in_its_destination() -> None:
    """With zeros, so that files sort as rows do."""
    assert destination_of_row("out/{row}-{model}.mp4", 7) == "out/00007-{model}.mp4"


@pytest.mark.parametrize("template", ["out/{row}.mp4", "out/{generation_id}.mp4", "out/"])
def test_destinations_that_differ_by_row_are_taken(template: str) -> None:
    """By its number or by its generation."""
    check_apart(template)


@pytest.mark.parametrize("template", ["out/video.mp4", "out/{model}.mp4"])
def test_a_destination_at_which_rows_would_meet_is_refused(template: str) -> None:
    """Before anything is paid."""
    with pytest.raises(ConfigurationError, match="same file for every row"):
        check_apart(template)


def test_a_name_that_is_not_known_is_told_with_those_that_are() -> None:
    """The row's among them."""
    with pytest.raises(ConfigurationError, match=r"\{rows\} is not known; known are .*\brow\b"):
        check_apart("out/{rows}.mp4")


def test_an_event_survives_the_database() -> None:
    """Also "could not look"; and what a later version adds."""
    for event in (BatchEvent({3: WaitOutcome.ENDED, 1: WaitOutcome.TIMED_OUT}), BatchEvent(None)):
        stored = json.loads(json.dumps({**event.to_payload(), "more": 1}))
        assert BatchEvent.from_payload(stored) == event


@pytest.mark.parametrize(
    "payload", [None, {}, {"ended": 1}, {"ended": [["x", "ended"]]}, {"ended": [[1, "asleep"]]}]
)
def test_an_event_that_cannot_be_read_is_an_error(payload: Any) -> None:
    """It names the likely reason."""
    with pytest.raises(ConfigurationError, match="same provider version"):
        BatchEvent.from_payload(payload)


ROWS = {number: Row(number, GenerationRequest(prompt="A fox"), {"sku": number}) for number in range(1, 5)}
STATES = {
    1: RowState(
        row=1,
        record=record_of(1, generation_id="g1", intent=2),
        end=End(
            status="succeeded",
            cost=Cost(amount=Decimal("0.30"), currency="USD", basis="billed"),
            manifest={"uri": "out/1.mp4", "bytes": 9},
        ),
    ),
    2: RowState(row=2, record=record_of(2), end=End(status="failed", kind=Kind.MODERATION, reason="x" * 900)),
    3: RowState(row=3, record=record_of(3, generation_id="g3")),
}


def test_each_row_has_a_result_with_all_keys() -> None:
    """Null where there is nothing."""
    one, two, three, four = results(ROWS, STATES)
    assert one == {
        "row": 1,
        "status": "succeeded",
        "generation_id": "g1",
        "uri": "out/1.mp4",
        "manifest": {"uri": "out/1.mp4", "bytes": 9},
        "cost": {"amount": "0.30", "currency": "USD", "basis": "billed"},
        "error": None,
        "attempts": 2,
        "metadata": {"sku": 1},
    }
    assert [set(result) for result in (two, three, four)] == [set(one)] * 3
    assert two["error"] == {"kind": "moderation", "message": "x" * 900}
    assert (three["status"], four["status"]) == ("in_flight", "not_submitted")
    assert [json.loads(line)["row"] for line in as_lines([one, two, three, four]).splitlines()] == [
        1,
        2,
        3,
        4,
    ]


def test_the_summary_is_small() -> None:
    """Twenty failures at most, and no long reasons."""
    told = summary(results(ROWS, STATES), "out/results.jsonl")
    assert told["counts"] == {
        "succeeded": 1,
        "failed": 1,
        "uncollected": 0,
        "uncertain": 0,
        "in_flight": 1,
        "not_submitted": 1,
    }
    assert told["cost"] == {"USD": {"billed": "0.30"}}
    assert (told["rows"], told["results"]) == (4, "out/results.jsonl")
    assert told["failures"][0]["message"] == "x" * 500 + "..."
    many = results(
        {row: Row(row, ROWS[2].request) for row in range(1000)}, dict.fromkeys(range(1000), STATES[2])
    )
    assert len(summary(many, "")["failures"]) == 20

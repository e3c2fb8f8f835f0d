"""Every cell of the table of decisions: what a new try does about a record, for a video and for a row."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import SeedanceError
from tests.faults.memories import STORE
from tests.faults.oracle.decisions import DECISIONS, WORDS, Decision
from tests.faults.records import CONTENT, GONE, OUTCOMES, leave_behind
from tests.faults.scene import Scene

#: It finds a lost answer by our own key, so that an intent without an id can be adopted.
VENDOR = "toapis"

as_video_and_row = pytest.mark.parametrize("row", [False, True], ids=["video", "row"])
each_decision = pytest.mark.parametrize("decision", DECISIONS, ids=str)


@pytest.fixture
def resumed(ordering: Callable[..., Scene]) -> Callable[..., tuple[Scene, SubmissionRecord | None]]:
    """Makes a task that finds the record of a decision."""

    def made(decision: Decision, *, row: bool, clears: int, **policies: str) -> tuple:
        arguments = dict(policies)
        if decision.vendor == "failed: content" and not decision.changed:
            arguments["prompt"] = CONTENT
        scene = ordering(VENDOR, STORE, row=row, **arguments)
        record = leave_behind(scene, decision)
        scene.task.context["ti"].max_tries += clears
        return scene, record

    return made


def what_it_does(scene: Scene, record: SubmissionRecord | None) -> str:
    """One try, in a word of the table."""
    before = scene.emulator.ledger()["creates_received"]
    made = None
    try:
        made = scene.try_once()
    except (SeedanceError, AirflowFailException) as error:
        logging.getLogger(__name__).warning("%s", error)
    creates = scene.emulator.ledger()["creates_received"] - before
    if creates:
        assert creates == 1
        return "submits"
    if made is None:
        return "fails"
    assert record is not None
    assert record.generation_id in (made, None)
    return "goes on" if record.generation_id else "adopts"


def test_each_record_is_tried_and_each_word_explained() -> None:
    """Neither a word nor a record stands for nothing."""
    assert {decision.record for decision in DECISIONS} == {*OUTCOMES, "nothing"}
    assert {word for one in DECISIONS for word in (one.retry, one.clear)} == set(WORDS)


@as_video_and_row
@pytest.mark.parametrize("clears", [0, 1], ids=["retry", "clear"])
@each_decision
def test_it_does_as_the_table_says(
    decision: Decision, clears: int, row: bool, resumed: Callable[..., tuple], caplog
) -> None:
    """A retry, and a clear with ``on_clear="reattach"``."""
    scene, record = resumed(decision, row=row, clears=clears)
    word = decision.clear if clears else decision.retry
    if word != "asks":
        assert what_it_does(scene, record) == word
    else:
        assert what_it_does(scene, record) == "fails"
        assert "on_stale_state='resubmit'" in caplog.text
        scene.task.operator.on_stale_state = "resubmit"
        assert what_it_does(scene, record) == "submits"


@as_video_and_row
@pytest.mark.parametrize(
    "record", ["a generation", "a generation of a connection that is gone", "a generation of another account"]
)
def test_regenerating_always_submits(record: str, row: bool, resumed: Callable[..., tuple]) -> None:
    """Whatever became of the one on record, its connection or its account."""
    decision = Decision(record, "queued or running", "", "submits")
    scene, found = resumed(decision, row=row, clears=1, on_clear="regenerate")
    assert what_it_does(scene, found) == "submits"


@as_video_and_row
def test_another_accounts_generation_is_paid_for_again_by_choice(
    row: bool, resumed: Callable[..., tuple]
) -> None:
    """``on_orphaned_intent="resubmit"`` is the other way out."""
    decision = Decision("a generation of another account", "does not know it", "fails", "fails")
    scene, found = resumed(decision, row=row, clears=0, on_orphaned_intent="resubmit")
    assert what_it_does(scene, found) == "submits"


@as_video_and_row
def test_a_connection_that_is_gone_is_named(row: bool, resumed: Callable[..., tuple], caplog) -> None:
    """With the generation, and both ways out."""
    decision = Decision("a generation of a connection that is gone", "", "fails", "fails")
    scene, record = resumed(decision, row=row, clears=0)
    assert what_it_does(scene, record) == "fails"
    for part in (record.generation_id, GONE, "Restore that connection", "on_clear='regenerate'"):
        assert part in caplog.text

"""What a later part of a batch finds: other rows, another vendor, other wishes of its user."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_provider_seedance.errors import BatchIncomplete
from airflow_provider_seedance.runtime.batch_session import BatchSession
from tests.operators.conftest import creates, lines


def while_deferred(task, change) -> None:
    """Change something while the task waits."""
    goes_on = task.while_deferred

    def both() -> None:
        goes_on()
        change()

    task.while_deferred = both


def clear(task) -> None:
    """As a user does."""
    task.context["ti"].max_tries += 1
    task.while_deferred()


@pytest.mark.parametrize(
    "changed",
    ['"A fox"\n"A hare"\n', '"A goat"\n"A fox"\n"A hare"\n"A cat"\n'],
    ids=["one is gone", "one put in before"],
)
def test_a_file_that_changes_meanwhile_is_refused(changed, batching, connect, emulator, tmp_path) -> None:
    """By the numbers of the rows; nothing is paid for twice or forgotten, and putting it back mends it."""
    rows, before = tmp_path / "rows.jsonl", '"A fox"\n"A hare"\n"A cat"\n'
    rows.write_text(before)
    task = batching(connect(), str(rows))
    while_deferred(task, lambda: rows.write_text(changed))
    with pytest.raises(
        AirflowFailException, match=r"have changed, or are gone(?s:.*)3\b(?s:.*)Put the rows back"
    ):
        task()
    while_deferred(task, lambda: rows.write_text(before))
    clear(task)
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


def test_rows_that_are_gone_by_choice_are_not_waited_for(batching, connect, emulator, tmp_path) -> None:
    """The user chose to pay for what there is now."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text('"A fox"\n"A hare"\n"A cat"\n')
    task = batching(connect(), str(rows), on_stale_state="resubmit")
    while_deferred(task, lambda: rows.write_text('"A fox"\n"A goat"\n'))
    summary = task()
    assert (summary["rows"], summary["counts"]["succeeded"]) == (2, 2)
    assert Counter(entry["prompt"] for entry in emulator.ledger()["generations"]) == {
        "A fox": 1,
        "A hare": 1,
        "A cat": 1,
        "A goat": 1,
    }


def test_another_vendor_behind_the_connection_is_refused(
    batching, connect, emulator, monkeypatch, tmp_path
) -> None:
    """Ids mean nothing there; with the connection put back all goes on."""
    monkeypatch.setattr("airflow_provider_seedance.core.polling.decide.NOT_FOUND_GRACE_SECONDS", 0.0)
    task = batching(connect())
    while_deferred(task, lambda: connect("toapis"))
    with pytest.raises(AirflowFailException, match="3 uncollected"):
        task()
    (told,) = [path.read_text() for path in tmp_path.glob("*/results.jsonl")]
    assert told.count("connection 'seedance_tested', which leads to toapis by now") == 3
    while_deferred(task, connect)
    connect()
    clear(task)
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


def test_rows_under_way_go_on_through_their_own_connection(batching, connect, emulator) -> None:
    """Another one for the task gets the new intents, and only those."""
    task = batching(connect())
    with pytest.raises(TaskDeferred):
        task._single_use().execute(task.context)
    task.operator.seedance_conn_id = connect("toapis", "seedance_other")
    task.operator.requests = ["A fox", "A hare", "A cat", "A goat"]
    task()
    made = Counter(entry["vendor"] for entry in emulator.ledger()["generations"] if entry["billed"])
    assert made == {"modelark": 3, "toapis": 1}


@pytest.mark.parametrize("status", [400, 404])
def test_what_may_be_paid_for_is_never_called_failed(status, batching, connect, emulator) -> None:
    """A create's answer is lost, and then the vendor refuses to be asked: a retry asks again."""
    emulator.add_fault(on="create", kind="drop_after_accept", times=1)
    emulator.add_fault(on="list", kind="status", status=status, times=1)
    task = batching(connect())
    with pytest.raises(BatchIncomplete, match="1 uncertain"):
        task()
    assert task()["counts"]["succeeded"] == 3
    assert creates(emulator) == 3


def test_videos_are_landed_when_that_is_asked_for_later(
    batching, connect, emulator, tmp_path, monkeypatch
) -> None:
    """Without paying again."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    task = batching(connect(), destination=None)
    assert [line["uri"] for line in lines(task())] == [None] * 3
    task.operator.destination = f"{tmp_path}/{{row}}.mp4"
    clear(task)
    assert all(Path(line["uri"]).exists() for line in lines(task()))
    assert creates(emulator) == 3


def test_all_anew_within_a_new_limit(batching, connect, emulator, tmp_path) -> None:
    """What was paid before does not count; what the limit leaves out is not submitted, and said so."""
    task = batching(connect(), max_cost="1.00 USD")
    task()
    task.operator.on_clear, task.operator.max_cost = "regenerate", "0.60 USD"
    clear(task)
    with pytest.raises(AirflowFailException, match="2 succeeded, 1 not_submitted"):
        task()
    assert creates(emulator) == 5


def test_a_retry_goes_on_with_what_was_not_collected(batching, connect, emulator) -> None:
    """Looking costs nothing."""
    emulator.add_fault(on="get", kind="status", status=401, times=None)
    task = batching(connect("evolink"), ["A fox"])
    with pytest.raises(AirflowFailException, match="1 uncollected"):
        task()
    emulator.clear_faults()
    assert task()["counts"]["succeeded"] == 1
    assert creates(emulator) == 1


def test_a_lost_row_is_adopted_by_its_id(batching, connect, emulator, tmp_path) -> None:
    """Found in the vendor's console and named in the row, it is landed without another bill."""
    emulator.add_fault(on="create", kind="drop_after_accept", times=1)
    task = batching(connect("evolink"), [{"prompt": "A fox"}, {"prompt": "A hare"}])
    with pytest.raises(AirflowFailException, match=r"1 succeeded, 1 uncertain(?s:.*)rows as generation_id"):
        task()
    (results,) = [path.read_text() for path in tmp_path.glob("*/results.jsonl")]
    assert "give the row its id as generation_id" in results
    bought = {entry["prompt"]: entry["generation_id"] for entry in emulator.ledger()["generations"]}
    task.operator.requests = [
        {"prompt": prompt, "generation_id": bought[prompt]} for prompt in ("A fox", "A hare")
    ]
    clear(task)
    assert [line["generation_id"] for line in lines(task())] == [bought["A fox"], bought["A hare"]]
    assert creates(emulator) == 2


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize(
    ("vendor", "rows", "fault", "lists", "gets"),
    [
        ("modelark", 6, None, 1, 0),
        ("modelark", 2, None, 0, 2),
        ("modelark", 6, {"kind": "status", "status": 400}, 1, 6),
        ("evolink", 6, None, 0, 6),
    ],
    ids=["by list", "few", "a list that fails", "no list"],
)
def test_rows_under_way_are_read_by_list(
    vendor, rows, fault, lists, gets, batching, connect, emulator, monkeypatch
) -> None:
    """By a new try, a page at a time, where the vendor has one; else one by one."""
    task = batching(connect(vendor), [f"Fox {number}" for number in range(rows)])
    with monkeypatch.context() as patch:
        patch.setattr(task, "_wait", lambda paused: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            task()
    if fault:
        emulator.add_fault(vendor=vendor, on="list", **fault)
    read = []
    with monkeypatch.context() as patch:
        registered = BatchSession.register

        def register(session, count) -> None:
            read.append(dict(emulator.ledger()["requests"][vendor]))
            registered(session, count)

        before = emulator.ledger()["requests"][vendor]
        patch.setattr(BatchSession, "register", register)
        assert task()["counts"]["succeeded"] == rows
    assert read[0].get("list", 0) - before.get("list", 0) == lists
    assert read[0]["get"] - before["get"] == gets
    assert creates(emulator) == rows

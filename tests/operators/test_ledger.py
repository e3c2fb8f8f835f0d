"""Operators with a ledger: one row for each intent, budgets that hold, and no video lost when it is out of reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.runtime.ledger import open_ledger
from tests.operators.conftest import Connect, TaskRun, creates, lines


@pytest.fixture
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger is switched on."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{path}")
    return path


def rows() -> list[dict[str, Any]]:
    ledger = open_ledger()
    assert ledger
    return list(spend.history(ledger.engine, spend.Filter()))


def test_a_video_is_settled_with_what_it_cost(
    ledger_file: Path, connect: Connect, generating: Callable[..., TaskRun], tmp_path: Path
) -> None:
    """The task state shows the record too."""
    task = generating(connect("evolink"), destination=f"{tmp_path}/fox.mp4")
    made = task()
    (row,) = rows()
    assert (row["dag_id"], row["task_id"], row["status"]) == ("tested", "generate", "succeeded")
    assert (row["cost_amount"], row["cost_currency"], row["cost_basis"]) == tuple(made["cost"].values())
    assert row["landed_uri"] == f"{tmp_path}/fox.mp4"
    assert task.state.values["seedance_generation"]["generation_id"] == row["generation_id"]


def test_a_rescue_finds_the_video_where_the_ledger_says(
    ledger_file: Path,
    connect: Connect,
    generating: Callable[..., TaskRun],
    emulator: Any,
    tmp_path: Path,
) -> None:
    """At a vendor without a list, and far from its own destination. The vendor is not asked; once it is gone, it is."""
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    conn_id = connect("evolink")
    made = generating(conn_id, destination=f"{tmp_path}/far/fox.mp4")()
    requests = len(emulator.requests())
    (row,) = SeedanceHook(conn_id).rescue(f"{tmp_path}/near/{{generation_id}}.mp4")
    assert (row["generation_id"], row["outcome"]) == (made["generation_id"], "present")
    assert row["uri"] == f"{tmp_path}/far/fox.mp4"
    assert len(emulator.requests()) == requests
    (tmp_path / "far" / "fox.mp4").unlink()
    (row,) = SeedanceHook(conn_id).rescue(f"{tmp_path}/near/{{generation_id}}.mp4")
    assert (row["outcome"], row["uri"]) == ("landed", f"{tmp_path}/near/{made['generation_id']}.mp4")


def test_each_row_of_a_batch_is_an_intent(
    ledger_file: Path, connect: Connect, batching: Callable[..., TaskRun]
) -> None:
    """With its number."""
    made = batching(connect("modelark"))()
    found = {row["batch_row"]: row for row in rows()}
    assert sorted(found) == [1, 2, 3]
    for line in lines(made):
        row = found[line["row"]]
        assert (row["generation_id"], row["landed_uri"]) == (line["generation_id"], line["uri"])
        assert (row["cost_amount"], row["cost_basis"]) == (line["cost"]["amount"], line["cost"]["basis"])


def test_nothing_is_sent_without_the_ledger_and_nothing_is_lost(
    ledger_file: Path,
    connect: Connect,
    generating: Callable[..., TaskRun],
    monkeypatch: pytest.MonkeyPatch,
    emulator: Any,
    tmp_path: Path,
) -> None:
    """Out of reach before the submission it is an error; after it the video is landed all the same."""
    task = generating(connect("modelark"), destination=f"{tmp_path}/fox.mp4")
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", "sqlite:////nowhere/at/all.db")
        with pytest.raises(SeedanceError, match="not reachable"):
            task()
        assert creates(emulator) == 0
    advance = task.while_deferred

    def cut_off() -> None:
        advance()
        monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", "sqlite:////nowhere/at/all.db")

    task.while_deferred = cut_off
    assert Path(task()["manifest"]["uri"]).exists()
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{ledger_file}")
    assert [row["status"] for row in rows()] == ["submitted"]


def test_a_budget_holds_for_videos_and_for_rows(
    ledger_file: Path,
    connect: Connect,
    generating: Callable[..., TaskRun],
    batching: Callable[..., TaskRun],
    emulator: Any,
) -> None:
    """What it leaves no room for is not sent, and the error tells the figures."""
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.models import GenerationRequest
    from tests.operators.conftest import SMALL

    price = SeedanceHook(connect("toapis")).estimate_cost(GenerationRequest.parse(SMALL)).amount
    assert price
    budgets = [{"limit": f"{price * 2} USD", "per": "day"}]
    conn_id = connect("toapis", extra={"budgets": budgets})
    generating(conn_id)()
    with pytest.raises(AirflowFailException, match=r"per day.*spent.*reserved"):
        batching(conn_id)()
    assert creates(emulator) == 2


def test_a_budget_without_a_ledger_is_refused(
    connect: Connect, generating: Callable[..., TaskRun], emulator: Any
) -> None:
    """With the option that switches one on."""
    conn_id = connect("toapis", extra={"budgets": [{"limit": "1 USD", "per": "day"}]})
    with pytest.raises(AirflowFailException, match="ledger_conn_id"):
        generating(conn_id)()
    assert creates(emulator) == 0


@pytest.mark.parametrize(
    ("least", "refused"), [("1 credits", None), ("100000000 credits", "below"), ("5 USD", "in credits")]
)
def test_a_least_balance_is_kept(
    connect: Connect, generating: Callable[..., TaskRun], emulator: Any, least: str, refused: str | None
) -> None:
    """As far as the vendor tells."""
    task = generating(connect("evolink", extra={"min_balance": least}))
    if refused is None:
        task()
        return
    with pytest.raises(AirflowFailException, match=refused):
        task()
    assert creates(emulator) == 0


@pytest.mark.parametrize(
    ("changes", "bought"),
    [
        ({}, 1),
        ({"prompt": "A hare looks up"}, 2),
        ({"seed": -1}, 2),
        ({"seed": 7}, 2),
        ({"reuse": False}, 2),
        ({"reuse_max_age": "60"}, 2),
    ],
    ids=["equal", "another prompt", "another take", "a seed", "not asked for", "too old"],
)
def test_an_equal_request_is_not_paid_for_again(
    ledger_file: Path,
    connect: Connect,
    generating: Callable[..., TaskRun],
    emulator: Any,
    passing: Any,
    tmp_path: Path,
    changes: dict[str, Any],
    bought: int,
) -> None:
    """Its video is copied to where this task wants it, and the manifest tells where it comes from."""
    conn_id = connect("modelark")
    first = generating(conn_id, reuse=True, destination=f"{tmp_path}/a/{{generation_id}}.mp4")()
    passing.moment += 61
    second = generating(conn_id, **{"reuse": True, "destination": f"{tmp_path}/b/fox.mp4", **changes})()
    assert creates(emulator) == bought
    assert (first["reused"], second["reused"]) == (False, bought == 1)
    assert second["cost"]["currency"] == "USD"
    assert Path(second["manifest"]["uri"]).read_bytes()
    if second["reused"]:
        assert second["manifest"]["reused_from"] == first["manifest"]["uri"]
        assert second["generation_id"] == first["generation_id"]
        assert second["cost"]["amount"] == "0"
        assert second["manifest"]["sha256"] == first["manifest"]["sha256"]
        assert {*first} == {*second}


@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_video_that_is_not_whole_is_paid_for_again(
    ledger_file: Path,
    connect: Connect,
    generating: Callable[..., TaskRun],
    emulator: Any,
    tmp_path: Path,
    harm: str,
) -> None:
    """Whatever became of the file."""
    conn_id = connect("modelark")
    made = generating(conn_id, reuse=True, destination=f"{tmp_path}/a/fox.mp4")()
    path = Path(made["manifest"]["uri"])
    content = path.read_bytes()
    path.unlink()
    if harm != "gone":
        path.write_bytes(content[:-1] if harm == "cut" else content[:-1] + b"\0")
    assert not generating(conn_id, reuse=True, destination=f"{tmp_path}/b/fox.mp4")()["reused"]
    assert creates(emulator) == 2


def test_a_nights_rerun_pays_for_what_has_changed(
    ledger_file: Path, connect: Connect, batching: Callable[..., TaskRun], emulator: Any, tmp_path: Path
) -> None:
    """All shots, then none, then one; a retry of the rerun pays for none."""
    conn_id, shots = connect("modelark"), [f"Shot {number}" for number in range(5)]
    batching(conn_id, shots, reuse=True, destination=f"{tmp_path}/1/{{row}}.mp4")()
    assert creates(emulator) == 5
    rerun = batching(conn_id, shots, reuse=True, destination=f"{tmp_path}/2/{{row}}.mp4")
    made = rerun()
    assert (creates(emulator), made["counts"]["succeeded"]) == (5, 5)
    assert all(
        line["reused"] and line["generation_id"] and line["cost"]["amount"] == "0" for line in lines(made)
    )
    rerun()
    assert creates(emulator) == 5
    shots[3] = "Shot 3, in the rain"
    made = batching(conn_id, shots, reuse=True, destination=f"{tmp_path}/3/{{row}}.mp4")()
    assert creates(emulator) == 6
    assert [line["row"] for line in lines(made) if not line["reused"]] == [4]
    assert len(rows()) == 6


def test_reuse_needs_a_ledger(connect: Connect, generating: Callable[..., TaskRun]) -> None:
    """The error says how to have one."""
    with pytest.raises(AirflowFailException, match="ledger_conn_id"):
        generating(connect("modelark"), reuse=True)()


@pytest.fixture
def one_video(connect: Connect) -> str:
    """A connection whose budget has room for one small video, which is taken."""
    from airflow_provider_seedance.hooks.seedance import SeedanceHook
    from airflow_provider_seedance.models import GenerationRequest
    from tests.operators.conftest import SMALL

    price = SeedanceHook(connect("toapis")).estimate_cost(GenerationRequest.parse(SMALL)).amount
    return connect("toapis", extra={"budgets": [{"limit": f"{price} USD", "per": "day"}]})


@pytest.mark.parametrize("kind", ["generating", "batching"])
def test_a_task_can_wait_until_the_budget_has_room(
    ledger_file: Path,
    one_video: str,
    generating: Callable[..., TaskRun],
    request: pytest.FixtureRequest,
    emulator: Any,
    kind: str,
) -> None:
    """Without a worker; what is settled below its estimate or not bought makes room."""
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger
    from airflow.sdk.exceptions import TaskDeferred

    generating(one_video)()
    arguments = {"requests": ("A hare",)} if kind == "batching" else {}
    waiting = request.getfixturevalue(kind)(one_video, on_budget="wait", **arguments)
    with pytest.raises(TaskDeferred) as deferred:
        waiting._single_use().execute(waiting.context)
    assert isinstance(deferred.value.trigger, DateTimeTrigger)
    assert creates(emulator) == 1
    ledger = open_ledger()
    assert ledger
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE seedance_intents SET counted_amount = 0")
    with pytest.raises(TaskDeferred) as waits:
        waiting._single_use().resume_execution(deferred.value.method_name, {"event": None}, waiting.context)
    assert not isinstance(waits.value.trigger, DateTimeTrigger)
    assert creates(emulator) == 2


def test_what_an_empty_budget_has_no_room_for_is_not_waited_for(
    ledger_file: Path, one_video: str, generating: Callable[..., TaskRun], emulator: Any
) -> None:
    """It would wait for ever."""
    with pytest.raises(AirflowFailException, match="may cost"):
        generating(one_video, on_budget="wait", duration=8)()
    assert creates(emulator) == 0


def test_a_preview_shows_how_budgets_stand(
    ledger_file: Path, one_video: str, generating: Callable[..., TaskRun], emulator: Any
) -> None:
    """Beside the estimate and the row of the price list that it comes from."""
    generating(one_video)()
    shown = generating(one_video, preview=True)()
    (budget,) = shown["budgets"]
    assert budget["per"] == "day"
    assert budget["spent"] != "0"
    assert shown["prices"][0]["source"]
    assert creates(emulator) == 1

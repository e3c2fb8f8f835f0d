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

"""Attempts beside what else a task can do: reuse a video, wait for a budget, bring a key of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.ledger import open_ledger
from tests.operators.conftest import SMALL, creates

TAME = {"prompt": "A fox in a meadow"}


@pytest.fixture
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Named in the configuration."""
    path = tmp_path / "ledger.db"
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return path


@pytest.fixture
def landed(ledger_file: Path, connect: Callable[..., str], generating: Any, tmp_path: Path) -> list[str]:
    """Two connections; the second has made a video of the small request, and one of the tame one."""
    both = [connect("evolink", "primary", password="sk-empty"), connect("modelark", "backup")]
    for number, change in enumerate(({}, TAME, {"model": "seedance-1.0-pro-fast"})):
        generating("backup", destination=f"{tmp_path}/{number}.mp4", **change)()
    return both


@pytest.mark.parametrize(
    ("arguments", "attempts"),
    [
        # The first has no balance; the first does not have the model.
        ({}, []),
        ({"model": "seedance-1.0-pro-fast"}, []),
        # The request is refused at the second; the changed one has a video there.
        ({"prompt": "[emulator:moderation] A fox", "on_moderation": [TAME]}, ["refused", "failed"]),
    ],
    ids=["no balance", "no such model", "after a refusal"],
)
def test_an_equal_video_is_found_before_the_place_is_paid(
    landed: list[str], generating: Any, emulator: Any, tmp_path: Path, arguments: Any, attempts: list[str]
) -> None:
    """Wherever that is among the attempts; what was tried before it is told."""
    before = len(emulator.ledger()["generations"])
    result = generating(landed, reuse=True, destination=f"{tmp_path}/reused.mp4", **arguments)()
    assert (result["reused"], result["seedance_conn_id"]) == (True, "backup")
    assert Path(result["manifest"]["uri"]).read_bytes()
    assert len(emulator.ledger()["generations"]) - before == attempts.count("failed")
    if attempts:
        assert [attempt["status"] for attempt in result["attempts"]] == attempts


def test_a_request_that_no_connection_takes_is_refused(landed: list[str], generating: Any) -> None:
    """As without reuse."""
    with pytest.raises(AirflowFailException, match="duration"):
        generating(landed, reuse=True, duration=99)()


@pytest.mark.parametrize("arguments", [{"on_moderation": [TAME]}, {"on_moderation": [{}, TAME]}])
def test_a_key_of_the_users_own_and_changes_are_refused(
    generating: Any, connect: Any, emulator: Any, arguments: Any
) -> None:
    """The vendor would answer each change with the first generation."""
    options = {"client_business_id": "mine"}
    with pytest.raises(AirflowFailException, match="a key of its own"):
        generating(connect("toapis"), vendor_options=options, **arguments)()
    assert creates(emulator) == 0


def test_a_task_that_nothing_remembers_waits_for_a_budget_and_goes_on(
    ledger_file: Path, connect: Any, generating: Any, emulator: Any
) -> None:
    """At the rung where it stood: the first attempt is not made again."""
    price = SeedanceHook(connect()).estimate_cost(GenerationRequest.parse(SMALL)).amount
    conn_id = connect(extra={"budgets": [{"limit": f"{price * 7 / 2} USD", "per": "day"}]})
    generating(conn_id)()
    emulator.add_fault(on="create", kind="moderation", times=1)
    three_times = {"duration": SMALL["duration"] * 3}
    task = generating(conn_id, durable=False, on_budget="wait", on_moderation=[three_times], deferrable=False)
    with pytest.raises(TaskDeferred) as waits:
        task._single_use().execute(task.context)
    assert creates(emulator) == 2
    ledger = open_ledger()
    assert ledger
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE seedance_intents SET counted_amount = 0")
    kwargs = {**json.loads(json.dumps(waits.value.kwargs)), "event": None}
    result = task._single_use().resume_execution(waits.value.method_name, kwargs, task.context)
    assert [(attempt["rung"], attempt["status"]) for attempt in result["attempts"]] == [
        (0, "refused"),
        (1, "succeeded"),
    ]
    assert creates(emulator) == 3

"""A real Airflow, started and asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dev.emulator import connection
from dev.environment import plain_environment
from dev.fixtures import AirflowWithEmulator
from dev.look import store
from dev.stack import StackError, airflow

pytestmark = pytest.mark.xdist_group("airflow")

DAG_ID = "seedance_text_to_video"


def test_all_parts_are_healthy(airflow_stack: AirflowWithEmulator) -> None:
    """When the block begins, everything is up."""
    health = airflow_stack.api.health()
    assert set(health.values()) == {"healthy"}
    assert {"scheduler", "triggerer", "dag_processor", "metadatabase"} <= set(health)


def test_the_example_dags_are_there(airflow_stack: AirflowWithEmulator) -> None:
    """Each example file is parsed without an error."""
    airflow_stack.api.wait_for_dag(DAG_ID)
    assert airflow_stack.api.import_errors() == {}


def test_a_run_is_followed_to_its_end(airflow_stack: AirflowWithEmulator, tmp_path: Path) -> None:
    """A deferred task resumes; its log, return value and bill can be read."""
    api = airflow_stack.api
    api.wait_for_dag(DAG_ID)
    run = api.trigger(DAG_ID, {"output": str(tmp_path)})
    assert api.finish(run) == "success"
    (task,) = api.tasks(run)
    video = api.xcom(run, task.task_id)
    assert Path(video["manifest"]["uri"]).parent == tmp_path
    assert "Pausing task as DEFERRED" in api.log(run, task)
    billed = {entry["generation_id"] for entry in airflow_stack.emulator.ledger()["generations"]}
    assert video["generation_id"] in billed


def test_stored_connections_can_be_tested(airflow_stack: AirflowWithEmulator) -> None:
    """As the UI's button does: with port 0 and without the key, which Airflow takes from its database."""
    api = airflow_stack.api
    store(api, {"seedance_stored": connection("evolink", airflow_stack.emulator.url)})
    (stored,) = api.call("GET", "/connections", params={"connection_id_pattern": "seedance_stored"})[
        "connections"
    ]
    form = {key: value for key, value in stored.items() if key not in ("team_name", "schema")}
    assert form["password"] == "***"
    assert api.call("POST", "/connections/test", json={**form, "port": 0})["status"] is True


def test_tasks_know_nothing_of_other_airflows(airflow_stack: AirflowWithEmulator) -> None:
    """Settings of the environment that started the stack do not reach it."""
    home = airflow_stack.environment["AIRFLOW_HOME"]
    assert home == str(airflow_stack.home) != os.environ.get("AIRFLOW_HOME")
    assert [name for name in plain_environment() if name.startswith("AIRFLOW")] == []


def test_an_airflow_keeps_what_python_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task has a process, which would compile all that it imports anew."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in plain_environment()


def test_a_database_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    """The error carries what the migration said."""
    with (
        pytest.raises(StackError, match="db migrate failed"),
        airflow(tmp_path, dags=[], database=f"sqlite:///{tmp_path}/no/such/folder/airflow.db"),
    ):
        pytest.fail("it came up")


def test_the_command_line_sees_the_same_airflow(airflow_stack: AirflowWithEmulator) -> None:
    """``Stack.environment`` is all that another Airflow command needs."""
    done = subprocess.run(
        ["airflow", "config", "get-value", "core", "executor"],
        env=dict(airflow_stack.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == "LocalExecutor"

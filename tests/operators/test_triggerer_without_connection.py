"""A connection that workers have and the triggerer lacks, such as an environment variable of the workers alone."""

from __future__ import annotations

import threading

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.airflow.running import TaskRun
from tests.operators.conftest import LONG

VARIABLE = "AIRFLOW_CONN_SEEDANCE_TESTED"


def hide_from_triggerer(task: TaskRun) -> TaskRun:
    """Take the connection away while a trigger of the task runs."""
    wait = task._wait

    def hidden(paused):
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv(VARIABLE)
            return wait(paused)

    task._wait = hidden
    return task


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_the_worker_waits_in_its_place(vendor, generating, connect, emulator, capfd) -> None:
    task = hide_from_triggerer(generating(connect(vendor)))
    task.while_deferred = lambda: None
    assert task()["status"] == "succeeded"
    assert [payload["outcome"] for payload in task.payloads] == ["no_connection"]
    assert "The triggerer has no usable connection 'seedance_tested'" in capfd.readouterr().out
    assert emulator.ledger()["creates_received"] == 1


def test_the_worker_waits_for_the_rows_of_a_batch(batching, connect, emulator, capfd) -> None:
    task = hide_from_triggerer(batching(connect()))
    task.while_deferred = threading.Timer(0.2, emulator.advance, [LONG]).start
    assert task()["counts"]["succeeded"] == 3
    assert len(task.deferrals) == 1
    assert "The triggerer has no usable connection 'seedance_tested'" in capfd.readouterr().out


def test_one_that_is_gone_for_the_worker_too_is_named(generating, connect, monkeypatch) -> None:
    task = generating(connect())
    task.while_deferred = lambda: monkeypatch.delenv(VARIABLE)
    with pytest.raises(AirflowFailException, match="connection 'seedance_tested' does not exist"):
        task()
    assert [payload["outcome"] for payload in task.payloads] == ["no_connection"]

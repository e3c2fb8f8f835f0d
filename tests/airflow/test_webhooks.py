"""A vendor's callback wakes its task: through a real API server, scheduler and triggerer."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.runtime.callbacks import PREFIX
from airflow_provider_seedance.runtime.polling import EARLIEST_EVENT_SECONDS
from airflow_provider_seedance.runtime.waiting_tasks import TRIGGER_START_SECONDS
from dev.api import Run
from tests.airflow.stack import DEFAULT_TIMEOUT, RATE, TestedStack
from tests.airflow.test_clear_and_kill import deferred

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def run(stack: TestedStack) -> Run:
    """All tasks wait, their triggers have asked once, and ask again in a minute and a half at the earliest; then every
    video is ready at once."""
    stack.emulator.set_rate(0)
    try:
        run = stack.trigger("tested_webhooks")
        deferred(stack, run)
        _wait_for_the_first_reads(stack, run)
        _wait_until_airflow_takes_events(stack, run)
        stack.emulator.advance(3600)
    finally:
        stack.emulator.set_rate(RATE)
    return run


def _wait_for_the_first_reads(stack: TestedStack, run: Run) -> None:
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while not all(" is queued at " in stack.api.log(run, task) for task in stack.api.tasks(run)):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def _wait_until_airflow_takes_events(stack: TestedStack, run: Run) -> None:
    created = [datetime.fromisoformat(task["trigger"]["created_date"]) for task in _instances(stack, run)]
    hold = TRIGGER_START_SECONDS + EARLIEST_EVENT_SECONDS
    time.sleep(max(0.0, max(created).timestamp() + hold - time.time()))


def _instances(stack: TestedStack, run: Run) -> list[dict[str, Any]]:
    path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
    found: list[dict[str, Any]] = stack.api.call("GET", path)["task_instances"]
    return found


def _generations(stack: TestedStack, run: Run) -> set[str]:
    return {stack.api.xcom(run, task.task_id)["generation_id"] for task in stack.api.tasks(run)}


def test_each_vendors_callback_wakes_its_task(stack: TestedStack, run: Run) -> None:
    """The API server tells whom; polling would have come later."""
    stack.succeed(run)
    told = stack.processes.log("api-server").read_text(encoding="utf-8")
    for task in stack.api.tasks(run):
        woken = f"('{run.dag_id}', '{run.run_id}', '{task.task_id}', -1): woken"
        assert woken in told
    ours = _generations(stack, run)
    last = {note["generation_id"]: note for note in stack.emulator.callbacks()}
    answers = sorted((last[name]["vendor"], last[name]["status"]) for name in ours)
    assert answers == [("evolink", 202), ("modelark", 202), ("toapis", 202)]


def test_a_woken_trigger_is_no_killed_one(stack: TestedStack, run: Run) -> None:
    """Airflow cancels it as if its task had been killed; at the vendor nothing is cancelled."""
    stack.succeed(run)
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while any(task["trigger"] for task in _instances(stack, run)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    time.sleep(3.0)
    cancels = [entry["path"] for entry in stack.emulator.requests() if entry["operation"] == "cancel"]
    assert not [path for path in cancels if path.rpartition("/")[2] in _generations(stack, run)]


def test_the_receiver_tells_strangers_nothing(stack: TestedStack) -> None:
    """It needs no login, and a token that is none leads nowhere."""
    url = f"{stack.url}{PREFIX}"
    with httpx.Client(trust_env=False) as client:
        assert client.post(f"{url}/test").status_code == 204
        assert client.post(f"{url}/{'A' * 200}", json={}).status_code == 404
        assert client.get(f"{url}/test").status_code == 405

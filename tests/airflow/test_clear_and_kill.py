"""What users do to tasks in Airflow's UI: clearing them, and marking them, through a real scheduler and triggerer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from airflow_provider_seedance.runtime.task_state import KEY
from dev.api import Run
from tests.airflow.stack import DEFAULT_TIMEOUT, RATE, TestedStack, unlocked

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def frozen(stack: TestedStack) -> Iterator[None]:
    """The vendor's time stands still: what is submitted stays queued."""
    stack.emulator.set_rate(0)
    yield
    stack.emulator.set_rate(RATE)


def bought(stack: TestedStack, run: Run) -> Counter[str]:
    """How many generations each task has on record."""
    stored = {task.task_id: stack.api.stored_state(run, task) for task in stack.api.tasks(run)}
    records = {name: state[KEY] for name, state in stored.items()}
    return Counter({name: len(record["earlier_generation_ids"]) + 1 for name, record in records.items()})


def clear(stack: TestedStack, run: Run) -> None:
    """As the button in the UI does."""
    body = {"dry_run": False, "dag_run_id": run.run_id, "only_failed": False, "reset_dag_runs": True}
    unlocked(lambda: stack.api.call("POST", f"/dags/{run.dag_id}/clearTaskInstances", json=body))


def deferred(stack: TestedStack, run: Run) -> None:
    """Return when all tasks of the run are."""
    for tasks in stack.api.follow(run, timeout=DEFAULT_TIMEOUT, every=0.2):
        if tasks and all(task.state == "deferred" for task in tasks):
            return
    pytest.fail("they were never deferred")


def watched(stack: TestedStack, run: Run) -> None:
    """Return when the triggerer has told each task's log what it waits for; before, it has nothing to be killed."""
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while not all(" is queued at modelark." in stack.api.log(run, task) for task in stack.api.tasks(run)):
        assert time.monotonic() < deadline
        time.sleep(0.5)


def statuses(stack: TestedStack, run: Run) -> list[str]:
    """How the vendor has the run's generations."""
    ids = {stack.api.stored_state(run, task)[KEY]["generation_id"] for task in stack.api.tasks(run)}
    return [line["status"] for line in stack.emulator.ledger()["generations"] if line["generation_id"] in ids]


@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
def test_clearing_finished_tasks(stack: TestedStack, vendor: str, tmp_path) -> None:
    """One is used again, the other bought again."""
    before = stack.emulator.ledger()["creates_received"]
    run = stack.trigger("tested_clears", seedance_conn_id=f"seedance_{vendor}", output=str(tmp_path))
    stack.succeed(run)
    clear(stack, run)
    stack.succeed(run)
    assert bought(stack, run) == {"reattach": 1, "regenerate": 2}
    assert stack.emulator.ledger()["creates_received"] == before + 3


def test_clearing_deferred_tasks(stack: TestedStack, frozen: None, tmp_path) -> None:
    """The same holds while they wait; nothing is cancelled, for the next try goes on with it."""
    run = stack.trigger("tested_clears", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    deferred(stack, run)
    clear(stack, run)
    deferred(stack, run)
    stack.emulator.set_rate(RATE)
    stack.succeed(run)
    assert bought(stack, run) == {"reattach": 1, "regenerate": 2}


@pytest.mark.parametrize("state", ["failed", "success"])
def test_marking_deferred_tasks_cancels_what_is_queued(
    stack: TestedStack, frozen: None, state: str, tmp_path
) -> None:
    """At ModelArk, which can."""
    run = stack.trigger("tested_clears", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    deferred(stack, run)
    watched(stack, run)
    for task in stack.api.tasks(run):
        path = f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task.task_id}"
        unlocked(lambda path=path: stack.api.call("PATCH", path, json={"new_state": state}))
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while statuses(stack, run) != ["cancelled", "cancelled"]:
        assert time.monotonic() < deadline, statuses(stack, run)
        time.sleep(0.5)

"""Asset events through a real scheduler, worker and API server: each publication is one event, whatever happens."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from dev.api import Run
from tests.airflow.stack import DEFAULT_TIMEOUT, TestedStack, unlocked

pytestmark = pytest.mark.xdist_group("stack")

DAG = "tested_events"


@pytest.fixture(scope="module")
def runs(stack: TestedStack, tmp_path_factory) -> list[Run]:
    """One run, and one after it with the same content at the same place."""
    output = str(tmp_path_factory.mktemp("events"))
    found = []
    for _ in range(2):
        found.append(stack.trigger(DAG, output=output))
        stack.succeed(found[-1])
    return found


def events_of(stack: TestedStack, run: Run) -> list[dict]:
    """As Airflow lists them."""
    query = {"source_dag_id": run.dag_id, "source_run_id": run.run_id, "limit": 100}
    return unlocked(lambda: stack.api.call("GET", "/assets/events", params=query))["asset_events"]


def test_each_publication_is_one_event(stack: TestedStack, runs: list[Run]) -> None:
    """That of the worker which died too, emitted by the next try; the asset is a collection, its URI is ASCII."""
    events = events_of(stack, runs[0])
    folder = Path(events[0]["extra"]["uri"])
    while folder.name != "发布":
        folder = folder.parent
    assert Counter((event["source_task_id"], event["uri"]) for event in events) == {
        ("killed", "s3://bucket/killed"): 1,
        ("each", "tested-campaign"): 3,
        ("own", f"{DAG}.own"): 3,
        ("aliased", (folder / "aliased").as_uri()): 1,
        ("unknown", "s3://bucket/%E6%9C%AA%E7%9F%A5"): 1,
    }
    killed = next(event for event in events if event["source_task_id"] == "killed")
    assert killed["extra"] == stack.api.xcom(runs[0], "killed")
    (task,) = [task for task in stack.api.tasks(runs[0]) if task.task_id == "killed"]
    assert task.try_number == 2


def test_another_runs_rerun_is_silent(stack: TestedStack, runs: list[Run]) -> None:
    """Nor is there an event for an outlet that was declared."""
    assert stack.api.xcom(runs[1], "killed")["published"] is False
    assert events_of(stack, runs[1]) == []


def test_a_clear_after_the_success_is_silent(stack: TestedStack, runs: list[Run]) -> None:
    """Its event is known to Airflow."""
    body = {"dry_run": False, "dag_run_id": runs[0].run_id, "task_ids": ["killed"], "only_failed": False}
    unlocked(lambda: stack.api.call("POST", f"/dags/{DAG}/clearTaskInstances", json=body))
    stack.succeed(runs[0])
    assert stack.api.xcom(runs[0], "killed")["published"] is False
    assert len(events_of(stack, runs[0])) == 9


def test_the_usual_loop_sees_each_video_once(stack: TestedStack, runs: list[Run]) -> None:
    """Over all runs of the consumer, which takes several events at a time."""
    wanted = Counter(
        event["extra"]["uri"]
        for event in events_of(stack, runs[0])
        if event["source_task_id"] in ("killed", "each")
    )
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    seen: Counter[str] = Counter()
    while sum(seen.values()) < 4:
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
        consumers = unlocked(lambda: stack.api.call("GET", "/dags/tested_events_seen/dagRuns"))["dag_runs"]
        ended = [run for run in consumers if run["state"] == "success"]
        counted = [stack.api.xcom(Run(run["dag_id"], run["dag_run_id"]), "count") for run in ended]
        seen = Counter(uri for uris in counted for uri in uris)
    assert seen == wanted
    assert max(seen.values()) == 1


def test_the_graph_shows_what_will_be_published(stack: TestedStack, runs: list[Run]) -> None:
    """Before anything runs: each declared asset is an edge from the task to the DAG that waits."""
    edges = stack.api.call("GET", "/assets", params={"dag_ids": DAG, "limit": 100})["assets"]
    producers = {asset["name"]: {task["task_id"] for task in asset["producing_tasks"]} for asset in edges}
    assert producers["tested-killed"] == {"killed", "again"}
    assert producers[f"{DAG}.own"] == {"own"}

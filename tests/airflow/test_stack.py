"""The main examples through a real scheduler, triggerer and LocalExecutor."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.runtime.polling import EARLIEST_EVENT_SECONDS
from tests.airflow.film import frames_of, measured
from tests.airflow.fixtures import VENDORS
from tests.airflow.stack import DEFAULT_TIMEOUT, MARKED_KEY, RATE, unlocked

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def runs(stack, tmp_path_factory):
    """All runs at once, so that they wait for each other and not for the clock: their folder, and the run."""

    def started(dag_id: str, vendor: str):
        folder = tmp_path_factory.mktemp(f"{dag_id}-{vendor}")
        run = stack.trigger(
            dag_id,
            seedance_conn_id=f"seedance_{vendor}",
            output=str(folder),
            landing=str(folder / "landing"),
            public=str(folder / "public"),
        )
        return folder, run

    wanted = [
        *(("seedance_full_pipeline", vendor) for vendor in VENDORS),
        ("seedance_text_to_video", "evolink"),
        ("seedance_chained_shots", "modelark"),
        ("tested_mapped", "toapis"),
    ]
    return {(dag_id, vendor): started(dag_id, vendor) for dag_id, vendor in wanted}


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_full_pipeline_on_each_vendor(vendor, stack, runs) -> None:
    """By changing only the connection; the published files are what was ordered."""
    folder, run = runs["seedance_full_pipeline", vendor]
    stack.succeed(run)
    result = stack.api.xcom(run, "generate")
    assert result["vendor"] == vendor
    (public,) = (folder / "public").glob("*.mp4")
    film = measured(public)
    assert (film.size, film.frames, film.sound) == ((1280, 720), frames_of(5), True)


def test_a_publication_starts_the_dag_that_waits_for_it(stack, runs) -> None:
    """The asset event carries the publication's record to the next DAG."""
    folder, run = runs["seedance_full_pipeline", "modelark"]
    stack.succeed(run)
    (public,) = (folder / "public").glob("*.mp4")
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while True:
        try:
            events = stack.api.call("GET", "/assets/events", params={"limit": 100})["asset_events"]
        except httpx.HTTPStatusError as fault:
            # Airflow on SQLite answers 500 while another of its processes writes.
            events = [fault.response.text]
            time.sleep(0.5)
            assert time.monotonic() < deadline, events
            continue
        ours = [event for event in events if event["extra"].get("uri") == str(public)]
        if ours and ours[0]["created_dagruns"]:
            break
        assert time.monotonic() < deadline, events
        time.sleep(0.2)
    (event,) = ours
    assert event["uri"] == "seedance-clips"
    assert event["extra"] == stack.api.xcom(run, "publish")
    (created,) = event["created_dagruns"]
    assert created["dag_id"] == "seedance_after_publishing"


def test_text_to_video(stack, runs) -> None:
    """Deferred once, landed by the resumed task."""
    folder, run = runs["seedance_text_to_video", "evolink"]
    stack.succeed(run)
    (landed,) = folder.glob("*.mp4")
    assert measured(landed).frames == frames_of(5)
    (task,) = stack.api.tasks(run)
    assert "Pausing task as DEFERRED" in stack.api.log(run, task)


def test_chained_shots(stack, runs) -> None:
    """Three shots, each from the last frame of the one before."""
    folder, run = runs["seedance_chained_shots", "modelark"]
    stack.succeed(run)
    assert [measured(path).frames for path in folder.glob("*/shot-*.mp4")] == [frames_of(5)] * 3
    assert stack.api.xcom(run, "shot_3")["mode"] == "first_frame"


def test_mapped_tasks(stack, runs) -> None:
    """Each prompt is a generation and a file of its own."""
    folder, run = runs["tested_mapped", "toapis"]
    stack.succeed(run)
    results = [stack.api.xcom(run, "generate", map_index=index) for index in range(3)]
    ids = {result["generation_id"] for result in results}
    assert {path.stem for path in folder.glob("*.mp4")} == ids
    bought = [entry for entry in stack.emulator.ledger()["generations"] if entry["generation_id"] in ids]
    assert sorted(entry["prompt"] for entry in bought) == ["A fox", "A heron", "An otter"]


def test_a_generation_outlives_its_triggerer(stack, runs, tmp_path) -> None:
    """Killed and replaced while a task is deferred: one create, one file."""
    for _, run in runs.values():
        stack.api.finish(run, timeout=DEFAULT_TIMEOUT)
    before = stack.emulator.ledger()["creates_received"]
    stack.emulator.set_rate(0)
    run = stack.trigger("seedance_text_to_video", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    looks = _looks(stack)
    for (task,) in stack.api.follow(run, timeout=DEFAULT_TIMEOUT, every=0.1):
        if task.state == "deferred" and _looks(stack) > looks:
            break
    stack.processes.kill("triggerer")
    # The new triggerer has to find the end by itself.
    stack.emulator.add_fault(on="callback", kind="drop_before_accept", times=None)
    stack.emulator.set_rate(RATE)
    stack.start("triggerer", "triggerer", "--skip-serve-logs")
    stack.succeed(run)
    (landed,) = tmp_path.glob("*.mp4")
    stack.emulator.clear_faults()
    assert measured(landed).frames == frames_of(5)
    assert stack.emulator.ledger()["creates_received"] == before + 1


def test_a_pool_and_priorities(stack, runs, tmp_path) -> None:
    """A pool of one slot: the weightiest comes first, and who waits for the vendor holds no slot."""
    pool = {"name": "tested_pool", "slots": 1, "include_deferred": False}
    unlocked(lambda: stack.api.call("POST", "/pools", json=pool))
    stack.emulator.set_rate(0)
    run = stack.trigger("tested_pool", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    for tasks in stack.api.follow(run, timeout=DEFAULT_TIMEOUT, every=0.2):
        if [task.state for task in tasks] == ["deferred"] * 3:
            break
    stack.emulator.set_rate(RATE)
    stack.succeed(run)
    ordered = [entry["prompt"] for entry in stack.emulator.ledger()["generations"]]
    assert [prompt for prompt in ordered if prompt.startswith("Take")] == ["Take 3", "Take 2", "Take 1"]


def _looks(stack) -> int:
    """How often ModelArk was asked how generations stand."""
    counts = stack.emulator.ledger()["requests"]["modelark"]
    return counts["get"] + counts["list"]


def test_the_sensor_takes_no_worker(stack, tmp_path) -> None:
    """It begins and ends in the triggerer, which renders its templates."""
    with httpx.Client() as client:
        created = client.post(
            f"{stack.emulator.vendor_url('evolink')}/v1/videos/generations",
            headers={"Authorization": f"Bearer {MARKED_KEY}"},
            json={
                "model": "seedance-2.0-text-to-video",
                "prompt": "A fox",
                "duration": 4,
                "quality": "480p",
            },
        )
    bought = created.raise_for_status().json()["id"]
    run = stack.trigger(
        "seedance_wait_for",
        seedance_conn_id="seedance_evolink",
        generation_id=bought,
        output=str(tmp_path),
    )
    stack.succeed(run)
    (landed,) = tmp_path.glob("*.mp4")
    assert landed.stem == bought
    waited = next(task for task in stack.api.tasks(run) if task.task_id == "wait")
    details = stack.api.call("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{waited.task_id}")
    assert details["pid"] is None


def test_a_person_approves(stack, tmp_path) -> None:
    """The cost before anything is paid, and the video before it is published."""
    run = stack.trigger("seedance_with_approval", seedance_conn_id="seedance_modelark", output=str(tmp_path))
    before = stack.emulator.ledger()["creates_received"]
    cost = _question(stack, run, "approve_cost")
    assert cost["subject"].startswith("Generate 1 shot, at most ")
    assert "A lighthouse turns on its lamp" in cost["body"]
    assert stack.emulator.ledger()["creates_received"] == before
    _approve(stack, run, "approve_cost")
    video = _question(stack, run, "approve_video")
    assert "seedance/?dag_id=seedance_with_approval" in video["body"]
    assert not (tmp_path / "public").exists()
    _approve(stack, run, "approve_video")
    stack.succeed(run)
    assert len(list((tmp_path / "public").glob("*.mp4"))) == 1


def _details(run, task_id: str) -> str:
    return f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/{task_id}/-1/hitlDetails"


def _question(stack, run, task_id: str) -> dict[str, Any]:
    """What a task asks, as soon as it does."""
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while True:
        try:
            return stack.api.call("GET", _details(run, task_id))
        except httpx.HTTPStatusError as fault:
            if fault.response.status_code not in (404, 500) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _approve(stack, run, task_id: str) -> None:
    """Answer as slowly as a person: Airflow fails a task that is resumed before its pause has been processed."""
    time.sleep(EARLIEST_EVENT_SECONDS)
    answer = {"chosen_options": ["Approve"], "params_input": {}}
    unlocked(lambda: stack.api.call("PATCH", _details(run, task_id), json=answer))

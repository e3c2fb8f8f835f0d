"""Lineage as its readers get it: Airflow's own collector, and OpenLineage's file transport."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from tests.core.media.files import image


@pytest.fixture
def chain(generating, downloading, publishing, connect, tmp_path) -> list[Any]:
    """The tasks of one video, from its first frame to its publication, each after its success."""
    picture = tmp_path / "lamp.png"
    picture.write_bytes(image(640))
    frame = generating(connect("evolink"), first_frame=str(picture), aspect_ratio=None)
    video = frame()
    landing = downloading(video, tmp_path / "landed.mp4")
    public = publishing(landing(), tmp_path / "public.mp4")
    public()
    return [run.context["task"] for run in (frame, landing, public)]


def emitted(task: Any, file: Any) -> dict[str, Any]:
    """The event that the OpenLineage provider writes for a task's success, with its own file transport."""
    from airflow.providers.openlineage.extractors.manager import ExtractorManager
    from airflow.providers.openlineage.plugins.adapter import OpenLineageAdapter
    from airflow.utils.state import TaskInstanceState
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.file import FileConfig, FileTransport

    transport = FileTransport(FileConfig(log_file_path=str(file), append=True))
    run: Any = SimpleNamespace(run_id="manual")
    found = ExtractorManager().extract_metadata(
        run, task, TaskInstanceState.SUCCESS, SimpleNamespace(task=task)
    )
    OpenLineageAdapter(client=OpenLineageClient(transport=transport)).complete_task(
        run_id="01941f29-7c00-7087-8906-40e512c257bd",
        job_name=f"film.{task.task_id}",
        end_time="2026-11-28T01:00:00+00:00",
        task=found,
        nominal_start_time=None,
        nominal_end_time=None,
        owners=None,
        tags=None,
        job_description=None,
    )
    event: dict[str, Any] = json.loads(file.read_text().splitlines()[-1])
    return event


def names(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(dataset["namespace"], dataset["name"]) for dataset in datasets]


def test_openlineage_draws_the_way_of_a_video(chain, tmp_path) -> None:
    """From the prompt's picture to the published file, with the generation and its cost."""
    events = [emitted(task, tmp_path / "events.jsonl") for task in chain]
    generation_id = events[0]["run"]["facets"]["seedance"]["generation_id"]
    way = [(names(event["inputs"]), names(event["outputs"])) for event in events]
    generation = ("seedance://evolink", generation_id)
    landed, public = ("file", str(tmp_path / "landed.mp4")), ("file", str(tmp_path / "public.mp4"))
    assert way == [
        ([("file", str(tmp_path / "lamp.png"))], [generation]),
        ([generation], [landed]),
        ([landed], [public]),
    ]
    for event in events:
        facet = event["run"]["facets"]["seedance"]
        assert (facet["vendor"], facet["generation_id"]) == ("evolink", generation_id)
        assert facet["cost"]["currency"] == "credits"


def test_a_batch_draws_the_way_of_its_videos(batching, connect, tmp_path) -> None:
    """From the pictures of its rows to what is landed and published; a row without a video adds nothing."""
    picture = tmp_path / "lamp.png"
    picture.write_bytes(image(640))
    batch = batching(
        connect("evolink"),
        [
            {"prompt": "A lamp", "first_frame": str(picture), "aspect_ratio": None},
            "[emulator:moderation] A hare",
        ],
        publish_destination=f"{tmp_path}/public/{{row}}.mp4",
    )
    batch()
    event = emitted(batch.context["task"], tmp_path / "events.jsonl")
    assert names(event["inputs"]) == [("file", str(picture))]
    assert names(event["outputs"]) == [
        ("file", f"{tmp_path}/00001.mp4"),
        ("file", f"{tmp_path}/public/00001.mp4"),
    ]
    facet = event["run"]["facets"]["seedance"]
    assert (facet["rows"], facet["counts"]["succeeded"], facet["counts"]["failed"]) == (2, 1, 1)
    assert list(facet["cost"]) == ["credits"]


def test_airflows_collector_is_told(monkeypatch, downloading, generating, connect, tmp_path) -> None:
    """As assets, so that other readers than OpenLineage have them."""
    from airflow.sdk import lineage

    collector = lineage.HookLineageCollector()
    monkeypatch.setattr(lineage, "get_hook_lineage_collector", lambda: collector)
    video = generating(connect("modelark"))()
    downloading(video, tmp_path / "landed.mp4")()
    found = collector.collected_assets
    generation = f"seedance://modelark/{video['generation_id']}"
    assert generation in [one.asset.uri for one in found.outputs]
    assert generation in [one.asset.uri for one in found.inputs]
    assert f"file://{tmp_path}/landed.mp4" in [one.asset.uri for one in found.outputs]

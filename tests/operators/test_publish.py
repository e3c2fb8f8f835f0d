"""Publishing: exactly once, with its sidecar beside it and an asset event."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from airflow.sdk import DAG, Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Media
from tests.airflow.asset_events import Event


@pytest.fixture
def landed(tmp_path):
    """The result of a generate operator that landed its video."""
    content = b"as good as a video: publishing looks at length and hash only"
    file = tmp_path / "landed" / "a.mp4"
    file.parent.mkdir()
    file.write_bytes(content)
    manifest = Manifest(
        uri=str(file),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content_type="video/mp4",
        media=Media(),
        source=GenerationReference(vendor="evolink", generation_id="task-1", model="seedance-2.0"),
        landed_at=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
    )
    return {"generation_id": "task-1", "video_url": "https://host/a.mp4", "manifest": manifest.to_dict()}


@pytest.fixture
def publish(publishing, asset_server):
    """Publishes in a run of its own, and returns the record and the events of its success."""

    def run(video, destination, **arguments):
        before = len(asset_server.events)
        record = asset_server.succeed(publishing(video, destination, **arguments))
        return record, asset_server.events[before:]

    return run


@pytest.mark.parametrize("given", ["manifest", "result"])
def test_it_takes_a_manifest_or_the_result_that_holds_one(given, landed, publish, tmp_path) -> None:
    """The video and its sidecar are where people look."""
    video = landed["manifest"] if given == "manifest" else landed
    record, _ = publish(video, tmp_path / "public" / "{generation_id}.mp4", metadata={"title": "Fox"})
    public = tmp_path / "public" / f"{landed['generation_id']}.mp4"
    assert Path(record["uri"]) == public
    assert public.read_bytes() == (tmp_path / "landed" / "a.mp4").read_bytes()
    sidecar_record = json.loads(Path(record["sidecar_uri"]).read_text())
    assert sidecar_record["metadata"] == {"title": "Fox"}
    assert sidecar_record["source"]["generation_id"] == landed["generation_id"]


CLIPS = Asset(name="clips", uri="s3://bucket/clips")


@pytest.mark.parametrize(
    ("asset", "uri"),
    [
        (CLIPS, "s3://bucket/clips"),
        ("s3://bucket/clips", "s3://bucket/clips"),
        ("clips", "s3://bucket/clips"),
        ("s3://minio@bucket/{{ params.collection }}", "s3://bucket/clips"),
        ("{{ params.collection }}", "s3://bucket/clips"),
    ],
)
def test_a_publication_is_one_event_with_its_record(
    asset, uri, landed, publishing, asset_server, tmp_path
) -> None:
    """For the asset that consumers know, by its name or by its URI, and for no alias: an aliased event counts twice."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    task = publishing(landed, tmp_path / "public.mp4", asset=asset, metadata={"title": "Fox"})
    task.params["collection"] = "clips"
    record = asset_server.succeed(task)
    assert asset_server.events == [Event(uri, record)]
    assert record["published"]
    assert {"uri", "sidecar_uri", "sha256", "metadata", "manifest", "source"} <= record.keys()


def test_an_asset_of_which_no_dag_knows_is_created(landed, publish, tmp_path) -> None:
    """Airflow drops events of such assets, but those that come through an alias."""
    record, (event,) = publish(landed, tmp_path / "public.mp4", asset="s3://bucket/{{ 'autumn' }}")
    assert (event.asset, event.extra) == ("s3://bucket/autumn", record)


def test_the_event_of_an_alias_is_for_the_folder(landed, publish, tmp_path) -> None:
    """One asset a collection: an asset a file would be one more for ever."""
    video = landed["manifest"]
    for number in (1, 2):
        _, (event,) = publish(video, tmp_path / "发布" / f"{number}.mp4", asset=AssetAlias("clips"))
        assert event.aliases == ("clips",)
        assert event.asset == (tmp_path / "发布").as_uri()
        assert event.extra["uri"] == str(tmp_path / "发布" / f"{number}.mp4")


def test_without_an_asset_the_event_is_for_one_of_the_tasks_own(
    landed, publishing, asset_server, tmp_path
) -> None:
    """However many files it publishes."""
    asset_server.active = {"tested.publish": "tested.publish"}
    for number in (1, 2):
        with DAG("tested", schedule=None):
            task = publishing(landed, tmp_path / f"{number}.mp4")
        asset_server.succeed(task)
    assert [event.asset for event in asset_server.events] == ["tested.publish"] * 2


@pytest.mark.parametrize("asset", [CLIPS, "clips", AssetAlias("clips"), "s3://bucket/{{ 'autumn' }}", None])
def test_another_runs_rerun_is_silent(asset, landed, publish, asset_server, tmp_path) -> None:
    """Nothing is published twice, and a declared outlet emits nothing either."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    first, _ = publish(landed, tmp_path / "public.mp4", asset=asset)
    second, events = publish(landed, tmp_path / "public.mp4", asset=asset)
    assert (first["published"], second["published"]) == (True, False)
    assert second["reason"] == "the same content is already published"
    assert second["published_at"] == first["published_at"]
    assert events == []


@pytest.mark.parametrize("asset", [CLIPS, AssetAlias("clips"), "s3://bucket/{{ 'autumn' }}", None])
def test_a_retry_emits_what_an_earlier_try_could_not(
    asset, landed, publishing, asset_server, tmp_path
) -> None:
    """The worker died after publishing: at least one event, and after a clear of the success no second one."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    task = publishing(landed, tmp_path / "public.mp4", asset=asset)
    killed = asset_server.kill(task)
    assert asset_server.events == []
    retried = asset_server.succeed(task)
    assert (retried["published"], retried["published_at"]) == (True, killed["published_at"])
    assert [event.extra for event in asset_server.events] == [retried]
    cleared = asset_server.succeed(task)
    assert cleared["published"] is False
    assert len(asset_server.events) == 1


def test_a_kill_between_the_video_and_its_sidecar(landed, publishing, asset_server, tmp_path) -> None:
    """The sidecar comes last, so the retry publishes."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    task = publishing(landed, tmp_path / "public.mp4", asset=CLIPS)
    sidecar = Path(asset_server.kill(task)["sidecar_uri"])
    sidecar.unlink()
    record = asset_server.succeed(task)
    assert [event.extra for event in asset_server.events] == [record]


def test_what_changed_is_another_publication(landed, publishing, asset_server, tmp_path) -> None:
    """An event each."""
    asset_server.active = {"clips": "s3://bucket/clips"}
    for title in ("Fox", "Fox, final"):
        asset_server.succeed(
            publishing(landed, tmp_path / "public.mp4", asset="clips", metadata={"title": title})
        )
    assert [event.extra["metadata"]["title"] for event in asset_server.events] == ["Fox", "Fox, final"]


def test_what_is_no_manifest(publish, tmp_path) -> None:
    """The text says what is missing, and what to pass."""
    with pytest.raises(AirflowFailException, match=r"not a manifest: .*sha256"):
        publish({"uri": "/tmp/a.mp4"}, tmp_path / "public.mp4")
    with pytest.raises(AirflowFailException, match="what the download operator returned"):
        publish("/tmp/a.mp4", tmp_path / "public.mp4")


def test_a_landed_video_that_is_gone(landed, publish, tmp_path) -> None:
    """The text says how to bring it back, and nothing half-published is left."""
    (tmp_path / "landed" / "a.mp4").unlink()
    with pytest.raises(AirflowFailException, match=r"a\.mp4 is gone(?s:.*)Clear the task that landed it"):
        publish(landed, tmp_path / "public" / "a.mp4")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_destination_that_cannot_be_written(landed, publish, tmp_path) -> None:
    """Refused with the place and the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(AirflowFailException, match="is not a directory"):
        publish(landed, tmp_path / "file" / "a.mp4")

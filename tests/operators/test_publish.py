"""Publishing: exactly once, with its sidecar beside it and an asset event."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Media


class Outlet(list):
    """What ``outlet_events`` gives for an alias: it remembers the events that were added."""

    def add(self, asset, extra=None) -> None:
        self.append((asset, extra))


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
def publish(publishing):
    """Publishes, and returns the record with the events that it emitted: alias, asset and extra."""

    def run(video, destination, **arguments):
        task = publishing(video, destination, **arguments)
        task.context["outlet_events"] = events = defaultdict(Outlet)
        record = task()
        return record, [(alias, *event) for alias, emitted in events.items() for event in emitted]

    return run


@pytest.mark.parametrize("given", ["manifest", "result"])
def test_it_takes_a_manifest_or_the_result_that_holds_one(given, landed, publish, tmp_path) -> None:
    """The video and its sidecar are where people look, and the event tells which."""
    video = landed["manifest"] if given == "manifest" else landed
    record, events = publish(video, tmp_path / "public" / "{generation_id}.mp4", metadata={"title": "Fox"})
    public = tmp_path / "public" / f"{landed['generation_id']}.mp4"
    assert Path(record["uri"]) == public
    assert public.read_bytes() == (tmp_path / "landed" / "a.mp4").read_bytes()
    sidecar_record = json.loads(Path(record["sidecar_uri"]).read_text())
    assert sidecar_record["metadata"] == {"title": "Fox"}
    assert sidecar_record["source"]["generation_id"] == landed["generation_id"]
    ((_, asset, extra),) = events
    assert asset.uri == public.as_uri()
    assert extra["sha256"] == landed["manifest"]["sha256"]


def test_a_rerun_publishes_nothing_twice_and_says_so(landed, publish, tmp_path) -> None:
    """No second event, and the time is that of the first publication."""
    first, _ = publish(landed, tmp_path / "public.mp4")
    second, events = publish(landed, tmp_path / "public.mp4")
    assert (first["published"], second["published"]) == (True, False)
    assert second["reason"] == "the same content is already published"
    assert second["published_at"] == first["published_at"]
    assert events == []


@pytest.mark.parametrize(
    ("asset", "alias", "uri"),
    [
        ("clips", "clips", None),
        (AssetAlias("clips"), "clips", None),
        ("s3://bucket/clips", "tested.publish", "s3://bucket/clips"),
        (Asset(uri="s3://bucket/clips"), "tested.publish", "s3://bucket/clips"),
    ],
)
def test_the_event_is_for_the_asset_of_ones_choice(asset, alias, uri, landed, publishing, tmp_path) -> None:
    """A name is an alias, a URI is an asset."""
    from airflow.sdk import DAG

    task = publishing(landed, tmp_path / "public.mp4", asset=asset)
    task.operator.dag = DAG("tested", schedule=None)
    task.context["outlet_events"] = events = defaultdict(Outlet)
    task()
    ((seen, ((event_asset, _),)),) = events.items()
    assert seen.name == alias
    assert event_asset.uri == uri or (uri is None and event_asset.uri == (tmp_path / "public.mp4").as_uri())


def test_what_is_no_manifest(publish, tmp_path) -> None:
    """The text says what is missing, and what to pass."""
    with pytest.raises(AirflowFailException, match=r"not a manifest: .*sha256"):
        publish({"uri": "/tmp/a.mp4"}, tmp_path / "public.mp4")
    with pytest.raises(AirflowFailException, match="what the download operator returned"):
        publish("/tmp/a.mp4", tmp_path / "public.mp4")


def test_a_landed_video_that_is_gone(landed, publish, tmp_path) -> None:
    """The text says how to bring it back, and nothing half-published is left."""
    (tmp_path / "landed" / "a.mp4").unlink()
    with pytest.raises(AirflowFailException, match=r"(?s)a\.mp4 is gone.*Clear the task that landed it"):
        publish(landed, tmp_path / "public" / "a.mp4")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_destination_that_cannot_be_written(landed, publish, tmp_path) -> None:
    """Refused with the place and the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(AirflowFailException, match="is not a directory"):
        publish(landed, tmp_path / "file" / "a.mp4")

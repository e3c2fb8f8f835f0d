"""A landed video is published once, with its sidecar beside it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from airflow_provider_seedance.core.landing.manifest import Manifest, Publication, TaskReference
from airflow_provider_seedance.core.landing.publish import publish
from airflow_provider_seedance.core.storage.paths import uri_of
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    LandingError,
    VideoCorrupt,
)
from tests.clocks import ManualClock

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
LATER = NOW + timedelta(hours=1)
TASK = TaskReference(dag_id="films", run_id="manual__1", task_id="publish")
METADATA = {"title": "Cats", "tags": ["猫"]}


@pytest.fixture
def video(tmp_path: Path, landed) -> Manifest:
    """A landed video; any bytes will do, for they were verified when they landed."""
    return landed(tmp_path / "landed.mp4", b"video bytes")


def _publish(
    video: Manifest, target: Any, metadata: Any = METADATA, now: datetime = NOW, **options: Any
) -> Publication:
    return publish(
        video,
        uri_of(target),
        metadata,
        path_from_uri=UPath,
        clock=ManualClock(now.timestamp()),
        published_by=TASK if now == NOW else TASK.model_copy(update={"run_id": "a later one"}),
        **options,
    )


def test_the_video_and_its_sidecar_are_published(video: Manifest, folder: Any) -> None:
    """The sidecar holds all but how this run went."""
    target = folder / "v.mp4"
    publication = _publish(video, target)
    assert UPath(uri_of(target)).read_bytes() == b"video bytes"
    assert publication.published
    assert publication.to_dict() == {
        "uri": uri_of(target),
        "sidecar_uri": f"{uri_of(target)}.json",
        "bytes": 11,
        "sha256": video.sha256,
        "published_at": "2026-03-01T12:00:00Z",
        "published_by": TASK.to_dict(),
        "metadata": METADATA,
        "source": video.source.to_dict(),
        "provenance": video.provenance.to_dict(),
        "poster": None,
        "contact_sheet": None,
        "manifest": video.to_dict(),
        "published": True,
        "reason": "the video was not there yet",
    }
    sidecar = json.loads(UPath(publication.sidecar_uri).read_text(encoding="utf-8"))
    assert {**sidecar, "published": True, "reason": publication.reason} == publication.to_dict()


def test_a_rerun_publishes_nothing_twice(video: Manifest, folder: Any) -> None:
    """It says so, and since when the content has been there."""
    target = folder / "v.mp4"
    first = _publish(video, target)
    sidecar = UPath(first.sidecar_uri).read_bytes()
    again = _publish(video, target, now=LATER)
    assert again == first.model_copy(
        update={"published": False, "reason": "the same content is already published"}
    )
    assert UPath(first.sidecar_uri).read_bytes() == sidecar


def test_landing_the_same_video_again_is_no_change(video: Manifest, tmp_path: Path) -> None:
    """A rerun of both tasks publishes nothing either."""
    _publish(video, tmp_path / "v.mp4")
    assert not _publish(
        video.model_copy(update={"landed_at": LATER}), tmp_path / "v.mp4", now=LATER
    ).published


def test_a_rerun_does_not_need_the_landed_file(video: Manifest, tmp_path: Path) -> None:
    """It may have been cleaned up since."""
    _publish(video, tmp_path / "v.mp4")
    Path(video.uri).unlink()
    assert not _publish(video, tmp_path / "v.mp4").published


def test_a_changed_video_is_published(video: Manifest, folder: Any, tmp_path: Path, landed) -> None:
    """The old one is replaced, and so is its sidecar."""
    target = folder / "v.mp4"
    _publish(video, target)
    other = landed(tmp_path / "other.mp4", b"other bytes")
    publication = _publish(other, target, now=LATER)
    assert (publication.published, publication.published_at) == (True, LATER)
    assert UPath(uri_of(target)).read_bytes() == b"other bytes"
    assert json.loads(UPath(publication.sidecar_uri).read_text())["sha256"] == other.sha256


def test_changed_metadata_are_published(video: Manifest, tmp_path: Path) -> None:
    """The video itself is left as it is."""
    target = tmp_path / "v.mp4"
    _publish(video, target)
    inode = target.stat().st_ino
    publication = _publish(video, target, {"title": "Dogs"}, LATER)
    assert publication.published
    assert publication.reason == "the video was already there, and its sidecar was missing or different"
    assert target.stat().st_ino == inode


def _of_another(video: Manifest) -> Manifest:
    return video.model_copy(update={"source": video.source.model_copy(update={"generation_id": "task-2"})})


def test_another_generations_video_is_not_replaced(video: Manifest, folder: Any, tmp_path, landed) -> None:
    """With other bytes or the same: the error says whose it is, and nothing has changed."""
    target = folder / "v.mp4"
    first = _publish(video, target)
    sidecar = UPath(first.sidecar_uri).read_bytes()
    for other in (_of_another(video), _of_another(landed(tmp_path / "other.mp4", b"other bytes"))):
        with pytest.raises(DestinationError, match="holds the video of evolink generation task-1") as caught:
            _publish(other, target)
        assert not caught.value.retryable
    assert UPath(uri_of(target)).read_bytes() == b"video bytes"
    assert UPath(first.sidecar_uri).read_bytes() == sidecar


def test_a_file_of_unknown_origin_is_not_replaced(video: Manifest, folder: Any) -> None:
    target = UPath(uri_of(folder / "v.mp4"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"a cut made by hand")
    with pytest.raises(DestinationError, match="a file of unknown origin"):
        _publish(video, folder / "v.mp4")
    assert target.read_bytes() == b"a cut made by hand"


def test_always_replaces_and_says_what(video: Manifest, folder: Any, tmp_path, landed) -> None:
    """In the record, too."""
    _publish(video, folder / "v.mp4")
    other = _of_another(landed(tmp_path / "other.mp4", b"other bytes"))
    publication = _publish(other, folder / "v.mp4", overwrite="always")
    assert publication.reason == "it replaces the video of evolink generation task-1"
    assert json.loads(UPath(publication.sidecar_uri).read_text())["source"]["generation_id"] == "task-2"


def test_never_refuses_its_own_too(video: Manifest, tmp_path: Path) -> None:
    _publish(video, tmp_path / "v.mp4", overwrite="never")
    with pytest.raises(DestinationError, match="overwrite is 'never'"):
        _publish(video, tmp_path / "v.mp4", overwrite="never")


def test_a_video_without_its_sidecar_is_published_again(video: Manifest, tmp_path: Path) -> None:
    """A run that ended between the two is completed by the next."""
    first = _publish(video, tmp_path / "v.mp4")
    path = Path(first.sidecar_uri)
    path.unlink()
    assert _publish(video, tmp_path / "v.mp4").published
    assert json.loads(path.read_text())["sha256"] == video.sha256


FOREIGN = {
    "an empty file": b"",
    "settings": b'{"debug": true}',
    "a list": b"[]",
    "a wrong record": b'{"uri": 1}',
    "no text": b"\xff",
    "deep nesting": b"[" * 100_000,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("name", ["config", "v.mp4"])
def test_another_file_in_the_place_of_the_sidecar_is_not_overwritten(
    video: Manifest, folder: Any, name: str, content: bytes
) -> None:
    """It is refused before the video is copied."""
    target = folder / name
    other = UPath(f"{uri_of(target)}.json")
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(content)
    with pytest.raises(DestinationError, match=r"\.json is to be the video's sidecar") as caught:
        _publish(video, target)
    assert "Choose another destination" in str(caught.value)
    assert not caught.value.retryable
    assert other.read_bytes() == content
    assert not UPath(uri_of(target)).exists()


def test_the_sidecar_of_another_video_is_not_overwritten(video: Manifest, tmp_path: Path) -> None:
    """It is told by the video's name."""
    first = _publish(video, tmp_path / "other.mp4")
    Path(first.sidecar_uri).rename(tmp_path / "v.mp4.json")
    with pytest.raises(DestinationError, match="is another file"):
        _publish(video, tmp_path / "v.mp4")


def test_a_folder_may_be_moved_with_its_sidecars(video: Manifest, tmp_path: Path) -> None:
    _publish(video, tmp_path / "here" / "v.mp4")
    (tmp_path / "here").rename(tmp_path / "there")
    assert _publish(video, tmp_path / "there" / "v.mp4", {"title": "Dogs"}).published


def test_a_sidecar_without_its_video_is_published_again(video: Manifest, tmp_path: Path) -> None:
    """Somebody removed or damaged the file."""
    target = tmp_path / "v.mp4"
    _publish(video, target)
    target.write_bytes(b"VIDEO BYTES")
    assert _publish(video, target).published
    assert target.read_bytes() == b"video bytes"


def test_a_video_can_be_published_where_it_landed(video: Manifest) -> None:
    """Only the sidecar is added."""
    publication = _publish(video, Path(video.uri))
    assert publication.uri == video.uri
    assert Path(f"{video.uri}.json").exists()


def test_a_destination_is_a_template(video: Manifest, tmp_path: Path) -> None:
    """Filled from the manifest."""
    destination = f"{tmp_path}/{{vendor}}/{{model}}/"
    publication = publish(video, destination, {}, path_from_uri=UPath, clock=ManualClock(NOW.timestamp()))
    assert publication.uri == f"{tmp_path}/evolink/seedance-2.0/task-1.mp4"


def test_a_landed_file_that_is_gone(video: Manifest, tmp_path: Path) -> None:
    """A retry would not bring it back; the advice says what does."""
    Path(video.uri).unlink()
    with pytest.raises(
        LandingError, match=r"task-1: the landed video .* is gone(?s:.*)Clear the task"
    ) as caught:
        _publish(video, tmp_path / "v.mp4")
    assert not caught.value.retryable


@pytest.mark.parametrize("damage", [b"video byteZ", b"video", b""])
def test_a_landed_file_that_changed_is_not_published(video: Manifest, tmp_path: Path, damage: bytes) -> None:
    """Nothing gets the final name, and no sidecar is written."""
    Path(video.uri).write_bytes(damage)
    with pytest.raises(VideoCorrupt, match="has changed: it holds"):
        _publish(video, tmp_path / "out" / "v.mp4")
    assert not list(tmp_path.glob("out/*"))


def test_a_bad_destination_is_refused(video: Manifest, tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(DestinationError, match="not a directory"):
        _publish(video, Path(video.uri) / "v.mp4")


@pytest.mark.parametrize("metadata", [{"x": object()}, {"x": float("nan")}, {("a", "b"): 1}])
def test_metadata_must_be_json(video: Manifest, tmp_path: Path, metadata: Any) -> None:
    """Refused before the video is copied."""
    with pytest.raises(ConfigurationError, match="metadata is not a JSON object"):
        _publish(video, tmp_path / "v.mp4", metadata)
    assert not (tmp_path / "v.mp4").exists()

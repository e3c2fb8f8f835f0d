"""Bringing a video home: whole and under its name, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.errors import DestinationError, LandingError, SeedanceError
from tests.airflow.fixtures import VENDORS
from tests.clocks import ImpatientClock


@pytest.fixture
def video(generating, connect):
    """What the generate operator returned for a small video of ModelArk."""
    return generating(connect(), model="seedance-1.0-pro", duration=2)()


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_manifest_tells_what_landed(vendor, generating, connect, downloading, tmp_path) -> None:
    """Where, how much, what is in it, and whose it is."""
    video = generating(connect(vendor))()
    manifest = downloading(video, tmp_path / "{vendor}" / "{mode}.mp4")()
    landed = Path(manifest["uri"])
    assert landed == tmp_path / vendor / "text.mp4"
    assert landed.stat().st_size == manifest["bytes"]
    assert (manifest["media"]["width"], manifest["media"]["height"]) == (video["width"], video["height"])
    assert manifest["mismatches"] == []
    assert manifest["source"]["generation_id"] == video["generation_id"]


def test_an_id_is_enough(video, connect, downloading, tmp_path) -> None:
    """The link is read from the vendor, whatever the argument says."""
    conn_id = connect()
    manifest = downloading(video["generation_id"], tmp_path / "a.mp4", seedance_conn_id=conn_id)()
    assert manifest["source"]["generation_id"] == video["generation_id"]


def test_a_dead_link_in_the_argument_does_no_harm(video, downloading, tmp_path) -> None:
    """A day later the same dict still lands."""
    old = {**video, "video_url": "http://127.0.0.1:9/gone.mp4?X-Tos-Signature=old"}
    assert downloading(old, tmp_path / "a.mp4")()["bytes"] > 0


@pytest.mark.parametrize("given", [{}, {"status": "succeeded"}, ""])
def test_a_video_without_an_id(given, downloading, tmp_path) -> None:
    """The text says what to pass instead."""
    with pytest.raises(AirflowFailException, match="a generation id or what the generate operator returned"):
        downloading(given, tmp_path / "a.mp4")()


def test_a_link_that_does_not_work_yet_is_waited_for(
    video, downloading, emulator, tmp_path, monkeypatch
) -> None:
    """It has just been made: one 403 is no end."""
    monkeypatch.setattr(clock, "SYSTEM_CLOCK", ImpatientClock())
    emulator.add_fault(on="download", kind="status", status=403)
    assert downloading(video, tmp_path / "a.mp4")()["bytes"] > 0


def test_a_link_that_stays_dead(video, downloading, emulator, tmp_path) -> None:
    """No retry brings it back, and nothing is left behind."""
    emulator.add_fault(on="download", kind="status", status=410, times=None)
    with pytest.raises(AirflowFailException, match="it is paid for") as caught:
        downloading(video, tmp_path / "a.mp4")()
    assert video["generation_id"] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_cut_short_once_is_fetched_whole(video, downloading, emulator, tmp_path) -> None:
    """The way there broke; the video did not."""
    emulator.add_fault(on="download", kind="truncate")
    manifest = downloading(video, tmp_path / "a.mp4")()
    assert (tmp_path / "a.mp4").stat().st_size == manifest["bytes"]


def test_a_file_that_is_always_cut_short_is_not_landed(video, downloading, emulator, tmp_path) -> None:
    """Never a part under the final name; when the way is whole again, a further try lands the video whole."""
    emulator.add_fault(on="download", kind="truncate", times=None)
    with pytest.raises(SeedanceError, match=video["generation_id"]):
        downloading(video, tmp_path / "a.mp4")()
    assert not (tmp_path / "a.mp4").exists()
    emulator.clear_faults()
    downloading(video, tmp_path / "a.mp4")()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.mp4", "a.mp4.json"]


def test_what_is_no_video_is_not_kept(video, downloading, emulator, tmp_path) -> None:
    """An error page with status 200 is not an MP4 file."""
    emulator.add_fault(on="download", kind="malformed", times=None)
    with pytest.raises(LandingError):
        downloading(video, tmp_path / "a.mp4")()
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(video, downloading, tmp_path, monkeypatch) -> None:
    """The system's own words, the place and the remedy; what was there before is still there."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a.mp4").write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(
            DestinationError, match=r"a\.mp4.*No space left on device(?s:.*)then clear the task"
        ):
            downloading(video, tmp_path / "a.mp4", overwrite="always")()
    assert (tmp_path / "a.mp4").read_bytes() == b"before"
    manifest = downloading(video, tmp_path / "a.mp4", overwrite="always")()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.mp4", "a.mp4.json"]
    assert (tmp_path / "a.mp4").stat().st_size == manifest["bytes"]


def test_a_destination_that_cannot_be_written(video, downloading, emulator, tmp_path) -> None:
    """Refused before a byte is fetched."""
    (tmp_path / "file").touch()
    with pytest.raises(AirflowFailException, match="is not a directory"):
        downloading(video, tmp_path / "file" / "a.mp4")()
    assert emulator.ledger()["requests"]["modelark"]["download"] == 0


def test_an_unknown_store(video, downloading) -> None:
    """The text says what is missing."""
    with pytest.raises(AirflowFailException, match="Install the Airflow provider of this store"):
        downloading(video, "warehouse://bucket/a.mp4")()


class TestFilePresent:
    """The three ways to treat a file that is already there."""

    def test_own_takes_over_what_the_same_generation_left(
        self, video, downloading, emulator, tmp_path
    ) -> None:
        """A clear, days later: nothing is fetched, and the vendor is not even asked."""
        first = downloading(video, tmp_path / "a.mp4")()
        asked = emulator.ledger()["requests"]["modelark"]
        emulator.advance(10 * 86_400)
        assert downloading(video, tmp_path / "a.mp4")() == first
        assert emulator.ledger()["requests"]["modelark"] == asked

    def test_own_leaves_anothers_file_alone(self, video, downloading, emulator, tmp_path) -> None:
        """No retry can change that."""
        (tmp_path / "a.mp4").write_bytes(b"something else")
        with pytest.raises(AirflowFailException, match=r"a\.mp4 is a file of unknown origin"):
            downloading(video, tmp_path / "a.mp4")()
        assert (tmp_path / "a.mp4").read_bytes() == b"something else"

    def test_always_replaces(self, video, downloading, tmp_path) -> None:
        """Even by the same bytes."""
        downloading(video, tmp_path / "a.mp4")()
        before = (tmp_path / "a.mp4").stat()
        downloading(video, tmp_path / "a.mp4", overwrite="always")()
        assert (tmp_path / "a.mp4").stat().st_ino != before.st_ino

    def test_never_refuses(self, video, downloading, emulator, tmp_path) -> None:
        """Nothing is fetched, the file is what it was, and no retry can change that."""
        (tmp_path / "a.mp4").write_bytes(b"mine")
        with pytest.raises(AirflowFailException, match=r"a\.mp4 exists, and overwrite is 'never'"):
            downloading(video, tmp_path / "a.mp4", overwrite="never")()
        assert (tmp_path / "a.mp4").read_bytes() == b"mine"
        assert emulator.ledger()["requests"]["modelark"]["download"] == 0

    @pytest.mark.parametrize("word", ["maybe", "skip-identical", ""])
    def test_another_word_is_refused_when_the_dag_is_parsed(self, video, downloading, tmp_path, word) -> None:
        """The known words are listed."""
        with pytest.raises(ValueError, match="overwrite must be one of own, always, never"):
            downloading(video, tmp_path / "a.mp4", overwrite=word)


def test_a_video_that_is_not_what_was_ordered_is_landed_with_a_note(video, downloading, tmp_path) -> None:
    """It is paid for, and fetching it again would not change it."""
    wished = {**video, "duration": 9, "width": 1920}
    manifest = downloading(wished, tmp_path / "a.mp4")()
    assert {mismatch["field"] for mismatch in manifest["mismatches"]} == {"duration", "width"}
    assert (tmp_path / "a.mp4").exists()


def test_without_verification_only_length_and_hash_count(video, downloading, tmp_path) -> None:
    """``verify=False`` looks at no box and no order."""
    manifest = downloading({**video, "duration": 9}, tmp_path / "a.mp4", verify=False)()
    assert manifest["mismatches"] == []
    assert manifest["media"]["duration"] is None


def test_a_generation_that_has_not_finished(connect, emulator, generating, downloading, tmp_path) -> None:
    """It may finish yet: a retry may land it."""
    task = generating(connect())
    task.while_deferred = lambda: None
    generation_id = _submitted(task)
    with pytest.raises(LandingError, match="there is no video yet: it is queued"):
        downloading(generation_id, tmp_path / "a.mp4", seedance_conn_id=connect())()


def test_a_generation_that_failed(connect, emulator, generating, downloading, tmp_path) -> None:
    """There never will be a video, so the task ends for good."""
    generation_id = _submitted(generating(connect(), prompt="[emulator:fail] A fox"))
    emulator.advance(20_000)
    with pytest.raises(AirflowFailException, match="there is no video: the generation ended as failed"):
        downloading(generation_id, tmp_path / "a.mp4", seedance_conn_id=connect())()


def _submitted(task) -> str:
    """The id of a generation that the task submitted before it was deferred."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as caught:
        task.operator.execute(task.context)
    generation_id: str = caught.value.trigger.generation_id
    return generation_id

"""A video that is not as it should be is flagged, or fails its task, and is never lost or paid for twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.core.landing import quality
from tests.operators.conftest import creates, lines


@pytest.fixture
def silent(monkeypatch) -> None:
    """No video is loud enough."""
    monkeypatch.setattr(quality, "SILENT_DBFS", 0.0)


def test_a_generated_video_has_its_poster(generating, connect, tmp_path) -> None:
    """And a contact sheet, if that is asked for."""
    result = generating(connect(), destination=f"{tmp_path}/fox.mp4", contact_sheet=True)()
    assert result["manifest"]["poster"]["uri"] == f"{tmp_path}/fox.jpg"
    assert Path(result["manifest"]["contact_sheet"]["uri"]).stat().st_size > 1000
    assert result["manifest"]["quality"]["flags"] == []


def test_the_last_frame_may_have_the_name_of_the_poster(generating, connect, tmp_path) -> None:
    """The user has named that file."""
    places = {"destination": f"{tmp_path}/fox.mp4", "last_frame_destination": f"{tmp_path}/fox.jpg"}
    result = generating(connect(), **places)()
    assert result["last_frame"]["uri"] == f"{tmp_path}/fox.jpg"
    assert result["manifest"]["poster"] is None


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("deferrable", [True, False])
def test_a_generated_video_fails_for_good(deferrable, generating, connect, emulator, tmp_path) -> None:
    """With the file in place; accepting it costs nothing more."""
    conn_id, file = connect(), tmp_path / "fox.mp4"
    task = generating(conn_id, destination=str(file), on_quality="fail", deferrable=deferrable)
    if not deferrable:
        emulator.set_rate(300)
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=r"(?s)silent.*on_quality='flag'"):
            task()
        assert json.loads((tmp_path / "fox.mp4.json").read_text())["quality"]["flags"] == ["silent"]
    task.operator.on_quality = "flag"
    assert task()["manifest"]["uri"] == str(file)
    assert creates(emulator) == 1


@pytest.mark.usefixtures("silent")
def test_a_downloaded_video_fails_for_good(generating, connect, downloading, tmp_path) -> None:
    video = generating(connect())()
    with pytest.raises(AirflowFailException, match="silent"):
        downloading(video, tmp_path / "fox.mp4", on_quality="fail")()
    manifest = downloading(video, tmp_path / "fox.mp4", on_quality="flag")()
    assert manifest["quality"]["flags"] == ["silent"]


@pytest.mark.usefixtures("silent")
def test_a_batch_fails_when_all_rows_have_ended(batching, connect, emulator, tmp_path) -> None:
    """Nothing bad is published; accepting the videos publishes them, and pays for none again."""
    published = tmp_path / "published"
    task = batching(connect(), publish_destination=f"{published}/{{row}}.mp4", on_quality="fail")
    with pytest.raises(
        AirflowFailException, match="3 of 3 videos are not as they should be: row 1: silent; row 2"
    ):
        task()
    assert len(list(tmp_path.glob("*.mp4"))) == 3
    assert not published.exists()
    task.operator.on_quality = "flag"
    summary = task()
    assert len(list(published.glob("*.mp4"))) == len(list(published.glob("*.jpg"))) == 3
    assert all(result["manifest"]["quality"]["flags"] == ["silent"] for result in lines(summary))
    assert creates(emulator) == 3

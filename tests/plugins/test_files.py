"""The bytes that the gallery sends, and those that it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.gallery.cards import Card, TaskKey
from dev.gallery import Video, write_record
from tests.plugins.conftest import JPEG, MP4


def answer(uri: str, *, poster: bool = False) -> int:
    """The status of what a user who may read ``film`` gets for a card with this address."""
    from fastapi import HTTPException

    from airflow_provider_seedance.plugins.gallery.files import send_picture, send_video

    card = Card({}, TaskKey("film", "r", "t"), "succeeded", "succeeded", manifest={"uri": uri, "source": {}})
    may_read = {"film"}.__contains__
    try:
        return (send_picture(card, may_read) if poster else send_video(card, may_read, None)).status_code
    except HTTPException as fault:
        return fault.status_code


@pytest.fixture
def landed(tmp_path: Path) -> Path:
    """A video of ``film``, with its poster and its record."""
    file = tmp_path / "fox.mp4"
    file.write_bytes(MP4)
    file.with_suffix(".jpg").write_bytes(JPEG)
    write_record(Video("A fox", file=file))
    return file


def test_a_landed_video_and_its_poster_are_sent(landed: Path) -> None:
    """By path and by URI."""
    assert [answer(str(landed)), answer(f"file://{landed}"), answer(str(landed), poster=True)] == [200] * 3


def other_size(file: Path) -> None:
    file.write_bytes(MP4 + b"more")


def other_dag(file: Path) -> None:
    write_record(Video("A fox", dag_id="secret", file=file))


def no_record(file: Path) -> None:
    Path(f"{file}.json").unlink()


def another_record(file: Path) -> None:
    Path(f"{file}.json").write_text(json.dumps({"dag_id": "film"}))


def record_of_another_file(file: Path) -> None:
    elsewhere = file.with_name("crane.mp4")
    elsewhere.write_bytes(MP4)
    write_record(Video("A crane", file=elsewhere))
    Path(f"{elsewhere}.json").rename(f"{file}.json")


def no_video(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "change", [other_size, other_dag, no_record, another_record, record_of_another_file, no_video]
)
def test_a_file_without_a_record_of_its_own_is_not_sent(landed: Path, change: Callable[[Path], Any]) -> None:
    """And neither is the picture beside it, which may be anyone's."""
    change(landed)
    assert answer(str(landed)) == answer(str(landed), poster=True) == 404


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/x.mp4",
        "HTTPS://host/x.mp4",
        "ftp://host/x.mp4",
        "memory://x.mp4",
        "x.mp4",
        "../x.mp4",
        "s3://",
        "",
        "/",
        "/a\0b.mp4",
        f"/{'x' * 5000}.mp4",
    ],
)
def test_no_file_is_fetched_from_just_anywhere(uri: str) -> None:
    """A task may return any address; the API server does not go there."""
    assert answer(uri) == answer(uri, poster=True) == 404


def test_a_file_that_is_refused_is_closed(landed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the store's library raises on the way, it is not found."""
    from airflow_provider_seedance.plugins.gallery import files

    opened: list[Any] = []

    def opening(path: Path) -> Any:
        opened.append(path.open("rb"))
        return opened[-1]

    monkeypatch.setattr(files, "open_for_reading", opening)
    landed.write_bytes(bytes(len(MP4)))
    assert answer(str(landed)) == 404
    assert [file.closed for file in opened] == [True]

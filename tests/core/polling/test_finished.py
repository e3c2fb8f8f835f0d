"""Each finished video is told once, and none is left out."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.polling.finished import (
    MAX_TOLD,
    OVERLAP_SECONDS,
    FinishCursor,
    FinishedVideo,
    finished_video,
)
from airflow_provider_seedance.models import Failed, Failure, Pending, Succeeded

NOW = 1_000_000.0


def video(name: str, at: float = NOW) -> FinishedVideo:
    return FinishedVideo("modelark", name, "seedance-2.0", at)


def names(videos: list[FinishedVideo]) -> str:
    return "".join(one.generation_id for one in videos)


def test_each_is_told_once_the_earliest_first() -> None:
    """However often it is seen."""
    cursor = FinishCursor(NOW)
    told, cursor = cursor.advance([video("b", NOW + 2), video("a", NOW + 1)], NOW + 9)
    assert names(told) == "ab"
    told, cursor = cursor.advance([video("a", NOW + 1), video("c", NOW + 3), video("b", NOW + 2)], NOW + 9)
    assert names(told) == "c"


def test_what_finished_before_the_watcher_began_is_not_told() -> None:
    """An account has years of videos."""
    told, cursor = FinishCursor(NOW).advance([video("old", NOW - 1)], NOW)
    assert (told, cursor) == ([], FinishCursor(NOW))


def test_what_a_watcher_finds_when_it_begins_is_not_news() -> None:
    """Whatever the vendor's clock says; what it finds later is."""
    for skew in (-300, 0, 300):
        _, cursor = FinishCursor.beginning(NOW).advance([video("old", NOW + skew)], NOW)
        told, cursor = cursor.advance([video("old", NOW + skew), video("new", NOW + skew)], NOW + 30)
        assert names(told) == "new"
        later = [video("old", NOW + skew), video("new", NOW + skew), video("c", NOW + skew + 2_000)]
        assert names(cursor.advance(later, NOW + 2_000)[0]) == "c"


def test_what_becomes_visible_late_is_told() -> None:
    """Workers write to the ledger in any order."""
    _, cursor = FinishCursor(NOW).advance([video("b", NOW + OVERLAP_SECONDS)], NOW + OVERLAP_SECONDS)
    told, _ = cursor.advance([video("a", NOW + 1), video("b", NOW + OVERLAP_SECONDS)], NOW + OVERLAP_SECONDS)
    assert names(told) == "a"


def test_a_moment_in_the_future_does_not_silence_the_watcher() -> None:
    """Vendors tell any."""
    _, cursor = FinishCursor(NOW).advance([video("odd", NOW * 10)], NOW + 1)
    told, _ = cursor.advance([video("odd", NOW * 10), video("a", NOW + 2)], NOW + 3)
    assert names(told) == "a"


def test_a_cursor_stays_small() -> None:
    """Airflow stores 64 KB; beyond the newest ids it looks less far back."""
    many = [video(f"cgt-{number:032}", NOW + number / 100) for number in range(3 * MAX_TOLD)]
    told, cursor = FinishCursor(NOW).advance(many, NOW + 100)
    assert (len(told), len(cursor.told)) == (3 * MAX_TOLD, MAX_TOLD)
    assert len(json.dumps(cursor.to_dict())) < 65_535
    assert cursor.advance(many, NOW + 100)[0] == []


def test_it_survives_being_stored() -> None:
    """As JSON."""
    _, cursor = FinishCursor(NOW).advance([video("a", NOW + 0.5)], NOW + 1)
    assert FinishCursor.parse(json.loads(json.dumps(cursor.to_dict()))) == cursor


@pytest.mark.parametrize(
    "stored", [None, "x", [], {}, {"since": "1", "told": {}}, {"since": 1.0, "told": {"a": float("nan")}}]
)
def test_what_is_no_cursor_is_none(stored: Any) -> None:
    """Users can edit what Airflow stores."""
    assert FinishCursor.parse(stored) is None


def test_only_videos_are_told_and_no_link_of_theirs() -> None:
    """An event is logged and stored."""
    finished = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
    common = {"vendor": "modelark", "generation_id": "cgt-1", "model": "seedance-2.0"}
    done = Succeeded(**common, video_url="https://v.example/v.mp4?X-Signature=s", finished_at=finished)
    found = finished_video(done)
    assert found
    assert found.to_payload("seedance_default") == {
        **common,
        "seedance_conn_id": "seedance_default",
        "finished_at": "2026-11-28T12:00:00+00:00",
    }
    for other in (Pending(**common, status="running"), Failed(**common, status="failed", failure=Failure())):
        assert finished_video(other) is None

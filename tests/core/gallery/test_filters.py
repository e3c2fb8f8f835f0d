"""The filters of an address."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest

from airflow_provider_seedance.core.gallery.filters import CARDS_SHOWN, Filters


def test_an_address_becomes_filters_and_the_same_address_again() -> None:
    """A view that is shared is the same view."""
    query = {
        "dag_id": "film",
        "map_index": "3",
        "state": "failed",
        "since": "2026-11-01",
        "text": "a fox & a crane",
        "page": "2",
    }
    filters = Filters.parse(query)
    assert filters == Filters(
        dag_id="film",
        map_index=3,
        state="failed",
        since=date(2026, 11, 1),
        text="a fox & a crane",
        page=2,
    )
    assert filters.query() == (
        "?dag_id=film&map_index=3&state=failed&since=2026-11-01&text=a+fox+%26+a+crane&page=2"
    )
    assert filters.offset == CARDS_SHOWN


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"dag_id": " ", "text": "\0"},
        {"map_index": "{MAP_INDEX}", "run_id": "{RUN_ID}"},
        {"state": "happy"},
        {"since": "yesterday", "until": "2026-13-01"},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"page": "-4", "map_index": "-7"},
        {"page": "one", "map_index": "9" * 40},
        {"unknown": "x"},
    ],
)
def test_what_cannot_be_a_filter_filters_nothing(query: dict[str, str]) -> None:
    """Also a placeholder that Airflow had nothing for."""
    filters = Filters.parse(query)
    assert filters == Filters()
    assert not filters.are_set
    assert filters.query() == ""


def test_the_last_day_counts_whole() -> None:
    """Both days are of UTC."""
    filters = Filters.parse({"since": "2026-11-01", "until": "2026-11-01"})
    assert filters.started_at == datetime(2026, 11, 1, tzinfo=timezone.utc)
    assert filters.ended_at == datetime(2026, 11, 2, tzinfo=timezone.utc)


def test_turning_a_page_keeps_the_filters() -> None:
    """And the first page is the address without a page."""
    filters = Filters(vendor="evolink", page=3)
    assert filters.query(page=4) == "?vendor=evolink&page=4"
    assert filters.query(page=1) == "?vendor=evolink"
    assert filters.are_set


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("manual__2026-11-28T10:00:00 00:00", "manual__2026-11-28T10:00:00+00:00"),
        ("scheduled__2026-11-28T10:00:00.5 02:00_x", "scheduled__2026-11-28T10:00:00.5+02:00_x"),
        ("take 2 of the night", "take 2 of the night"),
    ],
)
def test_a_run_id_keeps_the_plus_of_its_time_zone(told: str, meant: str) -> None:
    """Which Airflow 3.1 does not write as an address needs it."""
    assert Filters.parse({"run_id": told}).run_id == meant

"""A finished generation's links are tried in order, and the vendor is asked for others only after all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.errors import AuthenticationRefused, LinkDead, NoReply, NotFound, SeedanceError
from airflow_provider_seedance.models import Failed, Failure, Generation, Status, Succeeded
from tests.clocks import ManualClock

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
VIDEO = b"any bytes"


def _finished(*links: str, **fields: Any) -> Succeeded:
    return Succeeded(vendor="anyfast", generation_id="task-1", video_urls=links, **fields)


class Vendor:
    """A client whose links answer with bytes or an HTTP status, and whose generation can be read anew."""

    def __init__(self, links: Mapping[str, bytes | int], fresh: Generation | SeedanceError) -> None:
        self.links = dict(links)
        self.opened: list[str] = []
        self.reads = 0
        self._fresh = fresh
        self.generations = SimpleNamespace(get=self._get)

    def _get(self, generation_id: str) -> Generation:
        self.reads += 1
        if isinstance(self._fresh, SeedanceError):
            raise self._fresh
        return self._fresh

    @contextmanager
    def open(self, url: str, *, start: int = 0, etag: str | None = None) -> Iterator[MediaStream]:
        self.opened.append(url[-1])
        answer = self.links[url]
        if isinstance(answer, int):
            raise LinkDead(f"HTTP {answer}", http_status=answer)
        yield MediaStream(iter((answer,)), total=len(answer), content_type=None, etag=None)


def _land(vendor: Vendor, generation: Succeeded, target: Path, clock: ManualClock | None = None) -> None:
    land_generation(
        cast(SeedanceClient, vendor),
        generation,
        str(target),
        path_from_uri=Path,
        clock=clock or ManualClock(NOW.timestamp()),
        verify=False,
    )


def test_a_dead_first_link_gives_way_to_the_second(tmp_path: Path) -> None:
    generation = _finished("https://f/1", "https://f/2")
    vendor = Vendor({"https://f/1": 401, "https://f/2": VIDEO}, generation)
    _land(vendor, generation, tmp_path / "v.mp4")
    assert (tmp_path / "v.mp4").read_bytes() == VIDEO
    assert (vendor.opened, vendor.reads) == (["1", "2"], 0)


def test_a_page_gives_way_to_the_second(tmp_path: Path) -> None:
    generation = _finished("https://f/1", "https://f/2")
    _land(
        Vendor({"https://f/1": b"<html>", "https://f/2": VIDEO}, generation), generation, tmp_path / "v.mp4"
    )
    assert (tmp_path / "v.mp4").read_bytes() == VIDEO


def test_then_the_generation_is_read_for_fresh_ones(tmp_path: Path) -> None:
    vendor = Vendor({"https://f/1": 410, "https://f/3": VIDEO}, _finished("https://f/1", "https://f/3"))
    _land(vendor, _finished("https://f/1"), tmp_path / "v.mp4")
    assert (vendor.opened, vendor.reads) == (["1", "3"], 1)


def test_buying_again_is_not_advised_while_the_vendor_calls_it_finished(tmp_path: Path) -> None:
    generation = _finished("https://f/1", "https://f/2")
    with pytest.raises(LinkDead, match="paid for") as caught:
        _land(Vendor({"https://f/1": 401, "https://f/2": 410}, generation), generation, tmp_path / "v.mp4")
    assert "new generation" not in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("fault", [NoReply("reset"), NotFound("unknown"), AuthenticationRefused("wrong key")])
def test_a_read_that_fails_is_no_reason_to_buy_again_unless_the_vendor_knows_of_none(tmp_path, fault) -> None:
    generation = _finished("https://f/1")
    with pytest.raises(SeedanceError) as caught:
        _land(Vendor({"https://f/1": 410}, fault), generation, tmp_path / "v.mp4")
    assert ("only a new generation" in str(caught.value)) is isinstance(fault, NotFound)


def test_a_generation_that_is_no_longer_finished_may_be_bought_again(tmp_path: Path) -> None:
    expired = Failed(vendor="anyfast", generation_id="task-1", status=Status.EXPIRED, failure=Failure())
    with pytest.raises(LinkDead, match="only a new generation brings it back"):
        _land(Vendor({"https://f/1": 410}, expired), _finished("https://f/1"), tmp_path / "v.mp4")


@pytest.mark.parametrize(
    ("times", "waits"),
    [
        ({"finished_at": NOW - timedelta(minutes=2)}, True),
        ({"updated_at": NOW - timedelta(minutes=2), "created_at": NOW - timedelta(hours=2)}, True),
        ({"created_at": NOW - timedelta(minutes=35)}, True),
        ({"created_at": NOW - timedelta(hours=1)}, False),
        ({"finished_at": NOW - timedelta(hours=1)}, False),
        ({}, False),
    ],
)
def test_a_link_of_a_generation_that_has_just_ended_is_waited_for(tmp_path: Path, times, waits: bool) -> None:
    """Where the vendor does not tell when it ended, by when it was created."""
    generation, clock = _finished("https://f/1", **times), ManualClock(NOW.timestamp())
    with pytest.raises(LinkDead):
        _land(Vendor({"https://f/1": 404}, generation), generation, tmp_path / "v.mp4", clock)
    assert (sum(clock.pauses) == 90.0) is waits

"""A vendor for tests of pollers: it answers from a table, and time passes only where the poller sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import Poller
from airflow_provider_seedance.core.vendors.contract import Listing
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Status, Succeeded
from tests.clocks import ManualClock

T = TypeVar("T")
START = ManualClock.moment
LISTING = Listing(
    list=lambda query: pytest.fail("nothing is sent here"),
    service_tiers=("default", "flex"),
    largest_page_size=500,
    last_page=500,
    ids_per_request=100,
)


class Time(ManualClock):
    """Moves when everyone has nothing to do but to sleep."""

    async def asleep(self, seconds: float) -> None:
        # Requests under way are answered first: they take no time here.
        for _ in range(10):
            await asyncio.sleep(0)
        self.moment += seconds


@dataclass
class Vendor:
    """Generations that end at a time, one answer for each request, and a log of the requests.

    :param ends: generation id -> seconds after the start at which it succeeds.
    :param tiers: generation id -> service tier, where it is not ``default``.
    :param hidden: ids that no list shows.
    :param speed: of the progress that it tells, percent in a second; it tells none at 0.
    :param faults: raised by the next requests, one each.
    :param answers: called with an id before it is read by itself; may raise.
    """

    time: Time
    lists: bool = True
    ends: dict[str, float] = field(default_factory=dict)
    tiers: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    speed: float = 0.0
    faults: list[BaseException] = field(default_factory=list)
    answers: Callable[[str], object] = lambda generation_id: None
    requests: list[tuple[float, str, tuple[str, ...]]] = field(default_factory=list)
    closed: int = 0
    under_way: int = 0
    most_under_way: int = 0

    @property
    def listing(self) -> Listing | None:
        return LISTING if self.lists else None

    @property
    def generations(self) -> Vendor:
        return self

    async def get(self, generation_id: str) -> Generation:
        await self._take("get", (generation_id,))
        self.answers(generation_id)
        return self._state(generation_id)

    async def list(self, query: ListQuery) -> GenerationPage:
        assert (query.page_size or 0) >= len(query.ids)
        await self._take(f"list {query.service_tier}", query.ids)
        items = tuple(
            self._state(name)
            for name in query.ids
            if name not in self.hidden and self.tiers.get(name, "default") == query.service_tier
        )
        return GenerationPage(total=len(items), items=items)

    async def close(self) -> None:
        assert not self.under_way
        self.closed += 1

    def count(self, kind: str) -> int:
        return sum(1 for _, asked, _ in self.requests if asked.startswith(kind))

    async def _take(self, kind: str, ids: tuple[str, ...]) -> None:
        self.requests.append((self.time.moment - START, kind, ids))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0)
        finally:
            self.under_way -= 1
        if self.faults:
            raise self.faults.pop(0)

    def _state(self, generation_id: str) -> Generation:
        named = {
            "vendor": "vendor",
            "generation_id": generation_id,
            "service_tier": self.tiers.get(generation_id, "default"),
        }
        if self.time.moment - START >= self.ends.get(generation_id, 60.0):
            return Succeeded(video_url="https://files.example.com/v.mp4", **named)
        percent = int(self.speed * (self.time.moment - START)) if self.speed else None
        return Pending(status=Status.RUNNING, progress=percent, **named)


@dataclass
class Scene:
    """A poller before such a vendor."""

    vendor: Vendor
    poller: Poller
    progress: list[Pending]

    def wait(self, generation_id: str, deadline: float = 3_600.0, **more: float) -> Awaitable[WaitOutcome]:
        wait = WaitState(started=START, deadline=START + deadline, **more)
        return asyncio.ensure_future(self.poller.wait_for(generation_id, wait))

    @property
    def elapsed(self) -> float:
        return self.vendor.time.moment - START


def run(play: Callable[[Scene], Coroutine[Any, Any, T]], *, max_lag: float = 90.0, **traits: Any) -> T:
    """Plays a scene, and sees that it ends clean: no task is left behind, and the client is closed."""

    async def played() -> T:
        time = Time()
        vendor = Vendor(time, **traits)
        progress: list[Pending] = []
        poller = Poller(
            vendor, latency_model=LatencyModel(), clock=time, max_lag=max_lag, on_progress=progress.append
        )
        scene = Scene(vendor, poller, progress)
        try:
            return await asyncio.wait_for(play(scene), 600)
        finally:
            await poller.close()
            await asyncio.sleep(0)
            assert vendor.closed == 1
            assert asyncio.all_tasks() == {asyncio.current_task()}

    return asyncio.run(played())


def trouble(count: int, error: Callable[[], SeedanceError]) -> list[BaseException]:
    """That many errors, each its own."""
    return [error() for _ in range(count)]

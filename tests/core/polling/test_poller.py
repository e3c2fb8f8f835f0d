"""Waiting for many generations at once."""

from __future__ import annotations

import asyncio
import gc
import itertools
import sys
import time
from itertools import pairwise

import pytest

from airflow_provider_seedance.core.clock import SystemClock
from airflow_provider_seedance.core.polling.decide import (
    FAILED_POLL_BACKOFF,
    MAX_OUTAGE_SECONDS,
    WaitOutcome,
    WaitState,
)
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import MAX_CONCURRENCY, MAX_LIST_MISSES, Poller
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    MalformedReply,
    NoReply,
    NotFound,
    RateLimited,
    SeedanceError,
    ValidationRefused,
)
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Status, Succeeded
from tests.core.polling.vendor import LISTING, Scene, run, trouble

LISTS = pytest.mark.parametrize("lists", [True, False], ids=["list", "one by one"])


@LISTS
def test_each_wait_ends_soon_after_its_generation(lists: bool) -> None:
    """It does so with a list and without."""

    async def play(scene: Scene) -> None:
        waits = [scene.wait(name) for name in scene.vendor.ends]
        for wait, ends in zip(waits, scene.vendor.ends.values(), strict=True):
            assert await wait is WaitOutcome.ENDED
            assert ends <= scene.elapsed < ends + 15

    run(play, lists=lists, ends={"a": 20.0, "b": 70.0, "c": 100.0})


@LISTS
@pytest.mark.parametrize("speed", [0.0, 0.1])
def test_progress_is_told_when_it_changes(lists: bool, speed: float) -> None:
    """Not with each answer; a vendor that tells no percents tells of the first answer alone."""

    async def play(scene: Scene) -> None:
        await scene.wait("a")
        told = [news.progress for news in scene.progress]
        assert {news.generation_id for news in scene.progress} == {"a"}
        assert len(scene.vendor.requests) > len(told) == len(set(told))
        assert (len(told) > 3) == bool(speed)

    run(play, lists=lists, ends={"a": 100.0}, speed=speed)


@LISTS
def test_what_has_a_callback_is_polled_for_safety_only(lists: bool) -> None:
    """Once at the start, for an end before the wait, and then after the longest pauses: a lost callback costs one."""

    async def play(scene: Scene) -> None:
        assert await scene.wait("a", has_callback=True) is WaitOutcome.ENDED
        assert 300.0 <= scene.elapsed <= 360.0
        reads = [at for at, _, _ in scene.vendor.requests]
        assert all(54.0 <= later - at <= 60.0 for at, later in pairwise(reads))

    run(play, lists=lists, ends={"a": 300.0}, max_lag=60.0)


def test_a_list_request_takes_a_hundred() -> None:
    """Ten requests tell the status of a thousand generations every five seconds."""

    async def play(scene: Scene) -> None:
        waits = [scene.wait(f"g{number}") for number in range(1000)]
        await asyncio.gather(*waits)
        for tick in range(30, 115, 5):
            requested = [ids for at, kind, ids in scene.vendor.requests if tick <= at < tick + 5]
            assert len(requested) <= 10
            assert len({name for ids in requested for name in ids}) == 1000
        assert scene.vendor.count("get") == 0

    run(play, ends={f"g{number}": 120.0 for number in range(1000)})


def test_both_tiers_are_listed() -> None:
    """A list shows only the tier that it names; once found, a generation is listed in its own tier only."""

    async def play(scene: Scene) -> None:
        await asyncio.gather(scene.wait("a"), scene.wait("slow"))
        listed = [(kind, ids) for _, kind, ids in scene.vendor.requests]
        assert sum(1 for kind, ids in listed if kind == "list default" and "slow" in ids) == 1
        assert sum(1 for kind, ids in listed if kind == "list flex" and "slow" in ids) > 5
        assert not any(kind == "list flex" and "a" in ids for kind, ids in listed)
        assert scene.vendor.count("get") == 0

    run(play, ends={"a": 60.0, "slow": 60.0}, tiers={"slow": "flex"})


def test_a_generation_that_no_list_shows_is_requested_by_its_id() -> None:
    """After some misses it is not listed any more."""

    async def play(scene: Scene) -> None:
        assert await scene.wait("old") is WaitOutcome.ENDED
        assert scene.vendor.count("list default") == MAX_LIST_MISSES
        assert scene.vendor.count("list flex") == MAX_LIST_MISSES
        assert scene.vendor.count("get") > MAX_LIST_MISSES

    run(play, ends={"old": 200.0}, hidden={"old"})


def test_a_generation_that_the_list_shows_late_goes_back_to_it() -> None:
    """A fresh generation may not be in the list yet."""

    async def play(scene: Scene) -> None:
        wait = scene.wait("new")
        while not scene.vendor.count("get"):
            await asyncio.sleep(0)
        scene.vendor.hidden.clear()
        assert await wait is WaitOutcome.ENDED
        assert scene.vendor.count("get") == 1

    run(play, ends={"new": 60.0}, hidden={"new"})


def test_an_unknown_id_ends_its_own_wait_alone() -> None:
    """The waits for others of the same list go on."""

    def unknown(generation_id: str) -> None:
        if generation_id == "gone":
            raise NotFound("no such task")

    async def play(scene: Scene) -> None:
        waits = [scene.wait(name) for name in ("a", "gone", "b")]
        outcomes = await asyncio.gather(*waits)
        assert outcomes == [WaitOutcome.ENDED, WaitOutcome.STATUS_UNKNOWN, WaitOutcome.ENDED]

    run(play, hidden={"gone"}, answers=unknown)


@pytest.mark.parametrize(
    "error", [ValidationRefused("bad id"), MalformedReply("a row without id")], ids=["400", "row"]
)
def test_a_list_that_fails_for_one_is_split(error: SeedanceError) -> None:
    """Each id is then requested by itself, and only the wait for the culprit ends."""

    def culprit(generation_id: str) -> None:
        if generation_id == "culprit":
            raise ValidationRefused("bad id")

    async def play(scene: Scene) -> None:
        outcomes = await asyncio.gather(*(scene.wait(name) for name in ("a", "culprit", "b")))
        assert outcomes == [WaitOutcome.ENDED, WaitOutcome.STATUS_UNKNOWN, WaitOutcome.ENDED]
        assert scene.vendor.count("get") == 3

    run(play, faults=[error], answers=culprit)


def test_a_withdrawn_key_ends_all_waits() -> None:
    """It takes one list request and one single request for each."""

    def refused(_: str) -> None:
        raise AuthenticationRefused("invalid key")

    async def play(scene: Scene) -> None:
        outcomes = await asyncio.gather(*(scene.wait(name) for name in "abc"))
        assert outcomes == [WaitOutcome.STATUS_UNKNOWN] * 3
        assert len(scene.vendor.requests) == 4

    run(play, faults=[AuthenticationRefused("invalid key")], answers=refused)


@LISTS
@pytest.mark.parametrize(
    "error", [NoReply("cut"), ConnectionError("what no client should raise")], ids=["known", "unknown"]
)
def test_errors_that_may_pass_are_tolerated(lists: bool, error: Exception) -> None:
    """So is an exception that no client should raise."""

    async def play(scene: Scene) -> None:
        assert await scene.wait("a") is WaitOutcome.ENDED
        times = [at for at, _, _ in scene.vendor.requests]
        assert times[1] - times[0] <= FAILED_POLL_BACKOFF.first

    run(play, lists=lists, faults=[error] * 3)


@LISTS
def test_an_outage_without_end_ends_the_wait(lists: bool) -> None:
    """The limit is that of a wait on a thread."""

    async def play(scene: Scene) -> None:
        assert await scene.wait("a") is WaitOutcome.STATUS_UNKNOWN
        assert MAX_OUTAGE_SECONDS < scene.elapsed < MAX_OUTAGE_SECONDS + 30

    run(play, lists=lists, faults=trouble(200, lambda: NoReply("cut")))


def test_an_error_of_one_does_not_touch_the_others() -> None:
    """A fault of the poller's own code ends the one wait that it belongs to."""

    async def play(scene: Scene) -> None:
        original = scene.vendor._state

        def senseless(generation_id: str) -> Generation:
            seen = original(generation_id)
            return seen.model_copy(update={"progress": "half"}) if generation_id == "c" else seen

        scene.vendor._state = senseless  # type: ignore[method-assign]
        waits = [scene.wait("a"), scene.wait("b")]
        with pytest.raises(TypeError):
            await scene.wait("c")
        assert await asyncio.gather(*waits) == [WaitOutcome.ENDED] * 2

    run(play, lists=False)


@LISTS
def test_the_deadline_is_kept(lists: bool) -> None:
    """The wait ends within half a second of it."""

    async def play(scene: Scene) -> None:
        first = scene.wait("a", deadline=33.0)
        assert await first is WaitOutcome.TIMED_OUT
        assert scene.elapsed == pytest.approx(33.0, abs=0.5)

    run(play, lists=lists, ends={"a": 1e9})


@LISTS
def test_no_pause_is_longer_than_max_lag(lists: bool) -> None:
    """It holds for each generation."""

    async def play(scene: Scene) -> None:
        await asyncio.gather(*(scene.wait(name) for name in "abc"))
        for name in "abc":
            times = [at for at, _, ids in scene.vendor.requests if name in ids]
            assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= 2.01

    run(play, lists=lists, max_lag=2.0, ends=dict.fromkeys("abc", 100.0))


def test_single_requests_are_evenly_spaced() -> None:
    """Hundreds that are due at once are not sent at once, nor over many connections."""

    async def play(scene: Scene) -> None:
        await asyncio.gather(*(scene.wait(f"g{number}") for number in range(300)))
        times = [at for at, _, _ in scene.vendor.requests[:300]]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert min(gaps) > 0.04
        assert scene.vendor.most_under_way <= MAX_CONCURRENCY

    run(play, lists=False)


def test_a_refusal_slows_all_requests_down() -> None:
    """None is sent before the time that the vendor named."""

    async def play(scene: Scene) -> None:
        await asyncio.gather(*(scene.wait(f"g{number}") for number in range(100)))
        times = [at for at, _, _ in scene.vendor.requests]
        assert times[1] - times[0] >= 20.0
        assert times[2] - times[1] == pytest.approx(0.2, abs=0.02)

    run(play, lists=False, faults=[RateLimited("slow down", retry_after=20.0)])


def test_two_waits_for_one_generation_both_end() -> None:
    """A triggerer may run a trigger twice for a while; each request names the id once."""

    async def play(scene: Scene) -> None:
        assert await asyncio.gather(scene.wait("a"), scene.wait("a")) == [WaitOutcome.ENDED] * 2
        assert all(len(ids) == 1 for _, _, ids in scene.vendor.requests)

    run(play)


@LISTS
def test_a_cancelled_wait_causes_no_further_request(lists: bool) -> None:
    """Other waits go on."""

    async def play(scene: Scene) -> None:
        leaves, stays = scene.wait("a"), scene.wait("b")
        while len(scene.vendor.requests) < 4:
            await asyncio.sleep(0)
        leaves.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaves
        scene.vendor.requests.clear()
        assert await stays is WaitOutcome.ENDED
        assert not any("a" in ids for _, _, ids in scene.vendor.requests)

    run(play, lists=lists)


def test_a_hundred_thousand_leave_nothing_behind() -> None:
    """Half of them end, half are cancelled, and memory holds the one wait that stays."""

    async def play(scene: Scene) -> None:
        async def come_and_go() -> int:
            waits = [scene.wait(f"g{number}") for number in range(1_000)]
            for _ in range(3):
                await asyncio.sleep(0)
            for wait in waits[::2]:
                wait.cancel()
            outcomes = await asyncio.gather(*waits, return_exceptions=True)
            assert outcomes[1::2] == [WaitOutcome.ENDED] * 500
            scene.vendor.requests.clear()
            gc.collect()
            return sys.getallocatedblocks()

        stays = scene.wait("stays", deadline=1e9)
        held = [await come_and_go() for _ in range(100)]
        assert held[-1] - held[5] < 1_000
        assert len(asyncio.all_tasks()) <= 4 + MAX_CONCURRENCY
        assert sum(map(len, scene.poller._queues)) <= 2 * LISTING.ids_per_request
        stays.cancel()

    gc.freeze()  # what other tests have left is not looked through a hundred times
    try:
        run(play, ends={"stays": 1e9, **{f"g{number}": 0.0 for number in range(1_000)}})
    finally:
        gc.unfreeze()


class _Silent:
    """A client whose requests for some generations never come to an end.

    :param queued: ids that are seen in the queue once before that.
    """

    listing = None

    def __init__(self, *healthy: str, queued: tuple[str, ...] = ()) -> None:
        self.healthy = healthy
        self.queued = list(queued)
        self.asked: list[str] = []

    @property
    def generations(self) -> _Silent:
        return self

    async def get(self, generation_id: str) -> Generation:
        self.asked.append(generation_id)
        if generation_id in self.healthy:
            return Succeeded(vendor="v", generation_id=generation_id, video_url="https://h/v.mp4")
        if generation_id in self.queued:
            self.queued.remove(generation_id)
            return Pending(vendor="v", generation_id=generation_id, status=Status.QUEUED)
        await asyncio.Event().wait()
        raise AssertionError

    async def list(self, query: ListQuery) -> GenerationPage:
        raise AssertionError

    async def close(self) -> None: ...


def _waited(client: _Silent, *waits: tuple[str, WaitState]) -> tuple[list[WaitOutcome], float]:
    """The outcomes, and the seconds that it took."""

    async def wait() -> list[WaitOutcome]:
        clock = SystemClock()
        poller = Poller(client, latency_model=LatencyModel(), clock=clock, max_lag=0.05)
        try:
            return await asyncio.gather(*(poller.wait_for(name, state) for name, state in waits))
        finally:
            await poller.close()

    started = time.monotonic()
    return asyncio.run(asyncio.wait_for(wait(), 20)), time.monotonic() - started


def _until(seconds: float, **more: float) -> WaitState:
    now = time.time()
    return WaitState(started=now, deadline=now + seconds, **{name: now + at for name, at in more.items()})


def test_deadlines_pass_while_no_request_is_answered() -> None:
    """Also those of generations whose turn never comes, since all requests hang."""
    client = _Silent("healthy")
    names = [f"g{number}" for number in range(MAX_CONCURRENCY + 3)]
    outcomes, took = _waited(client, *((name, _until(0.2)) for name in names), ("healthy", _until(0.3)))
    assert outcomes == [WaitOutcome.TIMED_OUT] * (len(names) + 1)
    assert len(client.asked) == MAX_CONCURRENCY
    assert took < 5


def test_a_deadline_of_the_past_leaves_time_for_one_answer() -> None:
    """A triggerer that was away finds the end of its waits."""
    outcomes, _ = _waited(_Silent("healthy"), ("healthy", _until(-100.0)), ("stuck", _until(-100.0)))
    assert outcomes == [WaitOutcome.ENDED, WaitOutcome.TIMED_OUT]


def test_the_queue_deadline_passes_for_what_was_seen_in_the_queue() -> None:
    """Of another one it is not known whether it is still queued: it waits until its deadline."""
    limits = _until(2.5, queue_deadline=0.1)
    outcomes, took = _waited(_Silent(queued=("queued",)), ("queued", limits), ("unknown", limits))
    assert outcomes == [WaitOutcome.QUEUED_TOO_LONG, WaitOutcome.TIMED_OUT]
    assert took > 2.5

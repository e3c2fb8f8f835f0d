"""All waits at one account share a poller."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.clock import SystemClock
from airflow_provider_seedance.core.polling.decide import MAX_OUTAGE_SECONDS, WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.registry import (
    ACCOUNT_TTL_SECONDS,
    PollerRegistry,
    current_registry,
)
from airflow_provider_seedance.errors import ConfigurationError, NotSent, SeedanceError
from tests.core.polling.vendor import START, Time, Vendor


def settings(**changes: Any) -> Account:
    return Account.create(**{"vendor": "modelark", "api_key": "sk-one", **changes})


@dataclass
class Scene:
    """Airflow's connections, and a vendor for each client that is opened."""

    time: Time = field(default_factory=Time)
    connections: dict[str, Account | SeedanceError] = field(default_factory=lambda: {"seedance": settings()})
    looked_up: list[str] = field(default_factory=list)
    opened: list[tuple[Account, Vendor]] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        self.registry = PollerRegistry(self.open, clock=self.time, max_lag=90.0)

    def open(self, made_with: Account) -> Vendor:
        if self.broken:
            raise ConfigurationError("a row of the catalog is wrong")
        vendor = Vendor(self.time, ends={"stuck": 1e9})
        self.opened.append((made_with, vendor))
        return vendor

    def wait(self, generation_id: str = "g", conn_id: str = "seedance") -> asyncio.Task[WaitOutcome]:
        async def read_connection() -> Account:
            self.looked_up.append(conn_id)
            await asyncio.sleep(0)
            answer = self.connections[conn_id]
            if isinstance(answer, SeedanceError):
                raise answer
            return answer

        wait = WaitState(started=START, deadline=START + 36_000)
        return asyncio.ensure_future(self.registry.wait_for(conn_id, read_connection, generation_id, wait))

    async def pass_time(self, seconds: float) -> None:
        until = self.time.moment + seconds
        while self.time.moment < until:
            await asyncio.sleep(0)


def run(play: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(play, 60))


def test_one_client_and_one_look_up_serve_all_of_a_connection() -> None:
    """The client is closed after the last wait."""

    async def play() -> None:
        scene = Scene()
        waits = [scene.wait(f"g{number}") for number in range(200)]
        assert set(await asyncio.gather(*waits)) == {WaitOutcome.ENDED}
        assert scene.looked_up == ["seedance"]
        ((_, vendor),) = scene.opened
        assert vendor.closed == 1
        assert len(scene.registry) == 0

    run(play())


def test_a_wait_after_the_last_one_opens_another_client() -> None:
    """The connection is looked up again."""

    async def play() -> None:
        scene = Scene()
        for _ in range(2):
            await scene.wait()
        assert len(scene.opened) == len(scene.looked_up) == 2
        assert [vendor.closed for _, vendor in scene.opened] == [1, 1]

    run(play())


def test_connections_are_kept_apart() -> None:
    """Two that say the same do not share a client, since one may be changed."""

    async def play() -> None:
        scene = Scene(connections={"one": settings(), "other": settings()})
        await asyncio.gather(scene.wait(conn_id="one"), scene.wait(conn_id="other"))
        assert len(scene.opened) == 2

    run(play())


def test_an_error_of_one_connection_does_not_touch_another() -> None:
    """The other one is polled as usual."""

    async def play() -> None:
        scene = Scene(connections={"one": settings(), "other": ConfigurationError("no vendor is set")})
        outcomes = await asyncio.gather(scene.wait(conn_id="one"), scene.wait(conn_id="other"))
        assert outcomes == [WaitOutcome.ENDED, WaitOutcome.NO_CONNECTION]

    run(play())


@pytest.mark.parametrize(
    "changed",
    [settings(api_key="sk-two"), settings(host="http://127.0.0.1:1"), settings(region="cn-beijing")],
    ids=["key", "host", "region"],
)
def test_a_changed_connection_is_not_mixed_with_the_one_before(changed: Account) -> None:
    """Earlier waits go on with the old one; a wait after the look-up has expired uses the new one."""

    async def play() -> None:
        scene = Scene()
        early = scene.wait("stuck")
        await scene.pass_time(ACCOUNT_TTL_SECONDS + 1)
        scene.connections["seedance"] = changed
        await scene.wait()
        assert [made_with for made_with, _ in scene.opened] == [settings(), changed]
        assert [vendor.closed for _, vendor in scene.opened] == [0, 1]
        early.cancel()
        with pytest.raises(asyncio.CancelledError):
            await early
        assert [vendor.closed for _, vendor in scene.opened] == [1, 1]
        assert len(scene.registry) == 0

    run(play())


def test_an_unchanged_connection_is_read_again_without_a_second_client() -> None:
    """Equal settings are the same account."""

    async def play() -> None:
        scene = Scene()
        early = scene.wait("stuck")
        await scene.pass_time(ACCOUNT_TTL_SECONDS + 1)
        await scene.wait()
        assert len(scene.looked_up) == 2
        assert len(scene.opened) == 1
        early.cancel()
        await asyncio.gather(early, return_exceptions=True)

    run(play())


def test_a_connection_that_cannot_be_read_for_a_while_is_tolerated() -> None:
    """Airflow's own API may fail for a moment; many waits share each look-up."""

    async def play() -> None:
        scene = Scene(connections={"seedance": NotSent("API server is restarting")})
        waits = [scene.wait(f"g{number}") for number in range(50)]
        while len(scene.looked_up) < 2:
            await asyncio.sleep(0)
        scene.connections["seedance"] = settings()
        assert set(await asyncio.gather(*waits)) == {WaitOutcome.ENDED}
        assert len(scene.looked_up) < 10

    run(play())


def test_a_connection_that_is_never_read_ends_the_wait() -> None:
    """It does so after the longest outage that is tolerated."""

    async def play() -> None:
        scene = Scene(connections={"seedance": NotSent("API server is gone")})
        assert await scene.wait() is WaitOutcome.STATUS_UNKNOWN
        assert scene.time.moment - START > MAX_OUTAGE_SECONDS
        assert scene.opened == []

    run(play())


def test_a_client_that_cannot_be_made_ends_the_wait() -> None:
    """The task reads the reason itself."""

    async def play() -> None:
        scene = Scene(broken=True)
        assert await scene.wait() is WaitOutcome.NO_CONNECTION
        assert len(scene.registry) == 0

    run(play())


def test_a_wait_cancelled_during_the_look_up_stops_no_other() -> None:
    """The next wait looks the connection up."""

    async def play() -> None:
        scene = Scene()
        first, second = scene.wait(), scene.wait()
        while not scene.looked_up:
            await asyncio.sleep(0)
        first.cancel()
        assert await second is WaitOutcome.ENDED
        assert len(scene.looked_up) == 2

    run(play())


def test_each_event_loop_has_its_own() -> None:
    """The registries of closed loops are dropped."""
    made = []

    def make() -> PollerRegistry:
        made.append(Scene().registry)
        return made[-1]

    async def play() -> None:
        assert current_registry(make) is current_registry(make)

    for _ in range(3):
        asyncio.run(play())
    assert len(made) == 3


def test_a_look_up_that_never_ends_does_not_hold_the_deadline_up() -> None:
    """A store of secrets may hang as a vendor may."""

    async def never() -> Account:
        await asyncio.Event().wait()
        raise AssertionError

    async def play() -> None:
        clock = SystemClock()
        registry = PollerRegistry(lambda account: Vendor(Time()), clock=clock, max_lag=90.0)
        wait = WaitState(started=clock.now(), deadline=clock.now() + 0.1)
        waits = [registry.wait_for("seedance", never, name, wait) for name in "ab"]
        assert await asyncio.gather(*waits) == [WaitOutcome.TIMED_OUT] * 2

    run(play())

"""Connections in the API server: looked up now and then, each with one client."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.errors import ConfigurationError, NotSent, SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest, Pending
from airflow_provider_seedance.runtime import callback_accounts
from airflow_provider_seedance.runtime.callback_accounts import (
    ACCOUNT_TTL_SECONDS,
    FAILURE_TTL_SECONDS,
    ConnectionAccounts,
)
from tests.clocks import ImpatientClock


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(rate=0) as running:
        yield running


@dataclass
class LookUps:
    """The id of each look-up of a connection; they go on while ``free`` is set, and then may fail."""

    made: list[str] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    fault: Exception | None = None


@pytest.fixture
def look_ups(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookUps]:
    """Those of a connection ``tested``."""
    connection = {"conn_type": "seedance", "password": "sk-tested-0123456789", "extra": {"vendor": "evolink"}}
    host = emulator.vendor_url("evolink")
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", json.dumps({**connection, "host": host}))
    made, real = LookUps(), SeedanceHook.get_account
    made.free.set()

    def observed(hook: SeedanceHook) -> object:
        made.made.append(hook.seedance_conn_id)
        assert made.free.wait(10)
        if made.fault:
            raise made.fault
        return real(hook)

    monkeypatch.setattr(SeedanceHook, "get_account", observed)
    yield made
    made.free.set()


def change_the_key(monkeypatch: pytest.MonkeyPatch, key: str = "sk-other-0123456789") -> None:
    connection = json.loads(os.environ["AIRFLOW_CONN_TESTED"])
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", json.dumps({**connection, "password": key}))


@asynccontextmanager
async def opened() -> AsyncIterator[tuple[ConnectionAccounts, ImpatientClock]]:
    """Accounts, and their clock."""
    time = ImpatientClock()
    with ThreadPoolExecutor(2) as threads:
        accounts = ConnectionAccounts(threads, time)
        yield accounts, time
        for connection in accounts._connections.values():
            if connection.opened:
                await connection.opened.client.close()


def test_a_connection_is_looked_up_twice_a_minute(look_ups: LookUps) -> None:
    """However many callbacks come at once."""

    async def asked() -> None:
        async with opened() as (accounts, time):
            await asyncio.gather(*(accounts.account("tested") for _ in range(20)))
            assert look_ups.made == ["tested"]
            time.ahead += ACCOUNT_TTL_SECONDS + 1
            await accounts.account("tested")
            assert look_ups.made == ["tested", "tested"]

    asyncio.run(asked())


def test_a_look_up_that_hangs_is_the_only_one(look_ups: LookUps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes later waits for it, too, and none of them for long; other connections are read meanwhile."""
    monkeypatch.setattr(callback_accounts, "LOOKUP_SECONDS", 0.01)
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", os.environ["AIRFLOW_CONN_TESTED"])
    look_ups.free.clear()

    async def asked() -> None:
        async with opened() as (accounts, _):
            for _ in range(3):
                with pytest.raises(NotSent, match="within"):
                    await accounts.account("tested")
            assert look_ups.made == ["tested"]
            look_ups.free.set()
            monkeypatch.setattr(callback_accounts, "LOOKUP_SECONDS", 10.0)
            assert await accounts.account("tested") == await accounts.account("other")
            assert look_ups.made == ["tested", "other"]

    asyncio.run(asked())


@pytest.mark.parametrize(
    "fault", [ConfigurationError("no vendor"), NotSent("no answer"), OSError("disk"), ValueError("what?")]
)
def test_a_look_up_that_failed_is_repeated_after_seconds(look_ups: LookUps, fault: Exception) -> None:
    """Until then all are told the same; whatever it is, it is an error of ours."""
    look_ups.fault = fault

    async def asked() -> None:
        async with opened() as (accounts, time):
            for _ in range(5):
                with pytest.raises(type(fault) if isinstance(fault, SeedanceError) else NotSent):
                    await accounts.account("tested")
            assert look_ups.made == ["tested"]
            look_ups.fault, time.ahead = None, FAILURE_TTL_SECONDS
            assert await accounts.account("tested")

    asyncio.run(asked())


@pytest.mark.parametrize("changed", [False, True])
def test_generations_are_read_by_one_client(
    look_ups: LookUps, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    """As long as the connection says the same."""

    async def asked() -> bool:
        async with opened() as (accounts, time):
            await accounts.account("tested")
            before = accounts._connections["tested"].opened
            time.ahead += ACCOUNT_TTL_SECONDS + 1
            if changed:
                change_the_key(monkeypatch)
            await accounts.account("tested")
            return accounts._connections["tested"].opened is before

    assert asyncio.run(asked()) is not changed


@pytest.mark.parametrize("readers", [0, 1, 3])
def test_a_replaced_client_is_closed_after_its_last_reader(
    look_ups: LookUps, monkeypatch: pytest.MonkeyPatch, readers: int
) -> None:
    """Those that are under way with it come to their end."""
    request = GenerationRequest(prompt="p", duration=5, resolution="480p")
    generation_id = SeedanceHook("tested").create_generation(request).generation_id

    async def asked() -> None:
        async with opened() as (accounts, time):
            await accounts.account("tested")
            before = accounts._connections["tested"].opened
            assert before is not None
            accounts._free_reads = asyncio.Semaphore(0)
            reads = [asyncio.create_task(accounts.read("tested", generation_id)) for _ in range(readers)]
            await asyncio.sleep(0)
            change_the_key(monkeypatch)
            time.ahead += ACCOUNT_TTL_SECONDS + 1
            await accounts.account("tested")
            assert (before.readers, before.client._pooled.is_closed) == (readers, readers == 0)
            for _ in range(readers):
                accounts._free_reads.release()
            assert all(isinstance(answer, Pending) for answer in await asyncio.gather(*reads))
            assert (before.readers, before.client._pooled.is_closed) == (0, True)

    asyncio.run(asked())


def test_a_connection_that_does_not_exist_is_told() -> None:
    """And is looked for again: somebody may add it."""

    async def asked() -> None:
        async with opened() as (accounts, _):
            with pytest.raises(ConfigurationError, match="nowhere"):
                await accounts.account("nowhere")

    asyncio.run(asked())

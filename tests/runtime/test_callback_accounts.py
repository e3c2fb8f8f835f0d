"""Connections in the API server: looked up now and then, each with one client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.core import clock
from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest, Pending
from airflow_provider_seedance.runtime.callback_accounts import ACCOUNT_TTL_SECONDS, ConnectionAccounts
from tests.clocks import ImpatientClock


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(rate=0) as running:
        yield running


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> ImpatientClock:
    made = ImpatientClock()
    monkeypatch.setattr(clock, "SYSTEM_CLOCK", made)
    return made


@pytest.fixture
def lookups(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A connection ``tested``, and the id of each look-up."""
    connection = {"conn_type": "seedance", "password": "sk-tested-0123456789", "extra": {"vendor": "evolink"}}
    host = emulator.vendor_url("evolink")
    monkeypatch.setenv("AIRFLOW_CONN_TESTED", json.dumps({**connection, "host": host}))
    made: list[str] = []
    real = SeedanceHook.get_account

    def counted(hook: SeedanceHook) -> object:
        made.append(hook.seedance_conn_id)
        return real(hook)

    monkeypatch.setattr(SeedanceHook, "get_account", counted)
    return made


def test_a_connection_is_looked_up_twice_a_minute(lookups: list[str], time: ImpatientClock) -> None:
    """However many callbacks come at once."""

    async def asked() -> None:
        accounts = ConnectionAccounts()
        await asyncio.gather(*(accounts.account("tested") for _ in range(20)))
        assert lookups == ["tested"]
        time.ahead += ACCOUNT_TTL_SECONDS + 1
        await accounts.account("tested")
        assert lookups == ["tested", "tested"]
        await (await accounts._look_up("tested"))[1].close()

    asyncio.run(asked())


@pytest.mark.parametrize("changed", [False, True])
def test_generations_are_read_by_one_client(
    lookups: list[str], time: ImpatientClock, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    """As long as the connection says the same."""
    request = GenerationRequest(prompt="p", duration=5, resolution="480p")
    generation_id = SeedanceHook("tested").create_generation(request).generation_id

    async def asked() -> bool:
        accounts = ConnectionAccounts()
        assert isinstance(await accounts.read("tested", generation_id), Pending)
        _, before = await accounts._look_up("tested")
        time.ahead += ACCOUNT_TTL_SECONDS + 1
        if changed:
            monkeypatch.setenv("AIRFLOW_CONN_TESTED", '{"conn_type": "seedance", "password": "sk-other-012345",'
                               ' "extra": {"vendor": "evolink"}}')  # fmt: skip
        _, after = await accounts._look_up("tested")
        await after.close()
        return after is before

    assert asyncio.run(asked()) is not changed


def test_a_connection_that_does_not_exist_is_told(time: ImpatientClock) -> None:
    """And is looked for again: somebody may add it."""
    with pytest.raises(ConfigurationError, match="nowhere"):
        asyncio.run(ConnectionAccounts().account("nowhere"))

"""The way to the emulator that can be cut."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from dev.chaos.relay import relay


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(rate=0) as running:
        yield running


def test_it_leads_to_the_emulator_until_it_is_cut(emulator: Emulator) -> None:
    """Then connections end, new ones are refused, and the emulator lives on."""
    url = httpx.URL(emulator.url)
    with relay((url.host, url.port or 0)) as way, httpx.Client(base_url=way.url, trust_env=False) as client:
        assert client.get("/_emulator/ledger").json() == emulator.ledger()
        way.cut()
        with pytest.raises(httpx.TransportError):
            client.get("/_emulator/ledger")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{way.url}/_emulator/ledger", trust_env=False)
        assert emulator.ledger()["creates_received"] == 0

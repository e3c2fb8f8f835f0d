"""Both clients before a running emulator: two readings of the vendors' contracts that know nothing of each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from tests.contract.account import ASKS, AccountUnderTest, Open


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """The server; tests take ``emulator``, which is reset. Vendor time moves only when a test says so."""
    with serve(rate=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    """An emulator that remembers nothing."""
    running_emulator.reset()
    return running_emulator


@pytest.fixture(params=list(ASKS))
def opened(request: pytest.FixtureRequest, emulator: Emulator) -> Open:
    """Opens accounts for either client; its retries take no time."""

    def open_account(vendor: str, **settings: object) -> AccountUnderTest:
        return AccountUnderTest(emulator, vendor, ASKS[request.param], settings)

    return open_account

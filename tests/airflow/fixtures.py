"""Fixtures for tests of operators, hooks and triggers; a ``conftest.py`` imports the ones that its tests use."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.core import clock
from airflow_provider_seedance.emulator import Emulator, serve
from tests.clocks import SteadyClock

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
KEY = "sk-tested-0123456789"

#: Makes a connection and returns its id; ``None`` leaves a part of it out.
Connect = Callable[..., str]


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


@pytest.fixture
def connect(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    """Makes Airflow connections to the emulator."""
    if isinstance(clock.SYSTEM_CLOCK, clock.SystemClock):
        monkeypatch.setattr(clock, "SYSTEM_CLOCK", SteadyClock())

    def made(vendor: str | None = "modelark", conn_id: str = "seedance_tested", **changes: Any) -> str:
        fields = {
            "password": KEY,
            "host": emulator.vendor_url(vendor) if vendor in VENDORS else emulator.url,
            **changes,
        }
        extra = {"vendor": vendor, **fields.pop("extra", {})}
        connection = {"conn_type": "seedance", **fields, "extra": extra}
        stated = {name: value for name, value in connection.items() if value is not None}
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(stated))
        return conn_id

    return made


class Time:
    """Our clock and the vendor's, moved by nothing but the sleeping of whoever waits."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.start = self.moment = time.time()
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.moment

    def random(self) -> float:
        return 0.5

    def sleep(self, seconds: float) -> None:
        """Wait in a worker."""
        self.pauses.append(seconds)
        self.moment += seconds
        self._emulator.advance(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait in a trigger."""
        await asyncio.to_thread(self.sleep, seconds)


@pytest.fixture
def passing(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time that passes only where the triggerer or the worker sleeps."""
    made = Time(emulator)
    monkeypatch.setattr(clock, "SYSTEM_CLOCK", made)
    return made

"""One vendor account as a test sees it: the client on one side, the emulator's books on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.models import Generation, GenerationRequest
from tests.clocks import SteadyClock

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
KEY = "sk-contract-0123456789"
#: Vendor seconds after which everything that was ordered has ended.
LONG = 20_000.0

Ask = Callable[..., Any]


def _sync(settings: Account, method: str, *args: Any) -> Any:
    with SeedanceClient(settings, clock=SteadyClock()) as client:
        return attrgetter(method)(client)(*args)


def _async(settings: Account, method: str, *args: Any) -> Any:
    async def ask() -> Any:
        async with AsyncSeedanceClient(settings, clock=SteadyClock()) as client:
            return await attrgetter(method)(client)(*args)

    return asyncio.run(ask())


ASKS: Mapping[str, Ask] = {"sync": _sync, "async": _async}


@dataclass(frozen=True)
class AccountUnderTest:
    """Calls the client's methods by name, each on a fresh client, and reads the emulator's books."""

    emulator: Emulator
    vendor: str
    ask: Ask
    options: Mapping[str, Any]

    @property
    def settings(self) -> AccountUnderTest:
        defaults = {"api_key": KEY, "host": self.emulator.vendor_url(self.vendor)}
        return Account.create(vendor=self.vendor, **{**defaults, **self.options})

    def __call__(self, method: str, *args: Any) -> Any:
        return self.ask(self.settings, method, *args)

    def create(self, **fields: Any) -> str:
        """The id of a new generation; without fields, of a short one from a text."""
        request = GenerationRequest(**(fields or {"prompt": "A kitten yawns", "duration": 4}))
        generation_id: str = self("generations.create", request).generation_id
        return generation_id

    def get(self, generation_id: str) -> Generation:
        generation: Generation = self("generations.get", generation_id)
        return generation

    def finished(self, **fields: Any) -> Generation:
        """A new generation after it has ended."""
        generation_id = self.create(**fields)
        self.emulator.advance(LONG)
        return self.get(generation_id)

    def sent(self, operation: str) -> int:
        """How many such calls the vendor received."""
        count: int = self.emulator.ledger()["requests"][self.vendor][operation]
        return count

    def accepted(self) -> int:
        """How many generations the vendor made of them."""
        return len(self.emulator.ledger()["generations"])

    def bodies(self) -> list[Any]:
        """The create bodies as they arrived."""
        return [note["body"] for note in self.emulator.requests() if note["operation"] == "create"]


Open = Callable[..., AccountUnderTest]


def filled(value: Any, emulator: Emulator) -> Any:
    """``value`` with each ``sample:<name>`` replaced by the link of that sample."""
    if isinstance(value, str) and value.startswith("sample:"):
        return emulator.sample_url(value.removeprefix("sample:"))
    if isinstance(value, Mapping):
        return {name: filled(item, emulator) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(item, emulator) for item in value]
    return value

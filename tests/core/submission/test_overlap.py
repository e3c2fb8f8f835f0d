"""Two tries at once: a zombie worker and its successor yield one bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.paying import PayingClient
from airflow_provider_seedance.core.submission.submit import Submission
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import OrphanedIntent, SeedanceError
from airflow_provider_seedance.models import Generation, GenerationRequest, Pending
from tests.core.submission.test_submit import REQUEST, VENDORS, Memory, bought, submitter


@dataclass
class Interrupted:
    """A client during whose create something else happens first."""

    client: PayingClient
    meanwhile: Callable[[], None]

    @property
    def vendor_name(self) -> str:
        return self.client.vendor_name

    @property
    def account_id(self) -> str:
        return self.client.account_id

    @property
    def finds_by_key(self) -> bool:
        return self.client.finds_by_key

    @property
    def generations(self) -> Interrupted:
        return self

    def create(
        self, request: GenerationRequest, intent_id: str | None = None, callback_url: str | None = None
    ) -> Pending:
        self.meanwhile()
        return self.client.generations.create(request, intent_id, callback_url)

    def get(self, generation_id: str) -> Generation:
        return self.client.generations.get(generation_id)

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]:
        return self.client.generations.find(request, intent_id, since)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with serve(port=0, rate=1.0) as running:
        yield running


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_zombie_and_its_successor_buy_one(emulator: Any, vendor: str) -> None:
    """The successor comes while the zombie's create is under way: it finds the intent and does not pay beside it."""
    emulator.reset()
    store = Memory()
    ends: list[Submission | SeedanceError] = []

    with submitter(emulator, vendor, store) as successor, submitter(emulator, vendor, store) as zombie:

        def meanwhile() -> None:
            try:
                ends.append(successor.submit(REQUEST))
            except SeedanceError as error:
                ends.append(error)

        interrupted = Interrupted(zombie.open_client("seedance_test"), meanwhile)
        replace(zombie, open_client=lambda conn_id: interrupted).submit(REQUEST)
        assert len(bought(emulator)) == 1
        assert isinstance(ends[0], Submission if vendor == "toapis" else OrphanedIntent)
        assert successor.submit(REQUEST).record.generation_id == bought(emulator)[0]

"""Two tries at once, and records of the first release: a zombie worker and its successor yield one bill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.decide import OrphanedIntent
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.submit import PayingClient
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, GenerationRequest, Pending
from tests.core.submission.test_submit import REQUEST, VENDORS, Memory, bought, submitter

#: As version 0.1.0 wrote them; they are never changed, only added to.
FIRST_RECORD = {
    "version": 1,
    "intent": 1,
    "intent_id": "sd-dac1b256beead051c650b5-1",
    "vendor": "modelark",
    "seedance_conn_id": "seedance_modelark",
    "fingerprint": "v1:2636f1a84899b7a8df10e614b7bb2e5feaad01b58035204c818a591de614efdc",
    "intended_at": "2026-11-21T04:15:29.194449Z",
    "max_tries": 0,
    "generation_id": "cgt-20261121124327-b8r73",
    "started": "2026-11-21T04:15:29.219571Z",
    "deadline": "2026-11-21T05:15:29.219571Z",
    "queue_deadline": None,
    "outcome": None,
    "reason": None,
    "earlier_generation_ids": [],
}
FIRST_EVENT = {
    "version": 1,
    "generation_id": "cgt-20261121124327-b8r73",
    "outcome": "ended",
    "started": 1795234529.0,
    "deadline": 1795238129.0,
    "queue_deadline": None,
}


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

    def create(self, request: GenerationRequest, intent_id: str | None = None) -> Pending:
        self.meanwhile()
        return self.client.generations.create(request, intent_id)

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
    ends: list[SubmissionRecord | SeedanceError] = []

    with submitter(emulator, vendor, store) as successor, submitter(emulator, vendor, store) as zombie:

        def meanwhile() -> None:
            try:
                ends.append(successor.submit(REQUEST))
            except SeedanceError as error:
                ends.append(error)

        replace(zombie, client=Interrupted(zombie.client, meanwhile)).submit(REQUEST)
        assert len(bought(emulator)) == 1
        assert isinstance(ends[0], SubmissionRecord if vendor == "toapis" else OrphanedIntent)
        assert successor.submit(REQUEST).generation_id == bought(emulator)[0]


def test_a_record_of_the_first_release_is_understood() -> None:
    """With everything that decides about money."""
    record = SubmissionRecord.parse(FIRST_RECORD)
    assert record.to_dict() == {**FIRST_RECORD, "unbilled_intents": 0, "account_id": None}
    assert (record.generation_id, record.intent) == ("cgt-20261121124327-b8r73", 1)


def test_an_event_of_the_first_release_resumes() -> None:
    """A task that was deferred before an upgrade comes back after it."""
    event = GenerationEvent.from_payload(FIRST_EVENT)
    assert event == GenerationEvent(
        "cgt-20261121124327-b8r73", WaitOutcome.ENDED, WaitState(started=1795234529.0, deadline=1795238129.0)
    )

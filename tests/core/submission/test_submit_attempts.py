"""Attempt after attempt at two vendors, their ledgers counted together: wherever a try dies, one video is billed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.submission.attempts import AttemptPlan, Place, Turn
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.submit import Submission, Submitter
from airflow_provider_seedance.core.submission.submit_attempts import AttemptSubmitter
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import ModerationRefused, SeedanceError
from tests.clocks import ImpatientClock
from tests.core.submission.test_submit import REQUEST, TASK, Dead, Memory

#: The first has no money; the other finds a lost answer by our own key.
PRIMARY, BACKUP = "modelark", "toapis"
PLAN = AttemptPlan((PRIMARY, BACKUP), ({}, {"prompt": "A kitten sleeps"}))
KEYS = {PRIMARY: "sk-empty", BACKUP: "sk-test-0123456789"}


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve(port=0, rate=1.0) as emulator:
        yield emulator


@pytest.fixture
def emulator(server: Any) -> Any:
    """One that refuses the first request to the backup for its content."""
    server.reset()
    server.clear_faults()
    server.add_fault(vendor=BACKUP, on="create", kind="moderation", times=1)
    return server


def submit(emulator: Any, store: Memory, *, clears: int = 0, **policies: Any) -> Submission:
    """One try of the task."""
    chosen = Policies(**{"on_orphaned_intent": "resubmit", **policies})
    task, clock = replace(TASK, max_tries=TASK.max_tries + clears), ImpatientClock()

    def open_client(conn_id: str) -> SeedanceClient:
        settings = Account.create(vendor=conn_id, api_key=KEYS[conn_id], host=emulator.vendor_url(conn_id))
        return stack.enter_context(SeedanceClient(settings, attempts=1))

    def submitter_at(place: Place, turn: Turn) -> Submitter:
        return Submitter(
            open_client,
            store,
            task,
            place.connection,
            chosen,
            timeout=3600.0,
            queue_timeout=None,
            clock=clock,
            turn=turn,
        )

    with ExitStack() as stack:
        return AttemptSubmitter(
            PLAN,
            store,
            submitter_at,
            lambda rung: REQUEST.model_copy(update=PLAN.change_of(rung)),
            task=task,
            policies=chosen,
            clock=clock,
            pause=clock.sleep,
        ).submit()


def billed(emulator: Any) -> Counter[str]:
    return Counter(entry["vendor"] for entry in emulator.ledger()["generations"])


def story(record: SubmissionRecord) -> list[tuple[str, int, str]]:
    return [(attempt.connection, attempt.rung, attempt.status) for attempt in record.all_attempts]


STORY = [
    (PRIMARY, 0, "refused"),
    (BACKUP, 0, "refused"),
    (BACKUP, 1, "skipped"),
    (BACKUP, 2, "submitted"),
]


def test_undisturbed(emulator: Any) -> None:
    """From the connection without money to the next one, and there to the change that helps."""
    store = Memory()
    record = submit(emulator, store).record
    assert story(record) == STORY
    assert (record.intent_number, record.unbilled_intents, record.rung) == (3, 2, 2)
    assert (billed(emulator), store.writes) == ({BACKUP: 1}, 6)


@pytest.mark.parametrize("when", ["dies_before", "dies_after"])
@pytest.mark.parametrize("write", range(1, 7))
@pytest.mark.parametrize("clears", [0, 1], ids=["retry", "clear"])
def test_wherever_a_try_dies(when: str, write: int, clears: int, emulator: Any) -> None:
    """Between connections and between rungs: the next try goes on there, and billed = intents - unbilled = 1."""
    store = Memory(**{when: write})
    with pytest.raises(Dead):
        submit(emulator, store)
    found = submit(emulator, store, clears=clears).record
    assert billed(emulator) == {BACKUP: 1}
    assert found.intent_number - found.unbilled_intents == 1
    # A refusal that is not on record is looked up by key, and the request is sent once more.
    rung = 0 if (when, write) == ("dies_before", 4) else 2
    assert (found.seedance_conn_id, found.rung) == (BACKUP, rung)
    again = submit(emulator, store, clears=clears).record
    assert again.generation_id == found.generation_id
    assert billed(emulator) == {BACKUP: 1}


def test_regenerating_begins_with_the_first_attempt(emulator: Any) -> None:
    """All that was tried stays on record."""
    store = Memory()
    submit(emulator, store)
    record = submit(emulator, store, clears=1, on_clear="regenerate").record
    assert story(record)[:4] == STORY
    assert story(record)[4:] == [(PRIMARY, 0, "refused"), (BACKUP, 0, "submitted")]


def test_after_the_last_attempt_a_retry_fails_and_a_clear_begins_anew(emulator: Any) -> None:
    """A retry would be refused again; it sends nothing."""
    emulator.clear_faults()
    emulator.add_fault(vendor=BACKUP, on="create", kind="moderation", times=2)
    store = Memory()
    with pytest.raises(ModerationRefused):
        submit(emulator, store)
    creates = emulator.ledger()["creates_received"]
    with pytest.raises(SeedanceError, match="an earlier try was refused"):
        submit(emulator, store)
    assert emulator.ledger()["creates_received"] == creates
    record = submit(emulator, store, clears=1).record
    assert (record.seedance_conn_id, record.rung, record.series) == (BACKUP, 0, 2)

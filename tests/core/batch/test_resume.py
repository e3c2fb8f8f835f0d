"""What a new try of a batch makes of the generations that its user has named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from airflow_provider_seedance.core.batch.journal.with_ledger import JournalWithLedger
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.resume import resume_rows
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.batch.worker import BatchOptions
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.submission.attempts import Attempt, AttemptPlan
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.ledger_records import IntentBook, owner_of
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError, Kind, NotFound
from airflow_provider_seedance.models import GenerationRequest, Pending, Status
from tests.clocks import ImpatientClock
from tests.core.batch.simulation import MemoryJournal, record_of

TASK = TaskIdentity("dag", "run", "task", -1, max_tries=1)
REQUEST = GenerationRequest(prompt="A fox", seed=1)
MILDER = {"prompt": "A calm fox"}
PLAN = AttemptPlan(("a", "b"), (MILDER,))
REFUSED = Attempt(connection="a", status="refused", error=Kind.BALANCE)
MADE_AT_B = Attempt(connection="b", status="succeeded", generation_id="g-b")
UNKNOWN = record_of(
    1,
    vendor="vendor-b",
    seedance_conn_id="b",
    fingerprint=fingerprint(REQUEST.model_copy(update=MILDER)),
    rung=1,
    attempts=(REFUSED,),
    generation_id=None,
)


class Client:
    """Of a connection whose vendor has some generations."""

    def __init__(self, connection: str, *known: str) -> None:
        self.vendor_name = self.account_id = f"vendor-{connection}"
        self.known = known

    @property
    def generations(self) -> Client:
        return self

    def get(self, generation_id: str) -> Pending:
        if generation_id not in self.known:
            raise NotFound("unknown generation")
        return Pending(
            vendor=self.vendor_name, generation_id=generation_id, status=Status.QUEUED, created_at=None
        )


def adopted(journal: Any, *, lost: str = "") -> RowState:
    """Row 1 after a try whose row names generation ``g-b``, which connection b has."""
    clients = {"a": Client("a"), "b": Client("b", "g-b")}

    def open_client(connection: str) -> Any:
        if connection == lost:
            raise ConfigurationError("no such connection")
        return clients[connection]

    rows = {1: Row(1, REQUEST, generation_id="g-b")}
    options = BatchOptions(TASK, "a", Policies(), ImpatientClock(), attempts=PLAN)
    resume_rows(Plan(rows, {}), journal, options, open_client, new_try=True, lands=True)
    state: RowState = journal.states[1]
    return state


def journal_with(record: SubmissionRecord | None) -> MemoryJournal:
    return MemoryJournal({1: RowState(row=1, record=record)} if record else {})


def test_a_named_generation_completes_the_intent_whose_outcome_is_unknown() -> None:
    """Under its id and number, through its connection, at its rung: a clear finds it where it was paid for."""
    record = adopted(journal_with(UNKNOWN)).record
    assert record is not None
    kept = ("intent_number", "intent_id", "vendor", "seedance_conn_id", "rung", "attempts", "fingerprint")
    assert {name: getattr(record, name) for name in kept} == {name: getattr(UNKNOWN, name) for name in kept}
    assert record.generation_id == "g-b"
    assert record.blocks_new_payment


@pytest.mark.parametrize(
    ("before", "number", "attempts"),
    [
        (None, 1, 0),
        (record_of(1, seedance_conn_id="a", outcome=Refused(error=Kind.BALANCE)), 2, 1),
        (record_of(1, seedance_conn_id="a", generation_id="g-a"), 2, 1),
        (record_of(1, seedance_conn_id="b", generation_id="g-a", outcome=Ended(status="failed")), 2, 1),
        # Of an attempt that the record tells of: that connection is not guessed at.
        (record_of(1, seedance_conn_id="a", generation_id="g-a", attempts=(MADE_AT_B,)), 2, 2),
    ],
)
def test_any_other_is_an_intent_of_its_own(
    before: SubmissionRecord | None, number: int, attempts: int
) -> None:
    """Through the connection that knows it, whichever that is."""
    record = adopted(journal_with(before)).record
    assert record is not None
    assert (record.seedance_conn_id, record.vendor) == ("b", "vendor-b")
    assert (record.intent_number, len(record.attempts)) == (number, attempts)
    assert before is None or record.intent_id != before.intent_id
    assert record.earlier_generation_ids == (before.all_generation_ids if before else ())


def test_an_unknown_intent_whose_connection_is_gone_stays_on_record() -> None:
    state = adopted(journal_with(UNKNOWN), lost="b")
    assert state.record == UNKNOWN
    assert state.status == "uncertain"


@pytest.mark.parametrize("known", [UNKNOWN, UNKNOWN.replace(intent_id="sd-elsewhere-1")])
def test_a_ledger_takes_a_named_generation(known: SubmissionRecord, tmp_path: Path, caplog: Any) -> None:
    """And one that has another intent of this number fails nothing."""
    clock = ImpatientClock()
    ledger = Ledger.open(make_engine(URL.create("sqlite", database=str(tmp_path / "ledger.db"))))
    book = IntentBook(lambda: ledger, clock)
    owner = owner_of(TASK, row=1)
    book.write(owner, known, REQUEST)
    journal = JournalWithLedger(journal_with(UNKNOWN), book, TASK, {1: Row(1, REQUEST)})
    assert adopted(journal).generation_id == "g-b"
    noted = book.read(owner)
    assert noted is not None
    is_same = known == UNKNOWN
    assert noted.generation_id == ("g-b" if is_same else None)
    assert ("is not settled in the ledger yet" in caplog.text) is not is_same

"""A journal that tells the ledger what becomes of each row."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from airflow_provider_seedance.core.batch.journal.lines import States
from airflow_provider_seedance.core.batch.journal.store import Journal
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.submission.ledger_records import IntentBook, owner_of
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.errors import StateUnwritable

log = logging.getLogger(__name__)


class JournalWithLedger:
    """Writes each state into the journal, which the batch goes by, and then its intent into the ledger.

    A new intent is begun in the ledger before it comes here, so that a ledger out of reach stops it; for what is
    submitted the work goes on.
    """

    def __init__(
        self, journal: Journal, book: IntentBook, task: TaskIdentity, rows: Mapping[int, Row]
    ) -> None:
        self.states: States = journal.states
        self._journal = journal
        self._book = book
        self._task = task
        self._rows = rows
        self._told: dict[int, SubmissionRecord] = {}

    def write(self, state: RowState) -> None:
        self.write_all([state])

    def write_all(self, states: Iterable[RowState]) -> None:
        states = list(states)
        self._journal.write_all(states)
        for state in states:
            self._tell(state)

    def close(self) -> None:
        self._journal.close()

    def _tell(self, state: RowState) -> None:
        record = _with_manifest(state)
        if record is None or not (record.generation_id or record.outcome):
            return
        if record == self._told.get(state.row):
            return
        row = self._rows.get(state.row)
        try:
            self._book.write(owner_of(self._task, row=state.row), record, row.request if row else None)
            self._told[state.row] = record
        except StateUnwritable as fault:
            log.warning("Row %d is not settled in the ledger yet: %s", state.row, fault.message)


def _with_manifest(state: RowState) -> SubmissionRecord | None:
    """The row's record, with the manifest that the journal keeps beside it."""
    record, result = state.record, state.outcome
    if record is None or result is None or not isinstance(record.outcome, Ended):
        return record
    return record.replace(result={"manifest": result.manifest})

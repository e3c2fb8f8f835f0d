"""The journal of a batch, a write-ahead log: each change of a row is durable before it is acted on.

Rule 1: a line holds all that is known of its row, so the last one counts and a journal can be replayed by reading.
Rule 2: a line is durable when its write returns; a line that a kill has cut off was never acted on.
Rule 3: "cannot read it" is an error, never "there is none".

On a disk it is one file that grows (:mod:`.local`). An object store cannot append, so there each write is an object of
its own, and from time to time they are compacted into one (:mod:`.objects`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from airflow_provider_seedance.core.batch.journal.lines import States, read_errors, replay
from airflow_provider_seedance.core.batch.journal.local import FileJournal
from airflow_provider_seedance.core.batch.journal.objects import ObjectJournal, merge, read_objects
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path
from airflow_provider_seedance.core.submission.record import SubmissionRecord

FILE_NAME = "journal.jsonl"


class Journal(Protocol):
    """Where the states of the rows live; safe to use from many threads."""

    states: States

    def write(self, state: RowState) -> None:
        """Make one state durable, as :meth:`write_all` does."""

    def write_all(self, states: Iterable[RowState]) -> None:
        """Make them durable, all in one write.

        Even if the write fails, states with a generation's id go into :attr:`states`, and the next write repeats
        them.

        :raises StateUnwritable: if they may not be durable.
        """

    def close(self) -> None:
        """Close it; nothing more is written."""


class RowRecords:
    """One row's place in the journal, as the store of its record."""

    remembers = True

    def __init__(self, journal: Journal, row: int) -> None:
        self._journal = journal
        self._row = row

    def read(self) -> SubmissionRecord | None:
        return state_of(self._journal.states, self._row).record

    def write(self, record: SubmissionRecord) -> None:
        self._journal.write(state_of(self._journal.states, self._row).replace(record=record))


def state_of(states: States, row: int) -> RowState:
    """The row's state; an empty one if nothing is on record about it."""
    return states.get(row) or RowState(row=row)


@contextmanager
def open_journal(folder: StoragePath) -> Iterator[Journal]:
    """The journal in ``folder``, open for reading and writing; it is made if there is none.

    :raises StateUnreadable: if it is damaged, cannot be read, or another process of this machine writes it.
    :raises StateUnwritable: if it cannot be made.
    """
    path = local_path(folder)
    journal: Journal = ObjectJournal(folder) if path is None else FileJournal(path / FILE_NAME)
    try:
        yield journal
    finally:
        journal.close()


def is_journal_missing(folder: StoragePath) -> bool:
    """Whether the folder is on a disk and this machine sees no journal there. All machines see an object store."""
    path = local_path(folder)
    return path is not None and not (path / FILE_NAME).exists()


def read_states(folder: StoragePath) -> States:
    """The states on record, for a process that only reads; none if there is no journal.

    :raises StateUnreadable: if that cannot be found out.
    """
    path = local_path(folder)
    with read_errors(folder):
        if path is None:
            return merge(content for _, content in read_objects(folder))
        try:
            return replay((path / FILE_NAME).read_bytes())
        except FileNotFoundError:
            return {}

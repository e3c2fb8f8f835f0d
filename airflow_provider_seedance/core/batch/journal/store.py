"""The journal of a batch: one line for each change of a row, on disk before what follows from it.

Rule 1: a line holds all that is known of its row, so the last one counts and a journal can be replayed by reading.
Rule 2: a line is durable when it is written; what was cut off by a kill was never acted upon.
Rule 3: "cannot read it" is an error, never "there is none".

On disk it is one file that grows. An object store cannot append, so there each write is an object of its own, and from
time to time one object with all rows takes the place of those before it.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from pydantic import ValidationError

from airflow_provider_seedance.core.batch.journal.lines import (
    States,
    Writer,
    replayed,
    unreadable,
    unwritable,
)
from airflow_provider_seedance.core.batch.journal.objects import Objects, merged, stored
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path
from airflow_provider_seedance.core.submission.record import StateUnreadable, SubmissionRecord

log = logging.getLogger(__name__)

NAME = "journal.jsonl"


class Journal(Protocol):
    """Where the states of the rows live; safe to use from many threads."""

    states: States

    def write(self, state: RowState) -> None:
        """As :meth:`write_all`, for one."""

    def write_all(self, states: Iterable[RowState]) -> None:
        """Make them durable, all in one write.

        Those with a generation's id are known to :attr:`states`, and to the next write, even if this one fails.

        :raises StateUnwritable: if they may not be durable.
        """

    def close(self) -> None:
        """No more is written."""


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
    """The row's state; of one that nothing is known of, an empty one."""
    return states.get(row) or RowState(row=row)


@contextmanager
def open_journal(folder: StoragePath) -> Iterator[Journal]:
    """The journal in ``folder``, to go on with; it is made if there is none.

    :raises StateUnreadable: if it is damaged, cannot be read, or another process of this machine writes it.
    :raises StateUnwritable: if it cannot be made.
    """
    place = local_path(folder)
    journal: _File | Objects = Objects(folder) if place is None else _File(place / NAME)
    try:
        yield journal
    finally:
        journal.close()


def is_there(folder: StoragePath) -> bool:
    """Whether a journal that was begun in ``folder`` can be seen from this machine; a store's can from each."""
    place = local_path(folder)
    return place is None or (place / NAME).exists()


def read_states(folder: StoragePath) -> States:
    """The states on record, for who only reads; none if there is no journal.

    :raises StateUnreadable: if that cannot be found out.
    """
    place = local_path(folder)
    with unreadable(folder):
        if place is None:
            return merged(content for _, content in stored(folder))
        try:
            return replayed((place / NAME).read_bytes())
        except FileNotFoundError:
            return {}


class _File(Writer):
    """A file that one process at a time appends to, by its lock."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path
        with unwritable(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b", buffering=0)
        try:
            self._take()
        except BaseException:
            self._file.close()
            raise

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateUnreadable(f"another process of this machine is at work on {self._path}") from None
        except OSError as fault:
            log.warning(
                "%s cannot be locked (%s): nothing keeps a second process from paying for the same rows.",
                self._path,
                fault,
            )
        with unreadable(self._path):
            self._file.seek(0)
            content = self._file.read()
            self.states = replayed(content)
        with unwritable(self._path):
            self._mend(content)
            # The file's name is to survive a crash as well as its content.
            handle = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _mend(self, content: bytes) -> None:
        """So that the next line does not go on with one that was cut off."""
        tail = content.rpartition(b"\n")[2]
        if not tail:
            return
        try:
            RowState.model_validate_json(tail)
        except ValidationError:
            self._file.truncate(len(content) - len(tail))
        else:
            self._append(b"\n")

    def _append(self, content: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(content) != len(content):
                raise OSError("a part of a line was written")
            os.fsync(self._file.fileno())
        except OSError:
            # What follows a part of a line would be lost with it.
            self._file.truncate(end)
            raise

    def _check_alone(self) -> None:
        """The lock has seen to it."""

    def close(self) -> None:
        self._file.close()

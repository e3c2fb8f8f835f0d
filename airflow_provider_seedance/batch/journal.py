"""The journal of a batch: one line for each change of a row, on disk before what follows from it.

Rule 1: a line holds all that is known of its row, so the last one counts and a journal can be replayed by reading.
Rule 2: a line is durable when it is written; what was cut off by a kill was never acted upon.
Rule 3: "cannot read it" is an error, never "there is none".

On disk it is one file that grows. An object store cannot append, so there each line is an object of its own, and from
time to time one object with all rows takes the place of those before it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pydantic import ValidationError

from airflow_provider_seedance.batch.state import RowState
from airflow_provider_seedance.landing.targets import Target, local_path, uri_of
from airflow_provider_seedance.submission.record import StateUnreadable, StateUnwritable, SubmissionRecord

NAME = "journal.jsonl"
#: In a store, objects that are worth being brought together into one.
MANY = 200

States = dict[int, RowState]


class Journal(Protocol):
    """Where the states of the rows live; safe to use from many threads."""

    states: States

    def write(self, state: RowState) -> None:
        """Make it durable. :raises StateUnwritable: if it may not be."""

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
        self._journal.write(state_of(self._journal.states, self._row).but(record=record))


def state_of(states: States, row: int) -> RowState:
    """The row's state; of one that nothing is known of, an empty one."""
    return states.get(row) or RowState(row=row)


@contextmanager
def open_journal(folder: Target) -> Iterator[Journal]:
    """The journal in ``folder``, to go on with; it is made if there is none.

    :raises StateUnreadable: if it is damaged, cannot be read, or another process of this machine writes it.
    :raises StateUnwritable: if it cannot be made.
    """
    place = local_path(folder)
    journal: Journal = _Objects(folder) if place is None else _File(place / NAME)
    try:
        yield journal
    finally:
        journal.close()


def is_there(folder: Target) -> bool:
    """Whether a journal that was begun in ``folder`` can be seen from this machine; a store's can from each."""
    place = local_path(folder)
    return place is None or (place / NAME).exists()


def read_states(folder: Target) -> States:
    """The states on record, for who only reads; none if there is no journal.

    :raises StateUnreadable: if that cannot be found out.
    """
    place = local_path(folder)
    with _unreadable(folder):
        if place is None:
            return _merged(content for _, content in _stored(folder))
        try:
            return replayed((place / NAME).read_bytes())
        except FileNotFoundError:
            return {}


def replayed(content: bytes) -> States:
    """The last state of each row. A last line that was cut off does not count.

    :raises ValueError: if any other line is not a state.
    """
    states: States = {}
    *lines, tail = content.split(b"\n")
    for line in lines:
        state = RowState.model_validate_json(line)
        states[state.row] = state
    # Whole but for its line break, it may have been acted upon.
    with suppress(ValidationError):
        state = RowState.model_validate_json(tail)
        states[state.row] = state
    return states


def _lines(states: Iterable[RowState]) -> bytes:
    return b"".join(state.model_dump_json(exclude_defaults=True).encode() + b"\n" for state in states)


@contextmanager
def _unreadable(place: Target) -> Iterator[None]:
    try:
        yield
    except StateUnreadable:
        raise
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnreadable(f"the batch's journal in {uri_of(place)} cannot be read ({reason})") from fault


@contextmanager
def _unwritable(place: Target) -> Iterator[None]:
    try:
        yield
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnwritable(
            f"the batch's journal in {uri_of(place)} cannot be written ({reason})",
            advice="Check that it may be written and that there is space; a retry goes on from what is on record.",
        ) from fault


class _File:
    """A file that one process at a time appends to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with _unwritable(path):
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
        except OSError:
            # A network filesystem without locks.
            pass
        with _unreadable(self._path):
            self._file.seek(0)
            content = self._file.read()
            self.states = replayed(content)
        with _unwritable(self._path):
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

    def write(self, state: RowState) -> None:
        line = _lines([state])
        with self._lock, _unwritable(self._path):
            self._append(line)
            self.states[state.row] = state

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

    def close(self) -> None:
        self._file.close()


class _Objects:
    """Numbered objects in a folder of a store."""

    def __init__(self, folder: Any) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        # Two that write at once, one of them thought dead, must not take each other's names.
        self._mine = secrets.token_hex(4)
        with _unreadable(folder):
            found = _stored(folder)
            self.states = _merged(content for _, content in found)
        self._names = [name for name, _ in found]
        self._last = max(map(_number, self._names), default=0)

    def write(self, state: RowState) -> None:
        # One at a time: what brings objects together must not overtake one that is under way.
        with self._lock, _unwritable(self._folder):
            self._store(_lines([state]))
            self.states[state.row] = state
            if len(self._names) >= MANY:
                self._bring_together()

    def _store(self, content: bytes) -> None:
        self._last += 1
        name = f"{_root(self._folder)}/{_PREFIX}{self._last:08d}-{self._mine}.jsonl"
        self._folder.fs.pipe_file(name, content)
        self._names.append(name)

    def _bring_together(self) -> None:
        before, self._names = self._names, []
        self._store(_lines(self.states.values()))
        for name in before:
            # One that stays is read before the one that replaces it, and does no harm.
            with suppress(Exception):
                self._folder.fs.rm_file(name)

    def close(self) -> None:
        """Every object is whole."""


_PREFIX = "journal-"
#: Objects may be brought together by their writer while somebody reads them.
_READINGS = 3


def _root(folder: Any) -> str:
    path: str = folder.path
    return path.rstrip("/")


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].removeprefix(_PREFIX).partition("-")[0])


def _stored(folder: Any) -> list[tuple[str, bytes]]:
    """Names and contents, in the order in which they were written."""
    for reading in range(1, _READINGS + 1):
        folder.fs.invalidate_cache(_root(folder))
        try:
            found = folder.fs.ls(_root(folder), detail=False)
        except FileNotFoundError:
            return []
        names = sorted(name for name in found if name.rpartition("/")[2].startswith(_PREFIX))
        try:
            return [(name, folder.fs.cat_file(name)) for name in names]
        except FileNotFoundError:
            if reading == _READINGS:
                raise
    raise AssertionError("unreachable")


def _merged(contents: Iterable[bytes]) -> States:
    states: States = {}
    for content in contents:
        states.update(replayed(content))
    return states

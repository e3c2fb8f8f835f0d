"""A journal in an object store, which cannot append and has no locks: numbered objects in a folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from airflow_provider_seedance.core.batch.journal.lines import (
    JournalWriter,
    States,
    read_errors,
    replay,
    to_lines,
    write_errors,
)
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import uri_of
from airflow_provider_seedance.errors import StateUnwritable

#: With so many objects the journal is compacted.
COMPACT_AT_OBJECTS = 200

_PREFIX = "journal-"
#: The writer may compact the journal while another process reads it.
_READ_ATTEMPTS = 3


class ObjectJournal(JournalWriter):
    """Numbered objects in a folder of a store.

    Each process that opens the journal puts an empty object there. Before an intent the folder is listed: an object
    that this process has neither read nor written is another's, and then nothing more is bought here. What remains is
    the moment between the listing and the intent: two processes that list before either writes both buy one row.
    Ids and outcomes are written all the same; they tell of money that is spent already.
    """

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self._folder = folder
        # Two live writers need different object names.
        self._suffix = f"-{secrets.token_hex(4)}.jsonl"
        with read_errors(folder):
            found = read_objects(folder)
            self.states = merge(content for _, content in found)
        self._names = [name for name, _ in found]
        self._names_read = frozenset(self._names)
        self._last_number = max(map(_number, self._names), default=0)
        with write_errors(folder):
            self._append(b"")

    def write_all(self, states: Iterable[RowState]) -> None:
        super().write_all(states)
        # What is written is durable. Compaction is housekeeping, which the next write tries again.
        with suppress(Exception):
            with self._lock:
                replaced = self._compact() if len(self._names) >= COMPACT_AT_OBJECTS else []
            if replaced:
                # A leftover object is replayed before its replacement, so it changes nothing.
                self._folder.fs.rm(replaced)

    def _append(self, content: bytes) -> None:
        self._last_number += 1
        name = f"{_root(self._folder)}/{_PREFIX}{self._last_number:08d}{self._suffix}"
        self._folder.fs.pipe_file(name, content)
        self._names.append(name)

    def _compact(self) -> list[str]:
        """Put all that is known into one object; returns the names of those that it replaces.

        :raises StateUnwritable: if another process writes the journal: it may know more.
        """
        self._check_sole_writer()
        replaced = list(self._names)
        known = (state for state in list(self.states.values()) if state != RowState(row=state.row))
        self._append(to_lines(known))
        self._names = self._names[len(replaced) :]
        return replaced

    def _check_sole_writer(self) -> None:
        for name in _list_names(self._folder):
            if name not in self._names_read and not name.endswith(self._suffix):
                raise StateUnwritable(
                    f"another process has taken over the batch's journal in {uri_of(self._folder)}, or still writes it",
                    advice="Nothing more is bought here; a retry goes on from what both have written.",
                )

    def close(self) -> None:
        """Nothing is open: each write has made a whole object."""


def _root(folder: Any) -> str:
    path: str = folder.path
    return path.rstrip("/")


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].removeprefix(_PREFIX).partition("-")[0])


def _list_names(folder: Any) -> list[str]:
    """The journal's objects, in the order in which they were written."""
    # Listings are cached for the life of the process.
    folder.fs.invalidate_cache(_root(folder))
    found = folder.fs.ls(_root(folder), detail=False)
    return sorted(name for name in found if name.rpartition("/")[2].startswith(_PREFIX))


def read_objects(folder: Any) -> list[tuple[str, bytes]]:
    """Names and contents, in the order in which they were written."""
    for attempt in range(1, _READ_ATTEMPTS + 1):
        try:
            names = _list_names(folder)
        except FileNotFoundError:
            return []
        try:
            return [(name, folder.fs.cat_file(name)) for name in names]
        except FileNotFoundError:
            if attempt == _READ_ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def merge(contents: Iterable[bytes]) -> States:
    """The furthest state of each row: where two processes write, the later line may know less than the earlier one."""
    states: States = {}
    for content in contents:
        for row, state in replay(content).items():
            if row not in states or _version(state) >= _version(states[row]):
                states[row] = state
    return states


def _version(state: RowState) -> tuple[int, bool]:
    """How far a row's record is: which intent it is of, and whether that has its generation's id."""
    return (
        (state.record.intent_number, state.record.generation_id is not None) if state.record else (0, False)
    )

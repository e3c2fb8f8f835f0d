"""A journal in an object store, which cannot append and has no locks: numbered objects in a folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from airflow_provider_seedance.core.batch.journal.lines import (
    States,
    Writer,
    lines_of,
    replayed,
    unreadable,
    unwritable,
)
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import uri_of
from airflow_provider_seedance.core.submission.record import StateUnwritable

#: Objects that are worth being brought together into one.
MANY = 200

_PREFIX = "journal-"
#: Objects may be brought together by their writer while somebody reads them.
_READINGS = 3


class Objects(Writer):
    """Numbered objects in a folder of a store, which has no locks.

    Each process that opens the journal puts an empty object there. Before an intent the folder is listed: an object
    that this process has neither read nor written is another's, and then nothing more is bought here. What remains is
    the moment between the listing and the intent: two processes that list before either writes both buy one row.
    Ids and ends are written all the same; they tell of money that is spent already.
    """

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self._folder = folder
        # Two that write at once, one of them thought dead, must not take each other's names.
        self._mine = f"-{secrets.token_hex(4)}.jsonl"
        with unreadable(folder):
            found = stored(folder)
            self.states = merged(content for _, content in found)
        self._names = [name for name, _ in found]
        self._read = frozenset(self._names)
        self._last = max(map(_number, self._names), default=0)
        with unwritable(folder):
            self._append(b"")

    def write_all(self, states: Iterable[RowState]) -> None:
        super().write_all(states)
        # What is written is durable: the rest is housekeeping, which the next write tries again.
        with suppress(Exception):
            with self._lock:
                replaced = self._bring_together() if len(self._names) >= MANY else []
            if replaced:
                # One that stays is read before the one that replaces it, and does no harm.
                self._folder.fs.rm(replaced)

    def _append(self, content: bytes) -> None:
        self._last += 1
        name = f"{_root(self._folder)}/{_PREFIX}{self._last:08d}{self._mine}"
        self._folder.fs.pipe_file(name, content)
        self._names.append(name)

    def _bring_together(self) -> list[str]:
        """Put all that is known into one object; the names of those that it replaces.

        :raises StateUnwritable: if another process writes the journal: it may know more.
        """
        self._check_alone()
        replaced = list(self._names)
        self._append(
            lines_of(state for state in list(self.states.values()) if state != RowState(row=state.row))
        )
        self._names = self._names[len(replaced) :]
        return replaced

    def _check_alone(self) -> None:
        for name in _names_in(self._folder):
            if name not in self._read and not name.endswith(self._mine):
                raise StateUnwritable(
                    f"another process has taken over the batch's journal in {uri_of(self._folder)}, or still writes it",
                    advice="Nothing more is bought here; a retry goes on from what both have written.",
                )

    def close(self) -> None:
        """Every object is whole."""


def _root(folder: Any) -> str:
    path: str = folder.path
    return path.rstrip("/")


def _number(name: str) -> int:
    return int(name.rpartition("/")[2].removeprefix(_PREFIX).partition("-")[0])


def _names_in(folder: Any) -> list[str]:
    """The journal's objects, in the order in which they were written."""
    # Listings are cached for the life of the process.
    folder.fs.invalidate_cache(_root(folder))
    found = folder.fs.ls(_root(folder), detail=False)
    return sorted(name for name in found if name.rpartition("/")[2].startswith(_PREFIX))


def stored(folder: Any) -> list[tuple[str, bytes]]:
    """Names and contents, in the order in which they were written."""
    for reading in range(1, _READINGS + 1):
        try:
            names = _names_in(folder)
        except FileNotFoundError:
            return []
        try:
            return [(name, folder.fs.cat_file(name)) for name in names]
        except FileNotFoundError:
            if reading == _READINGS:
                raise
    raise AssertionError("unreachable")


def merged(contents: Iterable[bytes]) -> States:
    """The last state of each row; but of two processes at work, one may write later and know less."""
    states: States = {}
    for content in contents:
        for row, state in replayed(content).items():
            if row not in states or _knowledge(state) >= _knowledge(states[row]):
                states[row] = state
    return states


def _knowledge(state: RowState) -> tuple[int, bool]:
    """Which intent of the row, and whether its id."""
    return (state.record.intent, state.record.generation_id is not None) if state.record else (0, False)

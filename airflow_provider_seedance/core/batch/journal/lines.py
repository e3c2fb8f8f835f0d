"""The lines of a journal, and what all who write them share."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import StoragePath, uri_of
from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable

States = dict[int, RowState]


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


def lines_of(states: Iterable[RowState]) -> bytes:
    """What :func:`replayed` reads, each with its line break."""
    return b"".join(state.model_dump_json(exclude_defaults=True).encode() + b"\n" for state in states)


@contextmanager
def unreadable(place: StoragePath) -> Iterator[None]:
    """:raises StateUnreadable: for whatever goes wrong in it."""
    try:
        yield
    except StateUnreadable:
        raise
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnreadable(f"the batch's journal in {uri_of(place)} cannot be read ({reason})") from fault


@contextmanager
def unwritable(place: StoragePath) -> Iterator[None]:
    """:raises StateUnwritable: for whatever goes wrong in it."""
    try:
        yield
    except StateUnwritable:
        raise
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnwritable(
            f"the batch's journal in {uri_of(place)} cannot be written ({reason})",
            advice="Check that it may be written and that there is space; a retry goes on from what is on record.",
        ) from fault


class Writer:
    """What both kinds of journal share: one write at a time, and nothing that is paid for is forgotten."""

    def __init__(self, place: StoragePath) -> None:
        self.states: States = {}
        self._place = place
        self._lock = threading.Lock()
        #: Rows that are paid for, and whose latest state could not be written.
        self._owed: set[int] = set()

    def write(self, state: RowState) -> None:
        self.write_all([state])

    def write_all(self, states: Iterable[RowState]) -> None:
        new = {state.row: state for state in states}
        if not new:
            return
        with self._lock:
            owed = [self.states[row] for row in sorted(self._owed - new.keys())]
            try:
                with unwritable(self._place):
                    if any(map(_buys, new.values())):
                        self._check_alone()
                    self._append(lines_of([*owed, *new.values()]))
            except StateUnwritable:
                paid = {row: state for row, state in new.items() if state.generation_id}
                self.states.update(paid)
                self._owed.update(paid)
                raise
            self.states.update(new)
            self._owed.clear()

    def _append(self, content: bytes) -> None:
        """Make whole lines durable, or none of them."""
        raise NotImplementedError

    def _check_alone(self) -> None:
        """:raises StateUnwritable: if another process writes the journal."""
        raise NotImplementedError


def _buys(state: RowState) -> bool:
    """Whether money is about to be spent for the row: it has an intent, and what came of it is open."""
    record = state.record
    return bool(record and not record.generation_id and not record.outcome and not state.end)

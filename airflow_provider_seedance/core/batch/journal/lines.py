"""The lines of a journal, and what its writers share."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.storage.paths import StoragePath, uri_of
from airflow_provider_seedance.errors import StateUnreadable, StateUnwritable

States = dict[int, RowState]


def replay(content: bytes) -> States:
    """The last state of each row. A last line that was cut off does not count.

    :raises ValueError: if any other line is not a state.
    """
    states: States = {}
    *lines, tail = content.split(b"\n")
    for line in lines:
        state = RowState.model_validate_json(line)
        states[state.row] = state
    # A last line that lacks only its line break may have been acted on.
    with suppress(ValidationError):
        state = RowState.model_validate_json(tail)
        states[state.row] = state
    return states


def to_lines(states: Iterable[RowState]) -> bytes:
    """What :func:`replay` reads, each state with its line break."""
    return b"".join(state.model_dump_json(exclude_defaults=True).encode() + b"\n" for state in states)


@contextmanager
def read_errors(target: StoragePath) -> Iterator[None]:
    """Turn whatever goes wrong while the journal is read into one error.

    :raises StateUnreadable: naming the target.
    """
    try:
        yield
    except StateUnreadable:
        raise
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnreadable(f"the batch's journal in {uri_of(target)} cannot be read ({reason})") from fault


@contextmanager
def write_errors(target: StoragePath) -> Iterator[None]:
    """Turn whatever goes wrong while the journal is written into one error.

    :raises StateUnwritable: naming the target.
    """
    try:
        yield
    except StateUnwritable:
        raise
    except Exception as fault:
        reason = f"{type(fault).__name__}: {fault}"
        raise StateUnwritable(
            f"the batch's journal in {uri_of(target)} cannot be written ({reason})",
            advice="Check that it may be written and that there is space; a retry goes on from what is on record.",
        ) from fault


class JournalWriter:
    """What both kinds of journal share: one write at a time, and a failed write forgets no paid generation.

    :param target: the journal's name in errors.
    """

    def __init__(self, target: StoragePath) -> None:
        self.states: States = {}
        self._target = target
        self._lock = threading.Lock()
        #: Paid rows whose latest state could not be written: the next write includes them.
        self._unwritten: set[int] = set()

    def write(self, state: RowState) -> None:
        self.write_all([state])

    def write_all(self, states: Iterable[RowState]) -> None:
        new = {state.row: state for state in states}
        if not new:
            return
        with self._lock:
            earlier = [self.states[row] for row in sorted(self._unwritten - new.keys())]
            try:
                with write_errors(self._target):
                    if any(map(_is_open_intent, new.values())):
                        self._check_sole_writer()
                    self._append(to_lines([*earlier, *new.values()]))
            except StateUnwritable:
                paid = {row: state for row, state in new.items() if state.generation_id}
                self.states.update(paid)
                self._unwritten.update(paid)
                raise
            self.states.update(new)
            self._unwritten.clear()

    def _append(self, content: bytes) -> None:
        """Make whole lines durable, or none of them."""
        raise NotImplementedError

    def _check_sole_writer(self) -> None:
        """Refuse an intent to pay while two processes write the journal: both would pay for the same rows.

        :raises StateUnwritable: if another process writes it.
        """
        raise NotImplementedError


def _is_open_intent(state: RowState) -> bool:
    """Whether money may be about to be spent for the row: it has an intent whose outcome is unknown."""
    record = state.record
    return bool(record and not record.generation_id and not record.outcome and not state.outcome)

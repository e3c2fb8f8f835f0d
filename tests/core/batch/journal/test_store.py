"""The journal: whatever is cut off, no row is lost, and a row that was acted upon is known."""

from __future__ import annotations

import errno
import fcntl
import logging
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from airflow_provider_seedance.core.batch.journal.lines import replay
from airflow_provider_seedance.core.batch.journal.store import (
    FILE_NAME,
    RowRecords,
    is_journal_missing,
    open_journal,
    read_states,
)
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.errors import StateUnreadable, StateUnwritable
from tests.core.batch.simulation import record_of

LINES = [
    RowState(row=1, record=record_of(1)),
    RowState(row=2, record=record_of(2)),
    RowState(row=1, record=record_of(1, generation_id="cgt-1")),
    RowState(row=2, record=record_of(2, generation_id="cgt-2 \u00fc")),
    RowState(
        row=1,
        record=record_of(1, generation_id="cgt-1"),
        outcome=RowOutcome(status="succeeded", reason="{\n}"),
    ),
]


@pytest.fixture(params=["disk", "store"])
def folder(request, tmp_path):
    """A folder on disk, and one in an object store."""
    return tmp_path / "batch" if request.param == "disk" else UPath(f"memory://{tmp_path.name}/batch")


def written(folder) -> None:
    with open_journal(folder) as journal:
        for state in LINES:
            journal.write(state)


def test_the_last_line_of_a_row_counts(folder) -> None:
    """For who goes on with it, and for who only reads."""
    written(folder)
    expected = {1: LINES[4], 2: LINES[3]}
    assert read_states(folder) == expected
    with open_journal(folder) as journal:
        assert journal.states == expected
        journal.write(RowState(row=3))
    assert set(read_states(folder)) == {1, 2, 3}


def test_nothing_is_there_before(folder) -> None:
    """An empty journal is one that surely has nothing."""
    assert read_states(folder) == {}
    with open_journal(folder) as journal:
        assert journal.states == {}


def test_a_rows_record_is_a_part_of_its_line(folder) -> None:
    """What the submission stores, without what else is known of the row."""
    written(folder)
    with open_journal(folder) as journal:
        records = RowRecords(journal, 1)
        assert records.read() == LINES[4].record
        records.write(record_of(1, intent_number=2))
        assert RowRecords(journal, 9).read() is None
    assert read_states(folder)[1] == LINES[4].replace(record=record_of(1, intent_number=2))


def _bytes() -> bytes:
    return b"".join(line.model_dump_json(exclude_defaults=True).encode() + b"\n" for line in LINES)


@settings(deadline=None, max_examples=300)
@given(cut=st.integers(0, len(_bytes())))
def test_a_kill_at_any_byte_loses_no_whole_line(cut: int) -> None:
    """Every line that was whole is known, and what was cut off was never acted upon."""
    content = _bytes()[:cut]
    whole = content.count(b"\n")
    if (
        content
        and not content.endswith(b"\n")
        and content.endswith(b"}")
        and _bytes()[cut : cut + 1] == b"\n"
    ):
        whole += 1
    expected: dict[int, RowState] = {}
    for line in LINES[:whole]:
        expected[line.row] = line
    assert replay(content) == expected


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, len(_bytes())))
def test_a_journal_goes_on_after_a_kill_at_any_byte(tmp_path_factory, cut: int) -> None:
    """The next line does not go on with one that was cut off."""
    folder = tmp_path_factory.mktemp("journal")
    (folder / FILE_NAME).write_bytes(_bytes()[:cut])
    before = read_states(folder)
    with open_journal(folder) as journal:
        assert journal.states == before
        journal.write(RowState(row=7, attempts_this_try=3))
    assert read_states(folder) == {**before, 7: RowState(row=7, attempts_this_try=3)}


def test_a_damaged_line_is_an_error_and_not_nothing(tmp_path) -> None:
    """A paid generation may have been in it."""
    (tmp_path / FILE_NAME).write_bytes(b"{}\n" + _bytes())
    with pytest.raises(StateUnreadable, match="cannot be read"):
        read_states(tmp_path)
    with pytest.raises(StateUnreadable, match="cannot be read"), open_journal(tmp_path):
        pass


def test_several_lines_are_one_write(tmp_path, monkeypatch) -> None:
    """One line at a time, a thousand rows would be a thousand syncs, or uploads."""
    store = UPath(f"memory://{tmp_path.name}/batch")
    with open_journal(tmp_path) as journal, open_journal(store) as stored:
        syncs: list[int] = []
        monkeypatch.setattr(os, "fsync", syncs.append)
        before = len(store.fs.ls(store.path))
        journal.write_all(LINES[2:])
        stored.write_all(LINES[2:])
        assert (len(syncs), len(store.fs.ls(store.path)) - before) == (1, 1)
        journal.write_all([])
        stored.write_all([])
        assert (len(syncs), len(store.fs.ls(store.path)) - before) == (1, 1)
    assert read_states(tmp_path) == read_states(store) == {1: LINES[4], 2: LINES[3]}


@pytest.fixture
def full(folder, monkeypatch) -> Callable[[bool], None]:
    """Lets every write fail, or no longer."""
    owner, name = (os, "fsync") if isinstance(folder, Path) else (folder.fs, "pipe_file")
    works = getattr(owner, name)

    def fails(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda is_full: monkeypatch.setattr(owner, name, fails if is_full else works)


def test_an_id_that_could_not_be_written_is_known_and_written_later(folder, full) -> None:
    """It is paid for: the results must have it, and the next line that can be written brings it along."""
    paid = RowState(row=1, record=record_of(1, generation_id="cgt-1"))
    with open_journal(folder) as journal:
        journal.write(LINES[0])
        full(True)
        with pytest.raises(StateUnwritable, match="No space left"):
            RowRecords(journal, 1).write(record_of(1, generation_id="cgt-1"))
        assert journal.states[1] == paid
        full(False)
        journal.write(LINES[1])
    assert read_states(folder) == {1: paid, 2: LINES[1]}


def test_an_intent_that_could_not_be_written_is_none(folder, full) -> None:
    """Nothing was sent after it."""
    with open_journal(folder) as journal:
        full(True)
        with pytest.raises(StateUnwritable):
            journal.write(LINES[0])
        assert journal.states == {}


def _hold(folder: Path, begin, end) -> None:
    with open_journal(folder):
        begin.set()
        end.wait(60)


def test_one_process_at_a_time_writes(tmp_path) -> None:
    """A successor waits for its next try, rather than paying beside one that still lives."""
    spawned = multiprocessing.get_context("spawn")
    begin, end = spawned.Event(), spawned.Event()
    holder = spawned.Process(target=_hold, args=(tmp_path, begin, end))
    holder.start()
    try:
        assert begin.wait(60)
        with pytest.raises(StateUnreadable, match="another process") as refused, open_journal(tmp_path):
            pass
        assert refused.value.retryable
    finally:
        end.set()
        holder.join()
    with open_journal(tmp_path) as journal:
        assert journal.states == {}


def test_a_disk_without_locks_is_used_with_a_warning(tmp_path, monkeypatch, caplog) -> None:
    """Nothing keeps two processes apart there."""

    def unlockable(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unlockable)
    with caplog.at_level(logging.WARNING), open_journal(tmp_path) as journal:
        journal.write(LINES[0])
    (message,) = caplog.messages
    assert "cannot be locked" in message
    assert "No locks available" in message


def test_what_cannot_be_written_is_an_error(tmp_path) -> None:
    """Before anything follows from it."""
    (tmp_path / "file").touch()
    with pytest.raises(StateUnwritable), open_journal(tmp_path / "file" / "batch"):
        pass


def test_whether_it_can_be_seen_from_here(tmp_path) -> None:
    """A store can from everywhere; a disk may be another machine's."""
    assert is_journal_missing(tmp_path)
    with open_journal(tmp_path):
        assert not is_journal_missing(tmp_path)
    assert not is_journal_missing(UPath("memory://anywhere/batch"))

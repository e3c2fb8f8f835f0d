"""The journal: whatever is cut off, no row is lost, and a row that was acted upon is known."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from upath import UPath

from airflow_provider_seedance.batch import journal as journals
from airflow_provider_seedance.batch.journal import (
    MANY,
    NAME,
    RowRecords,
    is_there,
    open_journal,
    read_states,
    replayed,
)
from airflow_provider_seedance.batch.state import End, RowState
from airflow_provider_seedance.submission.record import StateUnreadable, StateUnwritable
from tests.batch.simulation import record_of

LINES = [
    RowState(row=1, record=record_of(1)),
    RowState(row=2, record=record_of(2)),
    RowState(row=1, record=record_of(1, generation_id="cgt-1")),
    RowState(row=2, record=record_of(2, generation_id="cgt-2 \u00fc")),
    RowState(row=1, record=record_of(1, generation_id="cgt-1"), end=End(status="succeeded", reason="{\n}")),
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
        records.write(record_of(1, intent=2))
        assert RowRecords(journal, 9).read() is None
    assert read_states(folder)[1] == LINES[4].but(record=record_of(1, intent=2))


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
    assert replayed(content) == expected


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(0, len(_bytes())))
def test_a_journal_goes_on_after_a_kill_at_any_byte(tmp_path_factory, cut: int) -> None:
    """The next line does not go on with one that was cut off."""
    folder = tmp_path_factory.mktemp("journal")
    (folder / NAME).write_bytes(_bytes()[:cut])
    before = read_states(folder)
    with open_journal(folder) as journal:
        assert journal.states == before
        journal.write(RowState(row=7, attempts=3))
    assert read_states(folder) == {**before, 7: RowState(row=7, attempts=3)}


def test_a_damaged_line_is_an_error_and_not_nothing(tmp_path) -> None:
    """A paid generation may have been in it."""
    (tmp_path / NAME).write_bytes(b"{}\n" + _bytes())
    with pytest.raises(StateUnreadable, match="cannot be read"):
        read_states(tmp_path)
    with pytest.raises(StateUnreadable, match="cannot be read"), open_journal(tmp_path):
        pass


def test_objects_are_brought_together(monkeypatch) -> None:
    """A store is left with few of them, whatever was written."""
    monkeypatch.setattr(journals, "MANY", 10)
    folder = UPath("memory://together/batch")
    with open_journal(folder) as journal:
        for number in range(35):
            journal.write(RowState(row=number % 7, attempts=number))
    assert len(folder.fs.ls(folder.path, detail=False)) <= 10
    assert {row: state.attempts for row, state in read_states(folder).items()} == {
        row: max(number for number in range(35) if number % 7 == row) for row in range(7)
    }
    assert MANY > 10


def test_two_writers_in_a_store_do_not_overwrite_each_other() -> None:
    """One of them may have been thought dead."""
    folder = UPath("memory://two/batch")
    with open_journal(folder) as one, open_journal(folder) as other:
        one.write(RowState(row=1))
        other.write(RowState(row=2))
    assert set(read_states(folder)) == {1, 2}


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


def test_what_cannot_be_written_is_told(tmp_path) -> None:
    """Before anything follows from it."""
    (tmp_path / "file").touch()
    with pytest.raises(StateUnwritable), open_journal(tmp_path / "file" / "batch"):
        pass


def test_whether_it_can_be_seen_from_here(tmp_path) -> None:
    """A store can from everywhere; a disk may be another machine's."""
    assert not is_there(tmp_path)
    with open_journal(tmp_path):
        assert is_there(tmp_path)
    assert is_there(UPath("memory://anywhere/batch"))

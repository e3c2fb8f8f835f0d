"""The journal in an object store: no locks, and many objects that are one journal."""

from __future__ import annotations

import pytest
from upath import UPath

from airflow_provider_seedance.core.batch.journal import objects
from airflow_provider_seedance.core.batch.journal.lines import replay
from airflow_provider_seedance.core.batch.journal.objects import COMPACT_AT_OBJECTS
from airflow_provider_seedance.core.batch.journal.store import RowRecords, open_journal, read_states
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.errors import StateUnwritable
from tests.core.batch.simulation import record_of


def rows(first: int, last: int, name: str = "") -> list[RowState]:
    """Intents; with a name, also their ids."""
    return [
        RowState(row=row, record=record_of(row, generation_id=f"{name}-{row}" if name else None))
        for row in range(first, last + 1)
    ]


def test_objects_are_brought_together(monkeypatch) -> None:
    """A store is left with few of them, whatever was written."""
    monkeypatch.setattr(objects, "COMPACT_AT_OBJECTS", 10)
    folder = UPath("memory://together/batch")
    with open_journal(folder) as journal:
        for number in range(35):
            journal.write(RowState(row=number % 7, attempts_this_try=number))
    assert len(folder.fs.ls(folder.path, detail=False)) <= 10
    assert {row: state.attempts_this_try for row, state in read_states(folder).items()} == {
        row: max(number for number in range(35) if number % 7 == row) for row in range(7)
    }


def test_compaction_does_not_write_rows_that_nothing_is_known_of(tmp_path, monkeypatch) -> None:
    """It would stand after what another process knows."""
    monkeypatch.setattr(objects, "COMPACT_AT_OBJECTS", 3)
    folder = UPath(f"memory://{tmp_path.name}/batch")
    with open_journal(folder) as journal:
        journal.states.update({row: RowState(row=row) for row in range(10)})
        for state in rows(1, 2):
            journal.write(state)
    (only,) = folder.fs.ls(folder.path, detail=False)
    assert set(replay(folder.fs.cat_file(only))) == {1, 2}


def test_objects_that_are_replaced_are_deleted_at_once_and_nobody_waits_for_it(tmp_path, monkeypatch) -> None:
    """And whether it works or not is no matter."""
    monkeypatch.setattr(objects, "COMPACT_AT_OBJECTS", 3)
    folder = UPath(f"memory://{tmp_path.name}/batch")
    deletions: list[tuple[int, bool]] = []

    with open_journal(folder) as journal:

        def fails(names: list[str]) -> None:
            deletions.append((len(names), journal._lock.locked()))
            raise OSError("not allowed")

        monkeypatch.setattr(folder.fs, "rm", fails)
        for state in rows(1, 4):
            journal.write(state)
        assert deletions == [(3, False), (3, False)]
    assert list(read_states(folder).values()) == rows(1, 4)


def test_a_process_that_was_thought_dead_erases_nothing_its_successor_paid_for(tmp_path) -> None:
    """It goes on writing what became of its own rows, past the number at which the journal is compacted."""
    folder = UPath(f"memory://{tmp_path.name}/batch")
    with open_journal(folder) as old:
        old.states.update({row: RowState(row=row) for row in range(1, 301)})
        for state in rows(1, 100, "old"):
            old.write(state)
        with open_journal(folder) as new:
            for state in rows(101, 150, "new"):
                new.write(state)
            for row in range(1, COMPACT_AT_OBJECTS + 1):
                old.write(old.states[row % 100 + 1].replace(attempts_this_try=1))
    found = read_states(folder)
    assert {row: state.generation_id for row, state in found.items()} == {
        **{row: f"old-{row}" for row in range(1, 101)},
        **{row: f"new-{row}" for row in range(101, 151)},
    }


def test_a_process_that_was_succeeded_does_not_compact(tmp_path, monkeypatch) -> None:
    """Its memory of rows that its successor has landed is out of date."""
    monkeypatch.setattr(objects, "COMPACT_AT_OBJECTS", 5)
    folder = UPath(f"memory://{tmp_path.name}/batch")
    one, two = rows(1, 2, "old")
    with open_journal(folder) as old:
        old.write_all([one, two])
        with open_journal(folder) as new:
            new.write(one.replace(outcome=RowOutcome(status="succeeded")))
            for attempts in range(10):
                old.write(two.replace(attempts_this_try=attempts))
    assert read_states(folder) == {
        1: one.replace(outcome=RowOutcome(status="succeeded")),
        2: two.replace(attempts_this_try=9),
    }


def test_who_has_been_succeeded_buys_nothing_more(tmp_path) -> None:
    """Both would pay for all rows that are left. What is paid for already is still written."""
    folder = UPath(f"memory://{tmp_path.name}/batch")
    (bought,), (intent,), (other,) = rows(1, 1, "old"), rows(2, 2), rows(3, 3)
    end = RowOutcome(status="failed", reason="refused")
    with open_journal(folder) as old:
        old.write(bought.replace(record=record_of(1)))
        with open_journal(folder) as new:
            before = len(folder.fs.ls(folder.path))
            with pytest.raises(StateUnwritable, match="another process has taken over") as refused:
                RowRecords(old, 2).write(record_of(2))
            assert refused.value.retryable
            assert len(folder.fs.ls(folder.path)) == before
            assert 2 not in old.states
            new.write(intent)
        with pytest.raises(StateUnwritable):
            old.write_all([bought, other])
        old.write(bought)
        old.write(other.replace(record=record_of(3, outcome=Refused()), outcome=end))
    assert set(read_states(folder)) == {1, 2, 3}
    with open_journal(folder) as last:
        assert last.states[1] == bought
        last.write(rows(4, 4)[0])


def test_who_does_not_know_all_that_is_written_buys_nothing(tmp_path) -> None:
    """An upload of the process before it came late: the row that it tells of would be bought again."""
    folder = UPath(f"memory://{tmp_path.name}/batch")
    (intent,), (bought,) = rows(1, 1), rows(1, 1, "old")
    with open_journal(folder) as old:
        old.write(intent)
        with open_journal(folder) as new:
            old.write(bought)
            with pytest.raises(StateUnwritable, match="or still writes it"):
                new.write(intent.replace(record=record_of(1, intent_number=2)))
    assert read_states(folder) == {1: bought}


def test_what_comes_late_and_knows_less_does_not_count(tmp_path) -> None:
    """Two processes number their objects for themselves: a later number may be of an earlier intent."""
    folder = UPath(f"memory://{tmp_path.name}/batch")
    first, second = record_of(1), record_of(1, intent_number=2, generation_id="cgt-2")
    with open_journal(folder) as old, open_journal(folder) as new:
        new.write(RowState(row=1, record=second))
        for attempts in range(5):
            old.write(
                RowState(
                    row=1, attempts_this_try=attempts, record=first.replace(outcome=Ended(status="failed"))
                )
            )
            old.write(RowState(row=1, record=second.replace(generation_id=None, outcome=Refused())))
    assert read_states(folder)[1].record == second


def test_two_writers_in_a_store_do_not_overwrite_each_other() -> None:
    """One of them may have been thought dead."""
    folder = UPath("memory://two/batch")
    with open_journal(folder) as one, open_journal(folder) as other:
        one.write(RowState(row=1))
        other.write(RowState(row=2))
    assert set(read_states(folder)) == {1, 2}

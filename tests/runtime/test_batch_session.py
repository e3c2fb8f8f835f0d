"""Where a batch keeps its files, as Airflow's task state says from try to try."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.errors import StateUnreadable, StateUnwritable
from airflow_provider_seedance.runtime.batch_session import KEY, BatchSession
from tests.airflow.running import TaskState


class Deaf(TaskState):
    """Drops writes without a word, as Airflow 3.3 may."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """Nothing is kept."""


@pytest.fixture
def session(tmp_path):
    """Opens the session of a batch whose videos go to a folder of their own."""

    def made(accessor: Any) -> BatchSession:
        ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="batch", map_index=-1, max_tries=0)
        context: Any = {"ti": ti, "task_state_store": accessor}
        return BatchSession.open(context, f"{tmp_path}/{{row}}.mp4")

    return made


def test_the_task_state_says_where_the_journal_is(session) -> None:
    """For the next try."""
    state = TaskState()
    session(state).register(3)
    assert state.values[KEY]["journal"] == str(session(None).journal)


@pytest.mark.parametrize("value", [{}, {"results": "x"}, {"journal": None}, {"journal": ""}, "text", []])
def test_a_damaged_state_is_not_taken_for_none(session, value) -> None:
    """A batch was begun, and its journal is somewhere."""
    state = TaskState()
    state.values[KEY] = value
    with pytest.raises(StateUnreadable, match="does not say where the journal is"):
        session(state)


def test_a_write_that_did_not_take_is_noticed_before_anything_is_paid(session) -> None:
    """Airflow does not report it. Later it is no reason to stop."""
    with pytest.raises(StateUnwritable, match="does not hold what was written"):
        session(Deaf()).register(3)
    session(Deaf()).report(3, None, {"succeeded": 1}, {})


def test_a_journal_that_only_the_destination_leads_to_is_warned_of_once(
    session, tmp_path, monkeypatch, caplog
) -> None:
    """Not if Airflow's task state or the configuration does."""
    with caplog.at_level(logging.WARNING):
        alone = session(None)
        alone.register(3)
        alone.report(3, None, {"succeeded": 1}, {})
        (message,) = caplog.messages
        assert "[seedance] state_folder" in message
        session(TaskState()).register(3)
        monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
        session(None).register(3)
    assert caplog.messages == [message]

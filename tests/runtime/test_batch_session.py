"""Where a batch keeps its files, as Airflow's task state tells from try to try."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable
from airflow_provider_seedance.runtime.batch_session import KEY, Site
from tests.airflow.running import TaskState


class Deaf(TaskState):
    """Drops writes without a word, as Airflow 3.3 may."""

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        """Nothing."""


@pytest.fixture
def site(tmp_path):
    """Makes the place of a batch whose videos go to a folder of their own."""

    def made(accessor: Any) -> Site:
        ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="batch", map_index=-1, max_tries=0)
        context: Any = {"ti": ti, "task_state_store": accessor}
        return Site.open(context, f"{tmp_path}/{{row}}.mp4")

    return made


def test_it_is_told_where_the_journal_is(site) -> None:
    """For the next try."""
    state = TaskState()
    site(state).tell(3, {})
    assert state.values[KEY]["journal"] == str(site(None).journal)


@pytest.mark.parametrize("value", [{}, {"results": "x"}, {"journal": None}, {"journal": ""}, "text", []])
def test_a_damaged_state_is_not_taken_for_none(site, value) -> None:
    """A batch was begun, and its journal is somewhere."""
    state = TaskState()
    state.values[KEY] = value
    with pytest.raises(StateUnreadable, match="does not say where the journal is"):
        site(state)


def test_a_write_that_did_not_take_is_noticed_before_anything_is_paid(site) -> None:
    """Airflow does not report it. On the way it is no reason to stop."""
    with pytest.raises(StateUnwritable, match="does not hold what was written"):
        site(Deaf()).tell(3, {})
    site(Deaf()).tell_on_the_way(3, {"succeeded": 1})


def test_a_place_that_only_the_destination_tells_is_warned_of_once(
    site, tmp_path, monkeypatch, caplog
) -> None:
    """Not if something else tells it."""
    with caplog.at_level(logging.WARNING):
        alone = site(None)
        alone.tell(3, {})
        alone.tell_on_the_way(3, {"succeeded": 1})
        (message,) = caplog.messages
        assert "[seedance] state_folder" in message
        site(TaskState()).tell(3, {})
        monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
        site(None).tell(3, {})
    assert caplog.messages == [message]

"""What a wake-up needs of Airflow. That it works is shown by a whole Airflow in ``tests/airflow/test_webhooks.py``."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError, TimeoutError

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.core.callbacks.token import CallbackTarget
from airflow_provider_seedance.errors import NotSent
from airflow_provider_seedance.runtime import waiting_tasks
from airflow_provider_seedance.runtime.polling import EARLIEST_EVENT_SECONDS
from airflow_provider_seedance.runtime.waiting_tasks import TRIGGER, DeferredTasks, why_impossible
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

Trigger = import_module("airflow.models.trigger").Trigger


def test_this_airflow_can_be_woken() -> None:
    """It has what is needed."""
    assert why_impossible() is None


def test_the_trigger_is_ours() -> None:
    """As Airflow stores its name."""
    assert SeedanceGenerationTrigger("c", "g", 0.0, 1.0).serialize()[0] == TRIGGER


def _without_arguments() -> None: ...


def _with_another_one(trigger_id: int, *, tenant: str, session: Any) -> None: ...


@pytest.mark.parametrize("submit_event", [_without_arguments, _with_another_one, None, 3])
def test_another_airflow_may_lack_it(submit_event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then tasks are polled, and the reason is told."""
    monkeypatch.setattr(Trigger, "submit_event", submit_event)
    assert "another way" in str(why_impossible())


def test_another_airflow_may_have_moved_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise."""
    monkeypatch.delattr(Trigger, "submit_event")
    assert "submit_event" in str(why_impossible())


@pytest.mark.parametrize("deferred_at", [0.0, 1000.5, 2e9])
def test_an_event_is_held_for_longer_than_the_triggers_own(deferred_at: float) -> None:
    """That one counts from the trigger's start, which comes some seconds after its row."""
    kwargs = SeedanceGenerationTrigger("c", "g", 0.0, 1.0).serialize()[1]
    task = waiting_tasks._waiting_task(7, kwargs, deferred_at)
    assert task.earliest_event >= deferred_at + EARLIEST_EVENT_SECONDS + 5.0
    assert (task.trigger_id, task.seedance_conn_id, task.generation_id) == (7, "c", "g")


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("SELECT 1", None, Exception("database is locked")),
        IntegrityError("UPDATE", None, Exception("no")),
        TimeoutError("the pool has no free connection"),
    ],
)
def test_a_database_that_is_away_is_told(fault: SQLAlchemyError, monkeypatch: pytest.MonkeyPatch) -> None:
    """As something that may be tried again."""

    def fail(work: Any) -> None:
        raise fault

    monkeypatch.setattr(waiting_tasks, "_in_transaction", fail)
    with ThreadPoolExecutor(1) as threads, pytest.raises(NotSent, match=type(fault).__name__):
        asyncio.run(DeferredTasks(threads).find(CallbackTarget("d", "r", "t", -1, "i", "c")))

"""Airflow's deferred tasks, seen from its API server: finding one, and telling it that its trigger has fired.

Airflow offers no public call for this. What is used here has been the same since Airflow 3.1; where it is not, tasks
are polled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.polling import EARLIEST_EVENT_SECONDS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sqlalchemy.orm import Session

    from airflow_provider_seedance.core.callbacks.token import CallbackTarget
    from airflow_provider_seedance.core.callbacks.wakeup import WaitingTask

T = TypeVar("T")

#: How much later than its row in the database a trigger starts at most, on a busy machine, seconds. It is the start
#: that :data:`EARLIEST_EVENT_SECONDS` counts from, and only the row tells of the deferral.
TRIGGER_START_SECONDS = 6.0
#: The trigger whose tasks can be woken, as Airflow stores its name.
TRIGGER = "airflow_provider_seedance.triggers.generation.SeedanceGenerationTrigger"


def why_impossible() -> str | None:
    """Why this version of Airflow cannot be told that a trigger has fired; ``None`` if it can."""
    try:
        from airflow.models.taskinstance import TaskInstance
        from airflow.models.trigger import Trigger
        from airflow.triggers.base import TriggerEvent

        inspect.signature(Trigger.submit_event).bind(1, TriggerEvent, session=None)
        _ = TaskInstance.trigger_id, TaskInstance.state, Trigger.created_date, Trigger.kwargs
    except (ImportError, AttributeError, TypeError) as fault:
        return f"this version of Airflow does it in another way ({fault})."
    return None


class DeferredTasks:
    """The deferred task instances in Airflow's database; each call is one short transaction.

    :param threads: where the transactions run.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads

    async def find(self, target: CallbackTarget) -> WaitingTask | None:
        """The task instance, if its trigger is ours and waits for a generation.

        :raises NotSent: if the database cannot be asked at the moment.
        """
        return await self._do(lambda session: _find(target, session))

    async def resume(self, task: WaitingTask) -> bool:
        """Give the task the event that its trigger would fire; ``False`` if it does not wait any more.

        :raises NotSent: if the database cannot be asked at the moment.
        """
        return await self._do(lambda session: _resume(task, session))

    async def _do(self, work: Callable[[Session], T]) -> T:
        from sqlalchemy.exc import SQLAlchemyError

        from airflow_provider_seedance.errors import NotSent

        try:
            return await clock.off_loop(lambda: _in_transaction(work), self._threads)
        except SQLAlchemyError as fault:
            raise NotSent(f"Airflow's database cannot be asked ({type(fault).__name__})") from fault


def _in_transaction(work: Callable[[Session], T]) -> T:
    """What ``work`` returns; it is done again if the database was locked or away."""
    from airflow.utils.retries import run_with_db_retries
    from airflow.utils.session import create_session

    for attempt in run_with_db_retries():
        with attempt, create_session() as session:
            return work(session)
    raise AssertionError("unreachable")


def _find(target: CallbackTarget, session: Session) -> WaitingTask | None:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import Trigger
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select
    from sqlalchemy.orm import lazyload

    wanted = (
        select(Trigger)
        .join(TaskInstance, TaskInstance.trigger_id == Trigger.id)
        .where(
            TaskInstance.dag_id == target.dag_id,
            TaskInstance.run_id == target.run_id,
            TaskInstance.task_id == target.task_id,
            TaskInstance.map_index == target.map_index,
            TaskInstance.state == TaskInstanceState.DEFERRED,
            Trigger.classpath == TRIGGER,
        )
        .options(lazyload("*"))
    )
    trigger = session.scalars(wanted).one_or_none()
    if trigger is None:
        return None
    return _waiting_task(trigger.id, trigger.kwargs, trigger.created_date.timestamp())


def _waiting_task(trigger_id: int, kwargs: dict[str, Any], deferred_at: float) -> WaitingTask:
    from airflow_provider_seedance.core.callbacks.wakeup import WaitingTask
    from airflow_provider_seedance.core.polling.decide import WaitState

    return WaitingTask(
        trigger_id,
        kwargs["seedance_conn_id"],
        kwargs["generation_id"],
        WaitState.from_payload(kwargs),
        earliest_event=deferred_at + TRIGGER_START_SECONDS + EARLIEST_EVENT_SECONDS,
    )


def _resume(task: WaitingTask, session: Session) -> bool:
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import Trigger
    from airflow.triggers.base import TriggerEvent
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select

    from airflow_provider_seedance.core.polling.decide import WaitOutcome
    from airflow_provider_seedance.core.polling.event import GenerationEvent

    payload = GenerationEvent(task.generation_id, WaitOutcome.ENDED, task.wait).to_payload()
    # The row is locked: of two callbacks, in two API servers, one finds the task deferred.
    waiting = (
        select(TaskInstance.id)
        .where(TaskInstance.trigger_id == task.trigger_id, TaskInstance.state == TaskInstanceState.DEFERRED)
        .with_for_update()
    )
    if session.scalars(waiting).one_or_none() is None:
        return False
    Trigger.submit_event(task.trigger_id, TriggerEvent(payload), session=session)  # type: ignore[no-untyped-call]
    return True

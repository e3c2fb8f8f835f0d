"""From a callback to a task that goes on: nothing that it claims is believed before the vendor was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from airflow_provider_seedance.core.callbacks.token import CallbackTarget
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import WaitState
from airflow_provider_seedance.core.vendors.contract import CallbackHint
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Pending

#: Seconds before each look: a callback may be a moment ahead of the vendor's API and of the task's deferral, and
#: Airflow's database or the vendor may be out of reach for a moment.
LOOK_DELAYS = (0.0, 1.0, 4.0)


@dataclass(frozen=True)
class WaitingTask:
    """A deferred task instance, and what it waits for.

    :param trigger_id: Airflow's number of its trigger.
    :param seedance_conn_id: the connection through which the generation is read.
    :param generation_id: of the generation that the trigger waits for.
    :param wait: the times of the wait.
    :param earliest_event: when Airflow can take an event for it, epoch seconds.
    """

    trigger_id: int
    seedance_conn_id: str
    generation_id: str
    wait: WaitState
    earliest_event: float


class WaitingTasks(Protocol):
    """Airflow's deferred tasks."""

    async def find(self, target: CallbackTarget) -> WaitingTask | None:
        """The task instance, if it waits for a generation.

        :raises NotSent: if Airflow's database cannot be asked at the moment.
        """

    async def resume(self, task: WaitingTask) -> bool:
        """Tell the task that its generation has ended; ``False`` if it does not wait any more.

        :raises NotSent: if Airflow's database cannot be asked at the moment.
        """


class WakeResult(str, Enum):
    """What a callback came to."""

    WOKEN = "woken"
    #: It says that the generation goes on.
    PENDING = "pending"
    #: No task waits for this generation, or none waits any more.
    NOT_WAITING = "not_waiting"
    #: The vendor does not say that the generation has ended, or it or Airflow's database cannot be asked. The task is
    #: polled as before.
    NOT_CONFIRMED = "not_confirmed"


#: Reads a generation, by the id of its connection and its own.
ReadGeneration = Callable[[str, str], Awaitable[Generation]]


async def wake(
    target: CallbackTarget,
    hint: CallbackHint,
    *,
    tasks: WaitingTasks,
    read: ReadGeneration,
    clock: Clock,
) -> WakeResult:
    """Resume the task that waits for a generation, if the vendor confirms that it has ended.

    This looks several times, within some seconds; polling finds what comes later.
    """
    if hint.pending:
        return WakeResult.PENDING
    result = WakeResult.NOT_WAITING
    for delay in LOOK_DELAYS:
        await clock.asleep(delay)
        try:
            result = await _look(target, hint, tasks, read, clock)
        except SeedanceError as error:
            result = WakeResult.NOT_CONFIRMED
            if not error.kind.traits.tolerated_while_waiting:
                break
        if result is WakeResult.WOKEN:
            break
    return result


async def _look(
    target: CallbackTarget, hint: CallbackHint, tasks: WaitingTasks, read: ReadGeneration, clock: Clock
) -> WakeResult:
    task = await tasks.find(target)
    if task is None or hint.generation_id not in (None, task.generation_id):
        return WakeResult.NOT_WAITING
    if isinstance(await read(task.seedance_conn_id, task.generation_id), Pending):
        return WakeResult.NOT_CONFIRMED
    if (remaining := task.earliest_event - clock.now()) > 0:
        await clock.asleep(remaining)
    return WakeResult.WOKEN if await tasks.resume(task) else WakeResult.NOT_WAITING

"""The events of the kill matrix in ``docs/never-pay-twice.md``, as Airflow tells a worker or a triggerer of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from airflow_provider_seedance.core.polling.report import WaitReport
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from tests.airflow.running import by_way_of_the_database
from tests.faults.scene import LONG, VIDEO, Killed, Scene

WORKER, DEFERRED = "running in a worker", "deferred"
STATES = ("queued", "running", "finished", "unknown")
#: Seconds; the default of ``timeout`` is longer than a ``queue_timeout`` of these.
LIMIT = 1_800

#: What happens to the operator or the trigger that waits; returns if the wait goes on.
Happening = Callable[[Scene, Any], None]


@dataclass(frozen=True)
class Event:
    """One way in which an event comes to a task that runs in a worker, or is deferred.

    :param row: its name in the table.
    :param arguments: of the operator.
    """

    row: str
    place: str
    happens: Happening
    variant: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "-".join(filter(None, (self.row, self.place, self.variant)))

    @contextmanager
    def __call__(self, scene: Scene, state: str, looked: list[str]) -> Iterator[None]:
        """Strikes the task when it waits for a generation that has come to ``state``.

        :param looked: gets the generation's state right after the event, and when the try is over.
        """

        def strikes(waiting: Any) -> None:
            if looked:
                return
            bring_to(scene, state)
            try:
                self.happens(scene, waiting)
            finally:
                looked.append(state_of_first(scene))

        moment = scene.passing.moment
        with scene.patch.context() as patch:
            patch.setattr(scene.task, "while_deferred", lambda: None)
            if self.place == WORKER:
                wait_in_worker = SeedanceGenerateVideoOperator._wait_in_worker

                def struck_in_worker(task: Any, wait: Any) -> Any:
                    patch.setattr(WaitReport, "on_status", lambda report, seen, now: strikes(task))
                    return wait_in_worker(task, wait)

                patch.setattr(SeedanceGenerateVideoOperator, "_wait_in_worker", struck_in_worker)
            else:
                wait = scene.task._wait

                def struck(paused: Any) -> Any:
                    strikes(by_way_of_the_database(paused.trigger))
                    return wait(paused)

                patch.setattr(scene.task, "_wait", struck)
            yield
        looked.append(state_of_first(scene))
        scene.emulator.clear_faults()
        # What was late was this try.
        scene.passing.moment = moment


def bring_to(scene: Scene, state: str) -> None:
    """Let the generation that is waited for, which is queued, come to a state."""
    if state == "running":
        while state_of_first(scene) == "queued":
            scene.emulator.advance(5)
    elif state == "finished":
        scene.emulator.advance(LONG)
    elif state == "unknown":
        scene.emulator.reset()


def state_of_first(scene: Scene) -> str:
    """How the task's first generation stands."""
    mine = [entry for entry in scene.emulator.ledger()["generations"] if entry["prompt"] == VIDEO["prompt"]]
    return mine[0]["status"] if mine else "unknown"


def occupy(scene: Scene) -> None:
    """Somebody else's generation, behind which the task's own stays queued until vendor time passes."""
    SeedanceHook(scene.task.operator.seedance_conn_id).create_generation(
        GenerationRequest(prompt="Before the fox", duration=4, resolution="480p")
    )


def _terminated(*, again: bool = False) -> Happening:
    """SIGTERM: the operator is told, and the process ends."""

    def happens(scene: Scene, operator: Any) -> None:
        operator.on_kill()
        raise Killed(again=again)

    return happens


def _killed(scene: Scene, operator: Any) -> None:
    raise Killed


def _told(scene: Scene, trigger: Any, task_state: str | None) -> None:
    """The triggerer tells a trigger that it is not wanted any more; the task instance is in this state by then."""
    trigger.task_instance = ti = scene.task.context["ti"]
    with scene.patch.context() as patch:
        answer = {ti.run_id: {ti.task_id: task_state}}
        patch.setattr(RuntimeTaskInstance, "get_task_states", lambda **asked: answer)
        asyncio.run(trigger.on_kill())


def _ended(task_state: str) -> Happening:
    def happens(scene: Scene, trigger: Any) -> None:
        _told(scene, trigger, task_state)
        raise Killed(again=False)

    return happens


def _cleared(task_state: str | None) -> Happening:
    def happens(scene: Scene, trigger: Any) -> None:
        _told(scene, trigger, task_state)
        scene.task.context["ti"].max_tries += 1
        raise Killed

    return happens


def _taken_over(scene: Scene, trigger: Any) -> None:
    _told(scene, trigger, "deferred")


def _shut_down(scene: Scene, trigger: Any) -> None:
    asyncio.run(trigger.cleanup())


def _too_late(scene: Scene, waiting: Any) -> None:
    # Submissions are timed by the machine's clock, which has gone on a little.
    scene.passing.moment += LIMIT + 60


def _key_withdrawn(scene: Scene, waiting: Any) -> None:
    for call in ("get", "list"):
        scene.emulator.add_fault(on=call, kind="status", status=401, times=None)


EVENTS = [
    *(
        Event(row, place, happens)
        for row, task_state in (
            ("marked failed", "failed"),
            ("marked success", "success"),
            ("DAG run marked failed", "failed"),
            ("`dagrun_timeout` passed", "skipped"),
        )
        for place, happens in ((WORKER, _terminated()), (DEFERRED, _ended(task_state)))
    ),
    # To the next try, a clear of a task that runs in a worker looks like a worker's death.
    Event("cleared", WORKER, _terminated(again=True)),
    *(
        Event("cleared", DEFERRED, _cleared(task_state), f"next try {task_state or 'not there yet'}")
        for task_state in (None, "scheduled", "running", "deferred")
    ),
    Event("worker evicted or shut down", WORKER, _terminated(again=True)),
    Event("worker killed without notice", WORKER, _killed),
    Event("another triggerer takes over", DEFERRED, _taken_over),
    Event("triggerer shut down or killed", DEFERRED, _shut_down),
    *(
        Event(f"`{limit}` passed", place, _too_late, arguments={limit: LIMIT})
        for limit in ("timeout", "queue_timeout")
        for place in (WORKER, DEFERRED)
    ),
    *(
        Event("task fails for good, such as by a key withdrawn", place, _key_withdrawn)
        for place in (WORKER, DEFERRED)
    ),
]

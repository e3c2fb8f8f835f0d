"""A task runner in miniature: what Airflow does with one task instance, without a database around it."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import TaskDeferred
from airflow.sdk.execution_time.context import OutletEventAccessors
from airflow.sdk.execution_time.task_runner import _serialize_rendered_fields
from airflow.sdk.serde import deserialize, serialize

from airflow_provider_seedance.core import clock

_numbers = itertools.count(1)


class TaskState:
    """A task state store that lives as long as its task instance."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        self.values[key] = json.loads(json.dumps(value))


@dataclass
class TaskRun:
    """One task instance; each call is one of its tries.

    :param operator: as the DAG file made it.
    :param while_deferred: called between each deferral and the trigger's first look.
    :param upstream: what other tasks have returned, by task id.
    """

    operator: BaseOperator
    while_deferred: Callable[[], object] = lambda: None
    params: dict[str, Any] = field(default_factory=dict)
    upstream: dict[str, Any] = field(default_factory=dict)
    #: What Airflow stores of the template fields, of each time that they were rendered.
    rendered: list[dict[str, Any]] = field(default_factory=list)
    deferrals: list[TaskDeferred] = field(default_factory=list)
    payloads: list[dict[str, Any]] = field(default_factory=list)
    #: The task's own XComs, by key.
    pushed: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = TaskState()
        ti = SimpleNamespace(
            dag_id="tested",
            run_id=f"run-{next(_numbers)}",
            task_id=self.operator.task_id,
            map_index=0 if self.operator.is_mapped else -1,
            max_tries=0,
            try_number=1,
            xcom_pull=self._xcom_pull,
            xcom_push=self._xcom_push,
        )
        self.context: Any = {
            "ti": ti,
            "params": self.params,
            "task_state_store": self.state,
            "outlet_events": OutletEventAccessors(),
            "dag": self.operator.dag if self.operator.has_dag() else None,
            "dag_run": SimpleNamespace(conf={}),
        }

    def __call__(self) -> Any:
        """Rendered, executed, and resumed after each deferral by a fresh copy, as a worker does."""
        try:
            return self._single_use().execute(self.context)
        except TaskDeferred as deferred:
            paused = deferred
        while True:
            event = self._wait(paused)
            try:
                kwargs = {**json.loads(json.dumps(paused.kwargs or {})), "event": event}
                return self._single_use().resume_execution(paused.method_name, kwargs, self.context)
            except TaskDeferred as deferred:
                paused = deferred

    def _single_use(self) -> BaseOperator:
        task = copy.copy(self.operator)
        self.context["task"] = self.context["ti"].task = task
        task.render_template_fields(self.context, self._jinja_env(task))
        task = self.context["task"]
        self.rendered.append(_serialize_rendered_fields(task))
        task.pre_execute(self.context)
        return task

    def _jinja_env(self, task: BaseOperator) -> Any:
        return task.dag.get_template_env() if task.has_dag() else task.get_template_env()

    def _xcom_pull(self, task_ids: str, *, key: str = "return_value", **_: Any) -> Any:
        own = task_ids == self.operator.task_id
        return json.loads(json.dumps(self.pushed.get(key) if own else self.upstream[task_ids]))

    def _xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = json.loads(json.dumps(value))

    def _wait(self, paused: TaskDeferred) -> Any:
        self.deferrals.append(paused)
        self.while_deferred()
        if isinstance(paused.trigger, DateTimeTrigger):  # which goes by the machine's clock
            clock.SYSTEM_CLOCK.sleep(paused.trigger.moment.timestamp() - clock.SYSTEM_CLOCK.now())
            return None
        payload = asyncio.run(_first_event(by_way_of_the_database(paused.trigger)))
        self.payloads.append(payload)
        return json.loads(json.dumps(payload))


def by_way_of_the_database(trigger: Any) -> Any:
    """The trigger as a triggerer makes it from what Airflow stored."""
    _, kwargs = trigger.serialize()
    return type(trigger)(**deserialize(json.loads(json.dumps(serialize(kwargs)))))


async def _first_event(trigger: Any) -> dict[str, Any]:
    async for event in trigger.run():
        payload: dict[str, Any] = event.payload
        return payload
    raise AssertionError("the trigger ended without an event")

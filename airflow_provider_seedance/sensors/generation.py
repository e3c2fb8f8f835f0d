"""Wait for a generation that somebody else has started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version
from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import is_constant
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._mapping import names_in
from airflow_provider_seedance.operators._waiting import (
    BACKSTOP,
    NO_CONNECTION_IN_TRIGGERER,
    REDEFER_PAUSE_SECONDS,
)
from airflow_provider_seedance.runtime.config import default_deferrable
from airflow_provider_seedance.runtime.exceptions import make_final, sensor_timeout, task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.operators._base import Result, Text

#: What a template may use if the triggerer is to render it: what comes with the run, and needs no look-up.
_KNOWN_IN_TRIGGERER = frozenset({"params", "dag_run", "run_id", "ds", "ds_nodash", "ts", "logical_date"})
TRIGGER = "airflow_provider_seedance.triggers.sensor.SeedanceGenerationSensorTrigger"


class SeedanceGenerationSensor(SignedLinkMaskingMixin, SeedanceBaseOperator, BaseSensorOperator):
    """Wait until a generation has succeeded that another task, DAG or system has started, and tell of its video.

    The task begins in the triggerer, without a worker, if Airflow allows that: from version 3.3, for a task that is not
    mapped, and whose arguments are constants or templates of ``params`` and the run. Otherwise a worker hands it to the
    triggerer. At the end a worker reads what is to be returned; with ``do_xcom_push=False`` the task ends in the
    triggerer too. A generation that ends without a video ends the task without further tries.

    Returns what the generate operator returns, as far as the vendor tells it, without the links: these die, and
    :class:`~airflow_provider_seedance.operators.download.SeedanceDownloadVideoOperator` reads fresh ones.

    :param generation_id: the generation's id, or what an operator returned for it.
    :param seedance_conn_id: a connection of type ``seedance``, to the account that has the generation.
    :param deferrable: wait in the triggerer; ``False`` looks every ``poke_interval`` seconds from the worker. Default
        ``True``, or what the environment sets as ``[operators] default_deferrable``.
    :param timeout: seconds, or a ``timedelta``, after which the wait fails without further tries; default ``[sensors]
        default_timeout``, 7 days. ``soft_fail``, ``never_fail`` and ``mode`` are as in any sensor.
    """

    template_fields: Sequence[str] = ("generation_id", "seedance_conn_id")
    label_fields = ("generation_id",)
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        generation_id: Result,
        seedance_conn_id: Text = "seedance_default",
        deferrable: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.generation_id: Any = generation_id
        self.seedance_conn_id: Any = seedance_conn_id
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.start_from_trigger = self.deferrable and _can_start_from_trigger(generation_id, seedance_conn_id)
        if self.start_from_trigger:
            self._set_start_trigger_args()

    def _set_start_trigger_args(self) -> None:
        from airflow.triggers.base import StartTriggerArgs

        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER,
            next_method="execute_complete",
            trigger_kwargs={
                "seedance_conn_id": self.seedance_conn_id,
                "generation_id": self.generation_id,
                "timeout": self.timeout,
                "ends_task": not self.do_xcom_push,
            },
            timeout=timedelta(seconds=self.timeout) + BACKSTOP,
        )

    def execute(self, context: Context) -> Any:
        self._reveal()
        return super().execute(context)

    def poke(self, context: Context) -> PokeReturnValue | bool:
        """Look once; a task that is deferrable defers instead of looking again."""
        with task_errors():
            result = self._look()
        if result is None and self.deferrable:
            self._defer(clock.SYSTEM_CLOCK.now() + self.timeout)
        return False if result is None else PokeReturnValue(is_done=True, xcom_value=result)

    def execute_complete(self, context: Context, event: Mapping[str, Any] | str) -> Any:
        """Resume after the trigger.

        :param event: the end of the wait; ``success`` in ``dag.test()``, where no trigger can end a task.
        """
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.core.polling.event import GenerationEvent

        with task_errors():
            result = self._look()
            if result is not None or not isinstance(event, Mapping):
                return result
            ended = GenerationEvent.from_payload(event)
        if ended.outcome is WaitOutcome.TIMED_OUT:
            raise sensor_timeout()(
                f"Generation {ended.generation_id} has not ended in {self.timeout:g} seconds."
            )
        if ended.outcome is WaitOutcome.NO_CONNECTION:
            self.log.warning(NO_CONNECTION_IN_TRIGGERER, self.seedance_conn_id)
            self.deferrable = False
            return super().execute(context)
        clock.SYSTEM_CLOCK.sleep(REDEFER_PAUSE_SECONDS)
        return self._defer(ended.wait.deadline)

    def _defer(self, deadline: float) -> None:
        from airflow_provider_seedance.models import parse_generation_id
        from airflow_provider_seedance.triggers.sensor import SeedanceGenerationSensorTrigger

        left = max(0.0, deadline - clock.SYSTEM_CLOCK.now())
        self.defer(
            trigger=SeedanceGenerationSensorTrigger(
                self.seedance_conn_id,
                parse_generation_id(self.generation_id),
                self.timeout,
                deadline,
                ends_task=not self.do_xcom_push,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=left) + BACKSTOP,
        )

    def _look(self) -> dict[str, Any] | None:
        """What is told of the finished generation; ``None`` while it goes on, or cannot be read for the moment."""
        from airflow_provider_seedance.core.lifecycle.collect import result_of_finished
        from airflow_provider_seedance.errors import GenerationFailed, SeedanceError
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.models import parse_generation_id

        generation_id = parse_generation_id(self.generation_id)
        try:
            with SeedanceHook(self.seedance_conn_id).get_conn() as client:
                generation = client.generations.get(generation_id)
                return result_of_finished(generation, client.catalog, self.seedance_conn_id)
        except GenerationFailed as failed:
            make_final(failed)  # Another try would find the same end.
            raise
        except SeedanceError as error:
            if not error.retryable:
                raise
            self.log.warning("%s", error)
            return None


def _can_start_from_trigger(*arguments: Any) -> bool:
    """Whether this Airflow's triggerer can begin a task with these arguments, and render those that are templates."""
    major, minor = map(int, airflow_version.split(".")[:2])
    return (major, minor) >= (3, 3) and all(
        isinstance(argument, str) and (is_constant(argument) or names_in(argument) <= _KNOWN_IN_TRIGGERER)
        for argument in arguments
    )

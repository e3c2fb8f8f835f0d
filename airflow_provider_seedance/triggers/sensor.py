"""The sensor's trigger: it waits for a generation of somebody else's, and may end the task itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from airflow_provider_seedance.core import clock

#: How long before Airflow's own timeout of the deferral the wait ends, seconds.
MARGIN_SECONDS = 30.0


class SeedanceGenerationSensorTrigger(BaseTrigger):
    """Resumes the task when its generation has ended, a deadline has passed, or status requests fail for good.

    Airflow begins it without a worker, or a worker defers to it. Its arguments are stored in clear text, so they are
    ids, times and a choice.

    :param seedance_conn_id: a connection of type ``seedance``.
    :param generation_id: the generation to wait for.
    :param timeout: seconds, from the beginning of the wait; a restart of the triggerer begins it anew, within Airflow's
        own timeout of the deferral.
    :param deadline: epoch seconds at which the wait ends in any case, if a worker has deferred to this trigger.
    :param ends_task: end the task here if there is a video, without a result: Airflow 3.3 stores the XComs of a trigger
        as text, whatever they are.
    """

    def __init__(
        self,
        seedance_conn_id: str,
        generation_id: str,
        timeout: float,
        deadline: float | None = None,
        ends_task: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.generation_id = generation_id
        self.timeout = timeout
        self.deadline = deadline
        self.ends_task = ends_task

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "seedance_conn_id": self.seedance_conn_id,
                "generation_id": self.generation_id,
                "timeout": self.timeout,
                "deadline": self.deadline,
                "ends_task": self.ends_task,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.runtime.background_log import background_writer
        from airflow_provider_seedance.runtime.polling import hold_event, wait_in_poller

        started = clock.SYSTEM_CLOCK.now()
        wait = WaitState(self._deadline(started), started)
        report = WaitReport(self.generation_id, background_writer())
        outcome = await wait_in_poller(self.seedance_conn_id, self.generation_id, wait, report)
        ends_task = outcome is WaitOutcome.ENDED and self.ends_task and await self._has_video()
        if self.deadline is not None:
            await hold_event(started)
        if ends_task:
            yield TaskSuccessEvent()
        else:
            payload = GenerationEvent(self.generation_id, outcome, wait).to_payload()
            yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    def _deadline(self, started: float) -> float:
        """Epoch seconds; Airflow's timeout of the deferral stays the same over restarts."""
        if self.deadline is not None:
            return self.deadline
        ends = getattr(self, "timeout_after", None)
        own = started + self.timeout
        return own if ends is None else min(own, ends.timestamp() - MARGIN_SECONDS)

    async def _has_video(self) -> bool:
        """Whether there is a video; ``False`` if that cannot be read: the task looks itself then."""
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.models import Succeeded

        try:
            generation = await SeedanceHook(self.seedance_conn_id).aget_generation(self.generation_id)
        except SeedanceError:
            return False
        return isinstance(generation, Succeeded)

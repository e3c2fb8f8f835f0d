"""The sensor's trigger: it waits for a generation of somebody else's, and ends the task if there is a video."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from airflow_provider_seedance.core.polling.decide import WaitOutcome

#: How long before Airflow's own timeout of the deferral the wait ends, seconds.
MARGIN_SECONDS = 30.0


class SeedanceGenerationSensorTrigger(BaseTrigger):
    """Ends the task with what is told of the video; resumes it for any other end of the wait.

    Airflow begins it without a worker, or a worker defers to it. Its arguments and what it tells are stored in clear
    text: there is no link among them.

    :param seedance_conn_id: a connection of type ``seedance``.
    :param generation_id: the generation to wait for.
    :param timeout: seconds, from the beginning of the wait; a restart of the triggerer begins it anew, within Airflow's
        own timeout of the deferral.
    :param deadline: epoch seconds at which the wait ends in any case, if a worker has deferred to this trigger.
    """

    def __init__(
        self, seedance_conn_id: str, generation_id: str, timeout: float, deadline: float | None = None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.generation_id = generation_id
        self.timeout = timeout
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "seedance_conn_id": self.seedance_conn_id,
                "generation_id": self.generation_id,
                "timeout": self.timeout,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.runtime.background_log import background_writer
        from airflow_provider_seedance.runtime.polling import hold_event, wait_in_poller

        started = clock.SYSTEM_CLOCK.now()
        wait = WaitState(self._deadline(started), started)
        report = WaitReport(self.generation_id, background_writer())
        outcome = await wait_in_poller(self.seedance_conn_id, self.generation_id, wait, report)
        result = await self._result(outcome)
        if self.deadline is not None:
            await hold_event(started)
        if result is None:
            payload = GenerationEvent(self.generation_id, outcome, wait).to_payload()
            yield TriggerEvent(payload)  # type: ignore[no-untyped-call]
        else:
            yield TaskSuccessEvent(xcoms={**result, "return_value": result})

    def _deadline(self, started: float) -> float:
        """Epoch seconds; Airflow's timeout of the deferral stays the same over restarts."""
        if self.deadline is not None:
            return self.deadline
        ends = getattr(self, "timeout_after", None)
        own = started + self.timeout
        return own if ends is None else min(own, ends.timestamp() - MARGIN_SECONDS)

    async def _result(self, outcome: WaitOutcome) -> dict[str, Any] | None:
        """What is told of the video; ``None`` if there is none, or it cannot be read: the task looks itself then."""
        from airflow_provider_seedance.core.lifecycle.collect import result_of_finished
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        if outcome is not WaitOutcome.ENDED:
            return None
        try:
            async with await SeedanceHook(self.seedance_conn_id).aget_conn() as client:
                generation = await client.generations.get(self.generation_id)
                return result_of_finished(generation, client.catalog, self.seedance_conn_id)
        except SeedanceError:
            return None

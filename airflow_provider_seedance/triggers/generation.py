"""The trigger that waits for one generation. It only reads: nothing is paid for in a triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.core import clock

_FINAL_TASK_STATES = frozenset({"failed", "success", "skipped", "upstream_failed", "removed"})

#: Cancellations under way; an event loop keeps only weak references to its tasks.
_cancellations: set[asyncio.Task[None]] = set()


class SeedanceGenerationTrigger(BaseTrigger):
    """Fires when a generation has ended, a deadline has passed, or status requests fail for good.

    It fires 6 seconds after its start at the earliest, since Airflow fails a task that is resumed before the scheduler
    has processed its deferral. Its arguments are stored in clear text, so they are ids, times and a choice; the times
    are absolute, and a restart of the triggerer moves none of them. Triggers of one connection share one client and
    its requests; the longest pause between two status requests for one generation is ``[seedance] max_lag`` of the
    Airflow configuration, seconds (90).

    :param seedance_conn_id: a connection of type ``seedance``.
    :param generation_id: the generation to wait for.
    :param started: epoch seconds of the submission.
    :param deadline: epoch seconds at which the wait ends in any case.
    :param queue_deadline: epoch seconds at which the wait ends if the generation is still queued.
    :param cancel_on_kill: whether to cancel a generation that is still queued when the task is ended from outside.
    :param has_callback: whether the vendor tells of the end by a callback, which wakes the task; then the pause between
        two status requests always is the longest one.
    """

    def __init__(
        self,
        seedance_conn_id: str,
        generation_id: str,
        started: float,
        deadline: float,
        queue_deadline: float | None = None,
        cancel_on_kill: bool = False,
        has_callback: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.generation_id = generation_id
        self.started = started
        self.deadline = deadline
        self.queue_deadline = queue_deadline
        self.cancel_on_kill = cancel_on_kill
        self.has_callback = has_callback
        self._fired = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "seedance_conn_id": self.seedance_conn_id,
                "generation_id": self.generation_id,
                "started": self.started,
                "deadline": self.deadline,
                "queue_deadline": self.queue_deadline,
                "cancel_on_kill": self.cancel_on_kill,
                "has_callback": self.has_callback,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.runtime.background_log import background_writer
        from airflow_provider_seedance.runtime.polling import hold_event, wait_in_poller

        trigger_started = clock.SYSTEM_CLOCK.now()
        wait = WaitState(self.deadline, self.started, self.queue_deadline, has_callback=self.has_callback)
        report = WaitReport(self.generation_id, background_writer())
        outcome = await wait_in_poller(self.seedance_conn_id, self.generation_id, wait, report)
        await hold_event(trigger_started)
        self._fired = True
        payload = GenerationEvent(self.generation_id, outcome, wait).to_payload()
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Cancel the generation if it is still queued and no task waits for it any more.

        Airflow calls this also when another triggerer takes over and when the task was cleared and a new try
        already waits for the same generation: then the task instance is not in a final state.
        """
        if self._fired or not self.cancel_on_kill:
            return
        # Airflow may cancel this call too while it waits for an answer; the cancellation goes on.
        cancellation = asyncio.create_task(self._cancel_unless_awaited())
        _cancellations.add(cancellation)
        cancellation.add_done_callback(_cancellations.discard)
        await asyncio.shield(cancellation)

    async def _cancel_unless_awaited(self) -> None:
        from airflow_provider_seedance.core.lifecycle.cancel import acancel_now
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        state = await asyncio.to_thread(self._task_state)
        if state not in _FINAL_TASK_STATES:
            # Not on the event loop, which a full log would stop: thousands may be killed together.
            await asyncio.to_thread(
                self.log.info, "Generation %s is left alone: the task is %s.", self.generation_id, state
            )
            return
        account = await SeedanceHook(self.seedance_conn_id).aget_account()
        await acancel_now(account, self.generation_id)

    def _task_state(self) -> str | None:
        """The state of the task instance by Airflow's API; ``None`` if it has none. It blocks: call it on a thread."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        ti = self.task_instance
        assert ti is not None
        states = RuntimeTaskInstance.get_task_states(
            dag_id=ti.dag_id, map_index=ti.map_index, task_ids=[ti.task_id], run_ids=[ti.run_id]
        )
        for states_of_run in states.values():
            for state in states_of_run.values():
                return None if state is None else str(getattr(state, "value", state))
        return None

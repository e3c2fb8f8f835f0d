"""The trigger that waits for one generation. It only reads: nothing is paid for in a triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

_FINAL_STATES = frozenset({"failed", "success", "skipped", "upstream_failed", "removed"})

#: Event loops hold on to their tasks only weakly.
_under_way: set[asyncio.Task[None]] = set()


class SeedanceGenerationTrigger(BaseTrigger):
    """Fires when a generation has ended, its deadline has passed, or the vendor cannot be asked any more.

    Its arguments are stored in clear text, so they are ids and times only; both times are absolute, and a restart
    of the triggerer moves neither. Triggers of one connection share one client and its requests; the longest pause
    between two looks is ``[seedance] max_lag`` of the Airflow configuration, seconds (90).

    :param seedance_conn_id: a connection of type ``seedance``.
    :param generation_id: the generation to wait for.
    :param started: epoch seconds of the submission.
    :param deadline: epoch seconds at which to give up.
    :param queue_deadline: epoch seconds at which to give up if it is still queued.
    :param cancel_on_kill: when the task is ended from outside, cancel what is still queued.
    """

    def __init__(
        self,
        seedance_conn_id: str,
        generation_id: str,
        started: float,
        deadline: float,
        queue_deadline: float | None = None,
        cancel_on_kill: bool = False,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.generation_id = generation_id
        self.started = started
        self.deadline = deadline
        self.queue_deadline = queue_deadline
        self.cancel_on_kill = cancel_on_kill
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
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.runtime.polling import wait_in_poller

        wait = WaitState(self.deadline, self.started, self.queue_deadline)
        outcome = await wait_in_poller(self.seedance_conn_id, self.generation_id, wait)
        self._fired = True
        payload = GenerationEvent(self.generation_id, outcome, wait).to_payload()
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Cancel what is still queued, but only if nobody waits for it any more.

        Airflow calls this also when another triggerer takes over and when the task was cleared and a new try
        already waits for the same generation: then the task instance is not in a final state.
        """
        if self._fired or not self.cancel_on_kill:
            return
        # Airflow, when it is slow to answer, may cancel this call too while it waits; the work goes on.
        work = asyncio.create_task(self._cancel_unless_awaited())
        _under_way.add(work)
        work.add_done_callback(_under_way.discard)
        await asyncio.shield(work)

    async def _cancel_unless_awaited(self) -> None:
        from airflow_provider_seedance.core.lifecycle.cancel import acancel_now
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        state = await asyncio.to_thread(self._task_state)
        if state not in _FINAL_STATES:
            # Not on the event loop, which a full log would stop: thousands may be killed together.
            await asyncio.to_thread(
                self.log.info, "Generation %s is left alone: the task is %s.", self.generation_id, state
            )
            return
        settings = await SeedanceHook(self.seedance_conn_id).aget_account()
        await acancel_now(settings, self.generation_id)

    def _task_state(self) -> str | None:
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

        ti = self.task_instance
        assert ti is not None
        states = RuntimeTaskInstance.get_task_states(
            dag_id=ti.dag_id, map_index=ti.map_index, task_ids=[ti.task_id], run_ids=[ti.run_id]
        )
        for of_run in states.values():
            for state in of_run.values():
                return None if state is None else str(getattr(state, "value", state))
        return None

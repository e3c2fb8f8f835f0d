"""Waiting for a generation inside a task, in the triggerer or in the worker, and coming back from it."""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.exceptions import deferral_errors, task_errors

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
    from airflow_provider_seedance.core.polling.event import GenerationEvent
    from airflow_provider_seedance.core.submission.record import RecordStore
    from airflow_provider_seedance.models import Generation, Succeeded

#: The trigger keeps the deadline; Airflow's own deferral timeout only backs it up, this much later.
BACKSTOP = timedelta(minutes=10)
#: Seconds between the end of a wait that lost sight and the next one.
REDEFER_PAUSE_SECONDS = 5.0


class GenerationWaitMixin(BaseOperator):
    """Base of operators that wait for one generation; both modes end alike."""

    seedance_conn_id: str
    deferrable: bool
    on_kill_action: str
    #: What to cancel if the task is killed while it waits in the worker.
    _in_flight: tuple[Account, str] | None = None

    @abstractmethod
    def _store(self, context: Context) -> RecordStore:
        """Where the generation's record lives."""

    @abstractmethod
    def _retry_pays(self, store: RecordStore) -> bool:
        """Whether another try would submit another generation."""

    @abstractmethod
    def _deliver(self, client: SeedanceClient, generation: Succeeded) -> Any:
        """What the task returns for a finished generation."""

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Resume after the trigger: read how the generation ended, and land it if that was asked for."""
        from airflow_provider_seedance.core.polling.event import GenerationEvent

        with task_errors():
            ended = GenerationEvent.from_payload(event)
        return self._resume(context, ended)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As any task, but a deferral that failed or timed out goes on from the record of its generation."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_errors() as fault:
            self.log.warning("%s; its generation is looked up.", fault)
            if (ended := self._recorded(context)) is None:
                raise
            return self._resume(context, ended, unfinished=fault)

    def on_kill(self) -> None:
        """Cancel what is still queued, as far as ``on_kill_action`` and the vendor allow. Takes 3 seconds at most."""
        if self._in_flight is None or self.on_kill_action != "cancel":
            return
        from airflow_provider_seedance.core.lifecycle.cancel import cancel_now

        cancel_now(*self._in_flight)

    def _wait(self, client: SeedanceClient, store: RecordStore, generation_id: str, wait: WaitState) -> Any:
        from airflow_provider_seedance.core.polling.event import GenerationEvent

        # What has ended already needs no deferral, which takes seconds.
        if self.deferrable and not self._has_ended(client, generation_id):
            self._defer(generation_id, wait)
        self._in_flight = (client.settings, generation_id)
        outcome = self._wait_for_row(client, generation_id, wait)
        return self._conclude(client, store, GenerationEvent(generation_id, outcome, wait))

    def _has_ended(self, client: SeedanceClient, generation_id: str) -> bool:
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.models import Pending

        try:
            return not isinstance(client.generations.get(generation_id), Pending)
        except SeedanceError:
            # The trigger bears what passes.
            return False

    def _defer(self, generation_id: str, wait: WaitState) -> None:
        from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

        self.defer(
            trigger=SeedanceGenerationTrigger(
                seedance_conn_id=self.seedance_conn_id,
                generation_id=generation_id,
                cancel_on_kill=self.on_kill_action == "cancel",
                **wait.to_payload(),
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, wait.deadline - clock.SYSTEM_CLOCK.now())) + BACKSTOP,
        )

    def _wait_for_row(self, client: SeedanceClient, generation_id: str, wait: WaitState) -> WaitOutcome:
        from airflow_provider_seedance.core.polling.wait import wait_for_end

        return wait_for_end(
            lambda: client.generations.get(generation_id),
            wait,
            clock=clock.SYSTEM_CLOCK,
            on_change=self._log_change,
        ).outcome

    def _log_change(self, seen: Generation) -> None:
        self.log.info("Generation %s is %s at %s.", seen.generation_id, seen.status.value, seen.vendor)

    def _resume(self, context: Context, ended: GenerationEvent, unfinished: Exception | None = None) -> Any:
        """Go on after a wait; ``unfinished`` is raised instead of waiting again."""
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        with task_errors():
            store = self._store(context)
            hook = SeedanceHook(self.seedance_conn_id)
            with task_errors(retry_pays=self._retry_pays(store)), hook.get_conn() as client:
                return self._conclude(client, store, ended, unfinished)

    def _conclude(
        self,
        client: SeedanceClient,
        store: RecordStore,
        ended: GenerationEvent,
        unfinished: Exception | None = None,
    ) -> Any:
        from airflow_provider_seedance.core.lifecycle.conclude import conclude, record_outcome

        cancels = self.on_kill_action == "cancel"
        generation = conclude(client, store, ended, cancel_queued=cancels, now=clock.SYSTEM_CLOCK.now())
        if generation is None:
            if unfinished is not None:
                raise unfinished
            # The vendor answers again: a wait that just ended with trouble is not started over in the same breath.
            clock.SYSTEM_CLOCK.sleep(REDEFER_PAUSE_SECONDS)
            return self._wait(client, store, ended.generation_id, ended.wait)
        delivered = self._deliver(client, generation)
        record_outcome(store, ended.generation_id, generation.status.value)
        return delivered

    def _recorded(self, context: Context) -> GenerationEvent | None:
        """The end of a wait that was not told, from the record."""
        from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent

        with task_errors():
            record = self._store(context).read()
        if record is None or record.generation_id is None:
            return None
        wait = WaitState.from_record(record)
        return GenerationEvent(record.generation_id, WaitOutcome.STATUS_UNKNOWN, wait)

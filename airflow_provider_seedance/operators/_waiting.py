"""Waiting for a generation inside a task, in the triggerer or in the worker, and coming back from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import choice, conn_ids
from airflow_provider_seedance.operators._lineage import LineageMixin
from airflow_provider_seedance.operators._links import GenerationLinksMixin
from airflow_provider_seedance.runtime.exceptions import deferral_errors, task_errors
from airflow_provider_seedance.runtime.metrics import count_result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.quality import OnQuality
    from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
    from airflow_provider_seedance.core.polling.event import GenerationEvent
    from airflow_provider_seedance.core.polling.wait import WaitResult
    from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord
    from airflow_provider_seedance.core.submission.submit_attempts import Trouble
    from airflow_provider_seedance.models import Generation, GenerationRequest, Succeeded
    from airflow_provider_seedance.operators._attempts import TaskAttempts
    from airflow_provider_seedance.runtime.clients import ClientPool

#: The trigger keeps the deadline; Airflow's own deferral timeout only backs it up, this much later.
BACKSTOP = timedelta(minutes=10)
#: Seconds between the end of a wait that lost sight and the next one.
REDEFER_PAUSE_SECONDS = 5.0
NO_CONNECTION_IN_TRIGGERER = (
    "The triggerer has no usable connection %r, and this worker has one, so the task waits in the worker. Define the"
    " connection where both find it: an environment variable is to be set for triggerers as well."
)


@dataclass(frozen=True)
class Wait:
    """A generation that is waited for.

    :param conn_id: the connection that submitted it; all that concerns it goes through its ``client``.
    :param store: where its record lives.
    :param state: the times of the wait.
    :param attempts: what may follow if it ends without a video; ``None`` if nothing does.
    """

    conn_id: str
    client: SeedanceClient
    store: RecordStore
    generation_id: str
    state: WaitState
    attempts: TaskAttempts | None = None


class GenerationWaitMixin(GenerationLinksMixin, LineageMixin):
    """Base of operators that wait for one generation; both modes end alike."""

    seedance_conn_id: str | Sequence[str]
    deferrable: bool
    durable: bool
    on_kill_action: str
    on_quality: OnQuality
    #: What to cancel if the task is killed while it waits in the worker.
    _in_flight: tuple[Account, str] | None = None
    #: What a task that no store remembers has known when it began to wait for a budget.
    _carried_record: SubmissionRecord | None = None
    #: Of a connection that this try has been waiting for.
    _trouble: Trouble | None = None

    @abstractmethod
    def _store(self, context: Context) -> RecordStore:
        """Where the generation's record lives."""

    @abstractmethod
    def _attempts(self, context: Context, store: RecordStore, clients: ClientPool) -> TaskAttempts | None:
        """What may follow a generation that ends without a video."""

    @abstractmethod
    def _retry_pays(self, store: RecordStore) -> bool:
        """Whether another try would submit another generation."""

    @abstractmethod
    def _deliver(self, conn_id: str, client: SeedanceClient, generation: Succeeded) -> Any:
        """What the task returns for a finished generation, and the connection that made it."""

    @abstractmethod
    def _ordered(self) -> GenerationRequest | None:
        """What the generation was made of, if this task has submitted it."""

    def execute_complete(
        self,
        context: Context,
        event: dict[str, Any],
        record: dict[str, Any] | None = None,
        seedance_conn_id: str | None = None,
    ) -> Any:
        """Resume after the trigger: read how the generation ended, and land it if that was asked for.

        :param record: of a task that no store remembers.
        :param seedance_conn_id: the connection that the generation was followed through.
        """
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.core.submission.record import SubmissionRecord

        with task_errors(context):
            ended = GenerationEvent.from_payload(event)
            carried = SubmissionRecord.parse(record) if record else None
        return self._resume(context, ended, carried=carried, seedance_conn_id=seedance_conn_id)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As any task, but a deferral that failed or timed out goes on from the record of its generation."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_errors() as fault:
            self.log.warning("%s; its generation is looked up.", fault)
            if (ended := self._recorded(context)) is None:
                raise
            conn_id = (next_kwargs or {}).get("seedance_conn_id")
            return self._resume(context, ended, unfinished=fault, seedance_conn_id=conn_id)

    def on_kill(self) -> None:
        """Cancel what is still queued, as far as ``on_kill_action`` and the vendor allow. Takes 3 seconds at most."""
        if self._in_flight is None or not self._cancels:
            return
        from airflow_provider_seedance.core.lifecycle.cancel import cancel_now

        cancel_now(*self._in_flight)

    def _check_on_kill_action(self) -> None:
        """Refuse what a template made of it, before anything is paid."""
        choice("on_kill_action", self.on_kill_action, "cancel", "detach")

    @property
    def _cancels(self) -> bool:
        """Whether what is still queued is cancelled when nobody waits for it any more."""
        return self.on_kill_action != "detach"

    @property
    def _conn_ids(self) -> tuple[str, ...]:
        """The connections, in the user's order."""
        return conn_ids("seedance_conn_id", self.seedance_conn_id)

    @contextmanager
    def _bill_told(self, store: RecordStore) -> Iterator[None]:
        """Log what a failure has cost, beside the failure itself, and let the failure tell."""
        from airflow_provider_seedance.core.lifecycle.describe import bill_in_words, is_billed
        from airflow_provider_seedance.errors import SeedanceError, StateUnreadable

        try:
            yield
        except SeedanceError as error:
            with suppress(StateUnreadable):
                record = store.read()
                self.log.warning(bill_in_words(record, error))
                error.billed = is_billed(record, error)
                if record is not None:
                    error.about(generation_id=record.generation_id, connection=record.seedance_conn_id)
            raise

    def _submit(self, attempts: TaskAttempts, store: RecordStore) -> Any:
        """Make the next attempt, or find that of an earlier try, and wait for its generation."""
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.operators._attempts import VideoReused

        # A kill during the submission is not to cancel the attempt before it.
        self._in_flight = None
        try:
            submission = attempts.submit()
        except VideoReused as found:
            return found.result
        record = submission.record
        assert record.generation_id
        if submission.generation is None:
            # The vendor has the video no more, or cannot be asked: what the task returned is on record.
            return record.result
        conn_id, state = record.seedance_conn_id, WaitState.from_record(record)
        wait = Wait(conn_id, attempts.client(conn_id), store, record.generation_id, state, attempts)
        return self._wait(wait, submission.generation)

    def _wait(self, wait: Wait, generation: Generation | None, *, in_worker: bool = False) -> Any:
        """Wait for a generation that may have ended already.

        :param generation: how it stands, if that was just read.
        :param in_worker: wait here even if the task is deferrable.
        """
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.models import Pending

        if generation is not None and not isinstance(generation, Pending):
            return self._conclude(wait, WaitOutcome.ENDED, generation)
        if self.deferrable and not in_worker:
            self._defer(wait)
        self._in_flight = (wait.client.settings, wait.generation_id)
        ended = self._wait_in_worker(wait)
        seen = ended.generation if ended.outcome is WaitOutcome.ENDED else None
        return self._conclude(wait, ended.outcome, seen)

    def _defer(self, wait: Wait) -> None:
        from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

        left = max(0.0, wait.state.deadline - clock.SYSTEM_CLOCK.now())
        self.defer(
            trigger=SeedanceGenerationTrigger(
                seedance_conn_id=wait.conn_id,
                generation_id=wait.generation_id,
                cancel_on_kill=self._cancels,
                has_callback=wait.state.has_callback,
                **wait.state.to_payload(),
            ),
            method_name="execute_complete",
            kwargs={"seedance_conn_id": wait.conn_id, **self._carried(wait.store)},
            timeout=timedelta(seconds=left) + BACKSTOP,
        )

    def _carried(self, store: RecordStore) -> dict[str, Any]:
        """What a task that no store remembers is to know when it resumes."""
        if store.remembers and self.durable:
            return {}
        record = store.read()
        return {"record": record.to_dict()} if record else {}

    def _wait_in_worker(self, wait: Wait) -> WaitResult:
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.core.polling.wait import wait_for_end

        return wait_for_end(
            lambda: wait.client.generations.get(wait.generation_id),
            wait.state,
            clock=clock.SYSTEM_CLOCK,
            report=WaitReport(wait.generation_id, self.log.log),
        )

    def _resume(
        self,
        context: Context,
        ended: GenerationEvent,
        unfinished: Exception | None = None,
        carried: SubmissionRecord | None = None,
        seedance_conn_id: str | None = None,
    ) -> Any:
        """Go on after a wait; ``unfinished`` is raised instead of waiting again."""
        from airflow_provider_seedance.runtime.clients import ClientPool

        with task_errors(context):
            store = self._store(context)
            if carried is not None:
                store.write(carried)
            with (
                self._bill_told(store),
                ClientPool() as clients,
                task_errors(retry_pays=self._retry_pays(store)),
            ):
                conn_id, client = self._connection_of(store, ended.generation_id, clients, seedance_conn_id)
                self._show_console(context, client.settings)
                attempts = self._attempts(context, store, clients)
                wait = Wait(conn_id, client, store, ended.generation_id, ended.wait, attempts)
                return self._checked(self._conclude(wait, ended.outcome, unfinished=unfinished))

    def _checked(self, result: Any) -> Any:
        """What the task returns, unless its landed video is refused for its quality; it is on record already."""
        from airflow_provider_seedance.core.landing.quality import check_quality

        if isinstance(result, Mapping):
            self._has_video = result.get("manifest") is not None
            check_quality(result.get("manifest"), self.on_quality)
        return result

    def _connection_of(
        self, store: RecordStore, generation_id: str, clients: ClientPool, followed: str | None
    ) -> tuple[str, SeedanceClient]:
        """The connection that submitted a generation, and its client; without a record, the one it was ``followed``
        through.

        :raises StateUnreadable: if that may be any of several connections.
        """
        from airflow_provider_seedance.core.submission.resume import recorded_client
        from airflow_provider_seedance.errors import StateUnreadable

        try:
            record = store.read()
        except StateUnreadable as fault:
            if followed is None and len(self._conn_ids) > 1:
                raise
            self.log.warning("%s Connection %s is used.", fault, followed or self._conn_ids[0])
            record = None
        if record is None or record.generation_id != generation_id:
            conn_id = followed or self._conn_ids[0]
            return conn_id, clients(conn_id)
        return record.seedance_conn_id, recorded_client(record, clients)

    def _conclude(
        self,
        wait: Wait,
        outcome: WaitOutcome,
        generation: Generation | None = None,
        *,
        unfinished: Exception | None = None,
    ) -> Any:
        """Deliver what has succeeded, or wait again; ``generation`` as in :meth:`_wait`."""
        from airflow_provider_seedance.core.lifecycle.conclude import record_delivery
        from airflow_provider_seedance.core.lifecycle.describe import bill_of_attempt, end_in_words
        from airflow_provider_seedance.core.lifecycle.lineage import lineage_of_generation
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.errors import GenerationFailed

        try:
            video = self._concluded(wait, outcome, generation)
        except GenerationFailed as failed:
            if wait.attempts is None or not (following := wait.attempts.next_in_words()):
                raise
            # Its advice is about a task that ends here.
            told = str(failed).partition("\n")[0]
            self.log.warning("%s%s The next attempt is %s.", told, bill_of_attempt(failed), following)
            return self._submit(wait.attempts, wait.store)
        if video is None:
            if unfinished is not None:
                raise unfinished
            # The vendor answers again: a wait that just ended with trouble is not started over in the same breath.
            clock.SYSTEM_CLOCK.sleep(REDEFER_PAUSE_SECONDS)
            if in_worker := outcome is WaitOutcome.NO_CONNECTION:
                self.log.warning(NO_CONNECTION_IN_TRIGGERER, wait.conn_id)
            return self._wait(wait, None, in_worker=in_worker)
        delivered = self._deliver(wait.conn_id, wait.client, video)
        record_delivery(wait.store, wait.generation_id, delivered)
        count_result(delivered)
        self._report_lineage(lineage_of_generation(vars(self), delivered))
        self.log.info(end_in_words(delivered, seconds=_landed_at(delivered) - wait.state.started))
        return delivered

    def _concluded(self, wait: Wait, outcome: WaitOutcome, generation: Generation | None) -> Succeeded | None:
        """The finished generation, or ``None`` to wait again; a vendor that cannot be asked is put on record."""
        from airflow_provider_seedance.core.lifecycle.conclude import conclude, record_outcome
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.core.polling.event import GenerationEvent
        from airflow_provider_seedance.core.submission.outcome import GaveUp
        from airflow_provider_seedance.errors import DeadlinePassed, GenerationFailed, SeedanceError

        try:
            return conclude(
                wait.client,
                wait.store,
                GenerationEvent(wait.generation_id, outcome, wait.state),
                cancel_queued=self._cancels,
                now=clock.SYSTEM_CLOCK.now(),
                generation=generation,
                request_of=self._ordered,
            )
        except GenerationFailed as failed:
            count_result({"vendor": failed.vendor, "status": "failed"})
            raise
        except DeadlinePassed:
            raise
        except SeedanceError as error:
            if outcome is WaitOutcome.STATUS_UNKNOWN:
                unreachable = GaveUp(limit="unreachable", reason=error.message)
                record_outcome(wait.store, wait.generation_id, unreachable)
            raise

    def _recorded(self, context: Context) -> GenerationEvent | None:
        """The end of a wait that was not told, from the record."""
        from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
        from airflow_provider_seedance.core.polling.event import GenerationEvent

        with task_errors(context):
            record = self._store(context).read()
        if record is None or record.generation_id is None:
            return None
        wait = WaitState.from_record(record)
        return GenerationEvent(record.generation_id, WaitOutcome.STATUS_UNKNOWN, wait)


def _landed_at(result: Mapping[str, Any]) -> float:
    """When its video was landed, maybe by an earlier run, or the present moment without a file; epoch seconds."""
    moment = (result.get("manifest") or {}).get("landed_at")
    return clock.parse_time(moment).timestamp() if moment else clock.SYSTEM_CLOCK.now()

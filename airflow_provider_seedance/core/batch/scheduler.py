"""Carrying a batch out: one thread decides, pools of threads submit and land, and a poller reports what has ended.

Everything that happens elsewhere comes back as a callback in one queue, which the deciding thread works off. So the
state of the batch needs no locks.
"""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from airflow_provider_seedance.core.batch.admission import AdmissionControl
from airflow_provider_seedance.core.batch.decide import RowAction, after_collection, after_submission
from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.progress import ProgressReporter
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import Phase, RowOutcome, RowState, count_by_status
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.budget import Budget
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.core.submission.record import StateUnwritable, SubmissionRecord
from airflow_provider_seedance.errors import BudgetExceeded, SeedanceError

log = logging.getLogger(__name__)

#: Creates under way at a time, and landings; each takes a thread and its client.
SUBMIT_THREADS, LANDING_THREADS = 4, 4
#: The longest pause between two looks at the clock.
TICK_SECONDS = 1.0

Callback = Callable[[], None]


class Worker(Protocol):
    """Does the work on single rows; called on the threads of the pools."""

    def submit(self, row: Row) -> SubmissionRecord: ...

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> RowOutcome | None: ...


class RowPoller(Protocol):
    """Waits for the generations of rows, and calls :meth:`BatchScheduler.on_wait_ended` for each."""

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None: ...


class CallbackQueue(Protocol):
    """As much of :class:`queue.SimpleQueue` as is used here."""

    def put(self, item: Callback, /) -> None: ...

    def get(self, block: bool = True, timeout: float | None = None) -> Callback: ...

    def get_nowait(self) -> Callback: ...


@dataclass(frozen=True)
class ThreadPools:
    """The threads beside the deciding one."""

    submitting: Executor
    landing: Executor


class BatchScheduler:
    """The work on a batch in one try of its task, or a part of it between two deferrals.

    :param journal: holds the states of the rows; they are kept up to date.
    :param budget: what all rows may cost together.
    :param now: epoch seconds.
    :param progress: is given the counts of rows by status.
    :param callbacks: another queue than the usual one.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        worker: Worker,
        pools: ThreadPools,
        *,
        budget: Budget,
        admission: AdmissionControl,
        now: Callable[[], float],
        progress: ProgressReporter,
        callbacks: CallbackQueue | None = None,
    ) -> None:
        self.plan = plan
        self.journal = journal
        self.budget = budget
        self._admission = admission
        self._worker = worker
        self._pools = pools
        self._now = now
        self._progress = progress
        self._callbacks: CallbackQueue = callbacks or queue.SimpleQueue()
        self._waiting: deque[int] = deque()
        #: When each was sent, epoch seconds.
        self._submitting: dict[int, float] = {}
        self._in_flight: set[int] = set()
        self._landing: set[int] = set()
        #: How often each was collected without success.
        self._collections: dict[int, int] = {}
        for row in plan.rows:
            # All keys from the start: other threads change the values while this one counts them.
            journal.states.setdefault(row, RowState(row=row))
            self._enter(row)

    @property
    def stopped_by(self) -> SeedanceError | None:
        """Why nothing more is submitted; ``None`` while something may be."""
        return self._admission.stopped_by

    def on_wait_ended(self, row: int, outcome: WaitOutcome, wait: WaitState) -> None:
        """The wait for a row is over; the poller calls this from its thread."""
        self._callbacks.put(partial(self._collect, row, outcome, wait))

    def run(self, poller: RowPoller, *, stay: bool, ended: Mapping[int, WaitOutcome]) -> bool:
        """Submit, wait and land until all rows have ended, or nothing more can be submitted for the moment.

        :param stay: wait for what is in flight; else return once nothing else is left to do.
        :param ended: rows whose wait is over, as the trigger reported.
        :returns: whether all rows that were submitted have ended.
        """
        self._poller = poller
        for row in sorted(self._in_flight):
            if row in ended:
                self._collect(row, ended[row], self._wait_of(row)[1])
            else:
                self._wait_for_row(row)
        self._admission.check_failures()
        while True:
            self._submit_more()
            self._progress.report_if_due(self._count_rows, self._now())
            if self._is_idle() and not (stay and self._in_flight):
                return not self._in_flight
            self._run_callbacks()

    def report_progress(self) -> None:
        """Report the counts of rows by status, whenever the last report was."""
        self._progress.report(self._count_rows())

    def _enter(self, row: int) -> None:
        """Take a row up where its state says it is."""
        state = self._state(row)
        if state.phase is Phase.WAITING:
            self._waiting.append(row)
        elif state.phase is Phase.IN_FLIGHT:
            self._in_flight.add(row)
        if state.may_be_billed:
            self.budget.reserve(row, self.plan.estimates[row])
        if state.outcome is not None:
            self._count_outcome(row, state.outcome)

    def _is_idle(self) -> bool:
        """Whether only the vendor has something to do."""
        if self._submitting or self._landing:
            return False
        if not self._waiting or self.stopped_by:
            return True
        return bool(self._in_flight) and not self._next_is_affordable()

    def _count_rows(self) -> dict[str, int]:
        return count_by_status(len(self.plan.rows), map(self._state, self.plan.rows))

    def _state(self, row: int) -> RowState:
        return state_of(self.journal.states, row)

    def _run_callbacks(self) -> None:
        """Work off what others have done since; sleeps until there is something, or a tick has passed."""
        try:
            self._callbacks.get(timeout=TICK_SECONDS)()
            while True:
                self._callbacks.get_nowait()()
        except queue.Empty:
            pass

    def _run_in_pool(self, pool: Executor, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do the work on a thread of the pool, and then give its result, or its error, to ``then`` on this one."""

        def run() -> None:
            try:
                result = work()
            except SeedanceError as error:
                result = error
            except BaseException as fault:  # whatever it is, it is this row's, and the batch must hear of it
                log.exception("The work on a row failed unexpectedly.")
                result = SeedanceError(f"it failed within the provider: {type(fault).__name__}: {fault}")
            self._callbacks.put(partial(then, result))

        pool.submit(run)

    def _submit_more(self) -> None:
        while self._waiting and len(self._submitting) < SUBMIT_THREADS:
            if not self._admission.admits(self._active()):
                return
            if not self._next_is_affordable():
                if not self._active() and not self._landing:
                    self._admission.stop(self._budget_exceeded())
                return
            row = self._waiting.popleft()
            self.budget.reserve(row, self.plan.estimates[row])
            self._submitting[row] = self._now()
            work = partial(self._worker.submit, self.plan.rows[row])
            self._run_in_pool(self._pools.submitting, work, partial(self._on_submitted, row))

    def _active(self) -> int:
        """How many the vendor has, or may have in a moment."""
        return len(self._in_flight) + len(self._submitting)

    def _next_is_affordable(self) -> bool:
        row = self._waiting[0]
        return self.budget.can_reserve(row, self.plan.estimates[row])

    def _budget_exceeded(self) -> BudgetExceeded:
        row, budget = self._waiting[0], self.budget
        return BudgetExceeded(
            f"row {row} may cost {self.plan.estimates[row].amount} {budget.currency}, and {budget.total} of"
            f" max_cost {budget.limit} {budget.currency} are spent or reserved; {len(self._waiting)} rows are not"
            " submitted",
            advice="Raise max_cost and clear the task; rows that have succeeded are not paid for again.",
        )

    def _on_submitted(self, row: int, result: SubmissionRecord | SeedanceError) -> None:
        sent = self._submitting.pop(row)
        if isinstance(result, SeedanceError):
            self._on_submission_error(row, result, sent)
            return
        self._in_flight.add(row)
        self._admission.on_accepted(len(self._in_flight))
        self._wait_for_row(row)

    def _on_submission_error(self, row: int, error: SeedanceError, sent: float) -> None:
        state = self._state(row)
        if not state.may_be_billed:
            self.budget.release(row)
        decision = after_submission(error, state)
        if isinstance(decision, RowOutcome):
            self._end(row, decision)
        elif decision is RowAction.RESUBMIT:
            self._admission.on_trouble(error)
            self._write(state.replace(attempts=state.attempts + 1))
            self._waiting.append(row)
        else:
            self._keep_place(row, decision, error, sent)

    def _keep_place(self, row: int, action: RowAction, error: SeedanceError, sent: float) -> None:
        """Put a row before the others again, and submit less, later, or nothing more."""
        self._waiting.appendleft(row)
        if action is RowAction.STOP_BATCH:
            log.error("Row %d: %s", row, error)
            self._admission.stop(error)
        elif action is RowAction.SHRINK_WINDOW:
            self._admission.on_refused(
                error, in_flight=len(self._in_flight), active=self._active(), sent=sent
            )
        else:
            self._admission.on_trouble(error)

    def _wait_for_row(self, row: int) -> None:
        self._poller.wait_for(row, *self._wait_of(row))

    def _wait_of(self, row: int) -> tuple[str, WaitState]:
        record = self._state(row).record
        assert record is not None
        assert record.generation_id is not None
        return record.generation_id, WaitState.from_record(record)

    def _collect(self, row: int, outcome: WaitOutcome, wait: WaitState) -> None:
        """Have the row's generation read, and its video landed."""
        self._in_flight.discard(row)
        self._landing.add(row)
        work = partial(self._worker.collect, self.plan.rows[row], outcome, wait)
        self._run_in_pool(self._pools.landing, work, partial(self._on_collected, row, outcome, wait))

    def _on_collected(
        self, row: int, outcome: WaitOutcome, wait: WaitState, result: RowOutcome | SeedanceError | None
    ) -> None:
        self._landing.discard(row)
        if isinstance(result, RowOutcome):
            self._end(row, result)
        elif result is None:
            self._wait_again(row)
        else:
            self._on_collection_error(row, result, outcome, wait)

    def _on_collection_error(
        self, row: int, error: SeedanceError, outcome: WaitOutcome, wait: WaitState
    ) -> None:
        state, collected = self._state(row), self._collections.get(row, 0)
        decision = after_collection(error, state, collected, late=self._now() >= wait.deadline)
        if isinstance(decision, RowOutcome):
            self._end(row, decision)
            return
        log.warning("Row %d is tried again: %s", row, error)
        if decision is RowAction.POLL_AGAIN:
            self._wait_again(row)
        elif decision is RowAction.COLLECT_AGAIN:
            self._collections[row] = collected + 1
            self._collect(row, outcome, wait)
        else:
            self._resubmit(row, state, error)

    def _resubmit(self, row: int, state: RowState, error: SeedanceError) -> None:
        """Put a row behind the others whose generation failed."""
        assert state.record is not None
        failed = Ended(status="failed", reason=error.message, error=error.kind)
        record = state.record.replace(outcome=state.record.outcome or failed)
        self._write(state.replace(attempts=state.attempts + 1, record=record))
        self.budget.release(row)
        self._waiting.append(row)

    def _wait_again(self, row: int) -> None:
        self._in_flight.add(row)
        self._wait_for_row(row)

    def _end(self, row: int, outcome: RowOutcome) -> None:
        self._write(self._state(row).ended(outcome))
        self._count_outcome(row, outcome)
        if outcome.reason:
            log.warning("Row %d is %s: %s", row, outcome.status, outcome.reason)
        self._admission.check_failures()

    def _count_outcome(self, row: int, outcome: RowOutcome) -> None:
        if outcome.status == "succeeded":
            self.budget.commit(row, outcome.cost)
        else:
            self._admission.failures += 1
        if outcome.status == "failed":
            self.budget.release(row)

    def _write(self, state: RowState) -> None:
        try:
            self.journal.write(state)
        except StateUnwritable as error:
            # The next try finds out again what is lost with it.
            self.journal.states[state.row] = state
            self._admission.stop(error)

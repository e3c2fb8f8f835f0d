"""Carrying a batch out: one thread decides, pools of threads submit and land, and a poller reports what has ended.

Everything that happens elsewhere comes back as a callback in one queue, which the deciding thread works off. So the
state of the batch needs no locks.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from airflow_provider_seedance.core.batch.admission import AdmissionControl
from airflow_provider_seedance.core.batch.decide import (
    STEPS,
    RowAction,
    after_collection,
    after_submission,
    bill_in_words,
)
from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.pool_results import CallbackQueue, Callbacks
from airflow_provider_seedance.core.batch.progress import ProgressReporter
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.spending import RowBudget
from airflow_provider_seedance.core.batch.state import Phase, RowOutcome, RowState, count_by_status
from airflow_provider_seedance.core.lifecycle.describe import cost_in_words, landed_in_words
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import BudgetExceeded, GenerationFailed, SeedanceError, StateUnwritable

log = logging.getLogger(__name__)

#: Creates under way at a time, and landings; each takes a thread and its client.
SUBMIT_THREADS, LANDING_THREADS = 4, 4


class Worker(Protocol):
    """Does the work on single rows; called on the threads of the pools."""

    def submit(self, row: Row) -> SubmissionRecord: ...

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> RowOutcome | None: ...


class RowPoller(Protocol):
    """Waits for the generations of rows, and calls :meth:`BatchScheduler.on_wait_ended` for each."""

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None: ...


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
    :param leads_on: whether a row whose latest intent ended as on record is to be attempted again at once.
    :param connection_of: the connection through which a row's next attempt is likely to be made.
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
        leads_on: Callable[[SubmissionRecord | None], bool] = lambda record: False,
        connection_of: Callable[[Row], str] = lambda row: "",
    ) -> None:
        self._leads_on = leads_on
        self._connection_of = connection_of
        self.plan = plan
        self.journal = journal
        self.budget = budget
        self._spending = RowBudget(budget, plan.estimates)
        self._admission = admission
        self._worker = worker
        self._pools = pools
        self._now = now
        self._progress = progress
        self._callbacks = Callbacks(callbacks)
        self._to_submit: deque[int] = deque()
        #: When each row was sent, epoch seconds, and through which connection.
        self._submitting: dict[int, tuple[float, str]] = {}
        self._in_flight: set[int] = set()
        #: Rows whose generation is read, or its video landed.
        self._collecting: set[int] = set()
        #: How often each row was collected without success.
        self._failed_collections: dict[int, int] = {}
        for row in plan.rows:
            # All keys are there from the start: other threads change values while this one iterates.
            journal.states.setdefault(row, RowState(row=row))
            self._restore_row(row)

    @property
    def stopped_by(self) -> SeedanceError | None:
        """Why nothing more is submitted; ``None`` while rows may still be submitted."""
        return self._admission.stopped_by

    def on_wait_ended(self, row: int, outcome: WaitOutcome, wait: WaitState) -> None:
        """The wait for a row is over; the poller calls this from its thread."""
        self._callbacks.put(partial(self._collect, row, outcome, wait))

    def run(self, poller: RowPoller, *, stay: bool, finished_waits: Mapping[int, WaitOutcome]) -> bool:
        """Submit, wait and land until all rows have ended, or nothing more can be submitted for the moment.

        :param stay: wait for what is in flight; else return once nothing else is left to do.
        :param finished_waits: how the waits ended that are over, by row, as the trigger reported.
        :returns: whether all rows that were submitted have ended.
        """
        self._poller = poller
        for row in sorted(self._in_flight):
            if row in finished_waits:
                self._collect(row, finished_waits[row], self._wait_of(row)[1])
            else:
                self._wait_for_row(row)
        self._admission.check_failures()
        while True:
            self._submit_more()
            self._progress.report_if_due(self._count_rows, self._now())
            if self._is_idle() and not (stay and self._in_flight):
                return not self._in_flight
            self._callbacks.run_pending()

    def report_progress(self) -> None:
        """Report the counts of rows by status, whenever the last report was."""
        self._progress.report(self._count_rows())

    def _restore_row(self, row: int) -> None:
        """Put a row where its recorded state says it is, and count its estimate or its outcome."""
        state = self._state(row)
        if state.phase is Phase.TO_SUBMIT:
            self._to_submit.append(row)
        elif state.phase is Phase.IN_FLIGHT:
            self._in_flight.add(row)
        if state.blocks_new_payment:
            self._spending.reserve(state)
        else:
            self._spending.settle(state)
        if state.outcome is not None:
            self._count_outcome(row, state.outcome)

    def _is_idle(self) -> bool:
        """Whether nothing is left to do here until a generation ends."""
        if self._submitting or self._collecting:
            return False
        if not self._to_submit or self.stopped_by:
            return True
        return bool(self._in_flight) and not self._next_is_affordable()

    def _count_rows(self) -> dict[str, int]:
        return count_by_status(len(self.plan.rows), map(self._state, self.plan.rows))

    def _state(self, row: int) -> RowState:
        return state_of(self.journal.states, row)

    def _submit_more(self) -> None:
        while self._to_submit and len(self._submitting) < SUBMIT_THREADS:
            connection = self._connection_of(self.plan.rows[self._to_submit[0]])
            active = self._active(connection)
            if not self._admission.admits(active, connection, elsewhere=self._active() - active):
                return
            if not self._next_is_affordable():
                if not self._active() and not self._collecting:
                    self._admission.stop(self._budget_exceeded())
                return
            row = self._to_submit.popleft()
            self._spending.reserve(self._state(row))
            self._submitting[row] = self._now(), connection
            work = partial(self._worker.submit, self.plan.rows[row])
            self._callbacks.run_in_pool(
                self._pools.submitting, f"submission of row {row}", work, partial(self._on_submitted, row)
            )

    def _active(self, connection: str = "") -> int:
        """How many rows are in flight or being submitted, through one connection or all of them."""
        submitting = sum(connection in ("", sent_to) for _, sent_to in self._submitting.values())
        return self._count_in_flight(connection) + submitting

    def _count_in_flight(self, connection: str) -> int:
        if not connection:
            return len(self._in_flight)
        records = (self._state(row).record for row in self._in_flight)
        return sum(record is not None and record.seedance_conn_id == connection for record in records)

    def _next_is_affordable(self) -> bool:
        row = self._to_submit[0]
        return self._spending.can_reserve(self._state(row))

    def _budget_exceeded(self) -> BudgetExceeded:
        row, budget = self._to_submit[0], self.budget
        left = len(self._to_submit)
        return BudgetExceeded(
            f"row {row} may cost {self.plan.estimates[row].amount} {budget.currency}, and {budget.total} of"
            f" max_cost {budget.limit} {budget.currency} are spent or reserved;"
            f" {left} {'row is' if left == 1 else 'rows are'} not submitted",
            advice="Raise max_cost and clear the task; rows that have succeeded are not paid for again.",
        )

    def _on_submitted(self, row: int, result: SubmissionRecord | SeedanceError) -> None:
        sent, connection = self._submitting.pop(row)
        if isinstance(result, SeedanceError):
            self._on_submission_error(row, result, sent, connection and (result.connection or connection))
            return
        self._in_flight.add(row)
        connection = connection and result.seedance_conn_id
        self._admission.on_accepted(self._count_in_flight(connection), connection)
        self._wait_for_row(row)

    def _on_submission_error(self, row: int, error: SeedanceError, sent: float, connection: str) -> None:
        state = self._state(row)
        if not state.blocks_new_payment:
            self._spending.settle(state)
        decision = after_submission(error, state)
        if isinstance(decision, RowOutcome):
            self._end(row, decision)
        elif decision is RowAction.RESUBMIT:
            self._admission.on_outage(error, connection)
            self._write(state.replace(attempts_this_try=state.attempts_this_try + 1))
            self._to_submit.append(row)
        else:
            self._requeue_first(row, decision, error, sent, connection)

    def _requeue_first(
        self, row: int, action: RowAction, error: SeedanceError, sent: float, connection: str
    ) -> None:
        """Put a row back first in line, and submit fewer at a time, later, or nothing more."""
        self._to_submit.appendleft(row)
        if action is RowAction.STOP_BATCH:
            log.error("Row %d: its submission failed: %s", row, error)
            self._admission.stop(error)
        elif action is RowAction.SHRINK_WINDOW:
            in_flight, active = self._count_in_flight(connection), self._active(connection)
            self._admission.on_rate_limit(error, connection, in_flight=in_flight, active=active, sent=sent)
        else:
            self._admission.on_outage(error, connection)

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
        self._collecting.add(row)
        work = partial(self._worker.collect, self.plan.rows[row], outcome, wait)
        self._callbacks.run_in_pool(
            self._pools.landing,
            f"collection of row {row}",
            work,
            partial(self._on_collected, row, outcome, wait),
        )

    def _on_collected(
        self, row: int, outcome: WaitOutcome, wait: WaitState, result: RowOutcome | SeedanceError | None
    ) -> None:
        self._collecting.discard(row)
        if isinstance(result, RowOutcome):
            self._end(row, result)
        elif result is None:
            self._wait_again(row)
        else:
            self._on_collection_error(row, result, outcome, wait)

    def _on_collection_error(
        self, row: int, error: SeedanceError, outcome: WaitOutcome, wait: WaitState
    ) -> None:
        state, failed_collections = self._state(row), self._failed_collections.get(row, 0)
        if isinstance(error, GenerationFailed) and self._leads_on(state.record):
            log.warning("Row %d: its next attempt is made, after: %s", row, error)
            self._spending.settle(state)
            self._to_submit.append(row)
            return
        decision = after_collection(error, state, failed_collections, late=self._now() >= wait.deadline)
        if isinstance(decision, RowOutcome):
            self._end(row, decision)
            return
        log.warning("Row %d: %s, after: %s", row, STEPS[decision], error)
        if decision is RowAction.POLL_AGAIN:
            self._wait_again(row)
        elif decision is RowAction.COLLECT_AGAIN:
            self._failed_collections[row] = failed_collections + 1
            self._collect(row, outcome, wait)
        else:
            self._resubmit(row, state, error)

    def _resubmit(self, row: int, state: RowState, error: SeedanceError) -> None:
        """Put a row whose generation failed last in line, to pay for a new one."""
        assert state.record is not None
        record = state.record.replace(outcome=state.record.outcome or Ended.failed(error))
        self._write(state.replace(attempts_this_try=state.attempts_this_try + 1, record=record))
        self._spending.settle(self._state(row))
        self._to_submit.append(row)

    def _wait_again(self, row: int) -> None:
        self._in_flight.add(row)
        self._wait_for_row(row)

    def _end(self, row: int, outcome: RowOutcome) -> None:
        self._write(self._state(row).ended(outcome))
        self._count_outcome(row, outcome)
        if outcome.status == "succeeded":
            log.info(
                "Row %d has succeeded: cost %s.%s",
                row,
                cost_in_words(outcome.cost),
                landed_in_words(outcome.manifest),
            )
        else:
            log.warning(
                "Row %d is %s, %s: %s", row, outcome.status, bill_in_words(self._state(row)), outcome.reason
            )
        self._admission.check_failures()

    def _count_outcome(self, row: int, outcome: RowOutcome) -> None:
        if outcome.status in ("succeeded", "failed"):
            self._spending.settle(self._state(row))
        if outcome.status != "succeeded":
            self._admission.failed_rows += 1

    def _write(self, state: RowState) -> None:
        try:
            self.journal.write(state)
        except StateUnwritable as error:
            # The next try finds out again what this write would have recorded.
            self.journal.states[state.row] = state
            self._admission.stop(error)

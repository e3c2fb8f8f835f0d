"""One part of a batch's work with all that takes part in it: threads, clients, the poller and the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from airflow_provider_seedance.core.batch.admission import AdmissionControl, ConcurrencyWindow
from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.journal.store import Journal
from airflow_provider_seedance.core.batch.journal.with_ledger import JournalWithLedger
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.poller import MAX_STATUS_REQUESTS, BatchPoller
from airflow_provider_seedance.core.batch.pool_results import CallbackQueue
from airflow_provider_seedance.core.batch.progress import Counts, ProgressReporter
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.scheduler import (
    LANDING_THREADS,
    SUBMIT_THREADS,
    BatchScheduler,
    ThreadPools,
)
from airflow_provider_seedance.core.batch.state import Phase, RowState
from airflow_provider_seedance.core.batch.worker import (
    AccountOf,
    BatchOptions,
    CheckRow,
    Land,
    Publish,
    RowWorker,
)
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.core.lifecycle.result import Totals, totals
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.core.submission.ledger_records import IntentBook
from airflow_provider_seedance.core.submission.max_cost import BalanceCheck, Budget
from airflow_provider_seedance.errors import SeedanceError


@dataclass(frozen=True)
class RunResult:
    """How a part of the work ended.

    :param all_ended: whether nothing is in flight any more.
    :param stopped_by: why rows are not submitted; ``None`` if all are.
    """

    all_ended: bool
    stopped_by: SeedanceError | None


@dataclass(frozen=True)
class BatchRun:
    """What is to be done, and with what.

    :param accounts_of: looks up the accounts of connections, by their ids, before any thread needs them.
    :param budget: of this run alone; it is used up by it.
    :param max_active: generations in flight at a time, at most.
    :param land: lands a row's video; ``publish`` publishes it then.
    :param check: refuses a row that is not to be paid for.
    :param report: is given the counts of rows by status now and then, and what they have cost; see :func:`.totals`.
    :param book: of the ledger, if there is one.
    """

    plan: Plan
    options: BatchOptions
    budget: Budget
    max_active: int
    land: Land
    report: Callable[[Counts, Totals], None]
    accounts_of: Callable[[Iterable[str]], AccountOf]
    publish: Publish = lambda manifest, row, earlier_ids: None
    check: CheckRow = lambda client, row, earlier_ids: None
    book: IntentBook | None = None

    def run(
        self, journal: Journal, event: BatchEvent, *, stay: bool, callbacks: CallbackQueue | None = None
    ) -> RunResult:
        """Do what can be done now; see :meth:`BatchScheduler.run`.

        :param event: what the trigger reported.
        :param stay: wait here for what is in flight.
        :param callbacks: another queue than the scheduler's own.
        """
        all_rows = dict.fromkeys(self.plan.rows, WaitOutcome.STATUS_UNKNOWN)
        finished_waits = all_rows if event.finished_waits is None else event.finished_waits
        clock, own_conn_id = self.options.clock, self.options.seedance_conn_id
        own = self.options.plan.connections
        account_of = self.accounts_of({own_conn_id, *own, *_billable_connections(journal)})
        max_concurrency = account_of(own_conn_id).max_concurrency
        admission = AdmissionControl(
            ConcurrencyWindow(self.max_active), max_failures=self.plan.max_failures, now=clock.now
        )
        worker = RowWorker(
            account_of,
            journal,
            self.options,
            self.land,
            self.publish,
            self._check_after_balance(BalanceCheck(clock)),
            self.book,
        )
        with ExitStack() as stack:
            stack.callback(worker.close)
            pools = [
                ThreadPoolExecutor(min(threads, max_concurrency), "seedance-batch")
                for threads in (SUBMIT_THREADS, LANDING_THREADS)
            ]
            for pool in pools:
                stack.callback(pool.shutdown, cancel_futures=True)
            scheduler = BatchScheduler(
                self.plan,
                journal,
                worker,
                ThreadPools(*pools),
                budget=self.budget,
                admission=admission,
                now=clock.now,
                progress=ProgressReporter(partial(self._report, journal), started=clock.now()),
                callbacks=callbacks,
                leads_on=self.options.leads_on,
                connection_of=worker.connection_of if len(own) > 1 else lambda row: "",
            )
            poller = BatchPoller(
                lambda conn_id: AsyncSeedanceClient(account_of(conn_id), attempts=1, clock=clock),
                partial(_connection_of, journal),
                scheduler.on_wait_ended,
                clock=clock,
                max_status_requests=min(MAX_STATUS_REQUESTS, max_concurrency),
            )
            all_ended = scheduler.run(stack.enter_context(poller), stay=stay, finished_waits=finished_waits)
        scheduler.report_progress()
        return RunResult(all_ended, scheduler.stopped_by)

    def ledgered(self, journal: Journal) -> Journal:
        """The journal, as one that tells the ledger too if there is one."""
        if self.book is None:
            return journal
        return JournalWithLedger(journal, self.book, self.options.task, self.plan.rows)

    def _check_after_balance(self, check_balance: BalanceCheck) -> CheckRow:
        """The check of a row that comes after one of what is left to spend."""

        def check(client: SeedanceClient, row: Row, earlier_ids: tuple[str, ...]) -> None:
            check_balance(client)
            self.check(client, row, earlier_ids)

        return check

    def _report(self, journal: Journal, counts: Counts) -> None:
        states = list(journal.states.values())
        videos = [state.outcome.cost for state in states if state.outcome]
        self.report(counts, totals([*videos, *(cost for state in states for cost in state.billed_attempts)]))


def _billable_connections(journal: Journal) -> set[str]:
    """The connections of rows that may be billed: only the connection that submitted a row can be asked about it."""
    records = (state.record for state in journal.states.values())
    return {record.seedance_conn_id for record in records if record and record.blocks_new_payment}


def _connection_of(journal: Journal, row: int) -> str:
    record = journal.states[row].record
    assert record is not None
    return record.seedance_conn_id


def last_deadline(states: Iterable[RowState]) -> float:
    """Until when the last of the rows in flight is waited for, epoch seconds; 0 if none is in flight."""
    in_flight = (state.record for state in states if state.phase is Phase.IN_FLIGHT)
    return max(
        (record.deadline.timestamp() for record in in_flight if record and record.deadline), default=0.0
    )

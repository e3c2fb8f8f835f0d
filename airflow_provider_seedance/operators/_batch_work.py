"""The work of a batch inside a task: who does it, and what the task makes of its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.batch.admission import Slots
from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.journal.store import Journal
from airflow_provider_seedance.core.batch.parts import Hands, Plan
from airflow_provider_seedance.core.batch.paths import destination_of_row
from airflow_provider_seedance.core.batch.poller import CONNECTIONS, BatchPoller
from airflow_provider_seedance.core.batch.progress import Progress
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.scheduler import LANDERS, SUBMITTERS, Batch
from airflow_provider_seedance.core.batch.state import RowState, Stage, stage
from airflow_provider_seedance.core.batch.summary import summary
from airflow_provider_seedance.core.batch.worker import RowWorker, Terms
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.core.lifecycle.conclude import conclude
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.record import RecordStore
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Succeeded
from airflow_provider_seedance.runtime.batch_session import Site
from airflow_provider_seedance.runtime.clients import accounts_of
from airflow_provider_seedance.runtime.object_storage import path_from_uri


class BatchIncomplete(SeedanceError):
    """Not all rows of a batch came home."""


@dataclass(frozen=True)
class Work:
    """What a try is to do, and with what."""

    settings: Account
    plan: Plan
    site: Site
    terms: Terms
    budget: Budget
    max_active: int
    destination: str | None

    def carry_out(self, journal: Journal, event: BatchEvent, *, stay: bool) -> tuple[Batch, bool]:
        """Do what can be done; see :meth:`Batch.run`."""
        ended = (
            dict.fromkeys(self.plan.rows, WaitOutcome.STATUS_UNKNOWN) if event.ended is None else event.ended
        )
        account_of = accounts_of({self.terms.seedance_conn_id, *_connections_under_way(journal)})
        worker = RowWorker(account_of, journal, self.terms, _conclude, self._land)
        system_clock, rows = self.terms.clock, len(self.plan.rows)
        progress = Progress(
            lambda counts: self.site.tell_on_the_way(rows, counts), started=system_clock.now()
        )
        with ExitStack() as stack:
            stack.callback(worker.close)
            most = self.settings.max_concurrency
            pools = [ThreadPoolExecutor(min(size, most), "seedance-batch") for size in (SUBMITTERS, LANDERS)]
            for pool in pools:
                stack.callback(pool.shutdown, cancel_futures=True)
            batch = Batch(
                self.plan,
                journal,
                Hands(worker, *pools),
                budget=self.budget,
                slots=Slots(self.max_active),
                now=system_clock.now,
                progress=progress,
            )
            poller = stack.enter_context(
                BatchPoller(
                    lambda conn_id: AsyncSeedanceClient(account_of(conn_id), attempts=1),
                    partial(_connection_of, journal),
                    batch.ended,
                    clock=system_clock,
                    connections=min(CONNECTIONS, most),
                )
            )
            return batch, batch.run(poller, stay=stay, ended=ended)

    def _land(self, client: SeedanceClient, generation: Succeeded, row: Row) -> dict[str, Any] | None:
        if self.destination is None:
            return None
        return land_generation(
            client,
            generation,
            destination_of_row(self.destination, row.number),
            path_from_uri=path_from_uri,
            clock=self.terms.clock,
            mode=row.request.mode.value,
            expected=client.catalog.expected_video(row.request),
            request=row.request,
        )


def _connections_under_way(journal: Journal) -> set[str]:
    records = (state.record for state in journal.states.values())
    return {record.seedance_conn_id for record in records if record and record.may_be_billed}


def _connection_of(journal: Journal, row: int) -> str:
    record = journal.states[row].record
    assert record is not None
    return record.seedance_conn_id


def _conclude(
    client: SeedanceClient, store: RecordStore, generation_id: str, outcome: WaitOutcome, wait: WaitState
) -> Succeeded | None:
    event = GenerationEvent(generation_id, outcome, wait)
    return conclude(client, store, event, cancel_queued=True, now=clock.SYSTEM_CLOCK.now())


def last_deadline(states: Iterable[RowState]) -> float:
    """Until when the last of those under way is waited for, epoch seconds."""
    in_flight = (state.record for state in states if stage(state) is Stage.IN_FLIGHT)
    return max(
        (record.deadline.timestamp() for record in in_flight if record and record.deadline), default=0.0
    )


def check_outcome(found: list[dict[str, Any]], batch: Batch, uri: str) -> dict[str, Any]:
    """The summary, if the batch is as it should be.

    :raises BatchIncomplete: if it was stopped early, if rows may be paid for and are not home, or if none succeeded.
    """
    told = summary(found, uri)
    counts = ", ".join(f"{count} {status}" for status, count in told["counts"].items() if count)
    ends = [state.end for state in batch.journal.states.values() if state.end]
    again = any(end.again for end in ends if end.status != "succeeded")
    after = f"Of {told['rows']} rows: {counts}. The results are in {uri}."
    if (error := batch.stopped_by) is not None:
        raise BatchIncomplete(f"{error.message}. {after}", kind=error.kind, advice=error.advice)
    kind = Kind.LANDING if again else Kind.REJECTED
    if told["counts"]["uncollected"] or told["counts"]["uncertain"]:
        raise BatchIncomplete(
            f"rows are paid for, or may be, and are not home. {after}",
            kind=kind,
            advice="Clear the task: it goes on with those whose id is known. Look for the others in the vendor's"
            " console; give those that are there to their rows as generation_id, and clear the task with"
            " on_orphaned_intent='resubmit' for those that are not.",
        )
    if told["rows"] and not told["counts"]["succeeded"]:
        raise BatchIncomplete(
            f"no row succeeded. {after}", kind=kind, advice="See the results for the reasons."
        )
    return told

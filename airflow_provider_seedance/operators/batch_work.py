"""What surrounds the work of a batch: its rows and money before, its files and its verdict after."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.batch.crew import Crew, Terms
from airflow_provider_seedance.batch.event import BatchEvent
from airflow_provider_seedance.batch.journal import Journal, is_there
from airflow_provider_seedance.batch.places import (
    RESULTS,
    check_apart,
    destination_of_row,
    folder_of_batch,
)
from airflow_provider_seedance.batch.progress import Progress
from airflow_provider_seedance.batch.purse import Purse
from airflow_provider_seedance.batch.results import as_lines, summary
from airflow_provider_seedance.batch.rows import (
    Draft,
    Row,
    RowsInvalid,
    checked,
    rows_in_file,
    rows_in_list,
    rows_in_text,
)
from airflow_provider_seedance.batch.run import LANDERS, SUBMITTERS, Batch, Hands, Plan
from airflow_provider_seedance.batch.slots import Slots
from airflow_provider_seedance.batch.state import (
    RowState,
    Stage,
    renewed,
    rows_elsewhere,
    stage,
    stale_rows,
)
from airflow_provider_seedance.batch.watcher import Watcher
from airflow_provider_seedance.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.client.settings import ClientSettings
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, Kind, SeedanceError
from airflow_provider_seedance.lander import check_destination, land_generation, utc_now
from airflow_provider_seedance.landing.targets import Target, commit, open_for_reading, part_for, uri_of
from airflow_provider_seedance.models import Succeeded
from airflow_provider_seedance.object_storage import open_target
from airflow_provider_seedance.operators.budget import _amount, check_budget
from airflow_provider_seedance.operators.conclude import conclude
from airflow_provider_seedance.polling.clock import WallClock
from airflow_provider_seedance.polling.event import GenerationEvent
from airflow_provider_seedance.polling.watch import Outcome, Watch
from airflow_provider_seedance.stores import identity_of
from airflow_provider_seedance.submission.decide import StaleState
from airflow_provider_seedance.submission.fingerprint import fingerprint
from airflow_provider_seedance.submission.record import (
    RecordStore,
    StateUnreadable,
    StateUnwritable,
    SubmissionRecord,
    TaskIdentity,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

#: The name under which users see the live summary among a task's state.
KEY = "seedance_batch"


class BatchIncomplete(SeedanceError):
    """Not all rows of a batch came home."""


# Before


def drafts_of(requests: Any) -> list[Draft]:
    """The rows as they were given: a list, a list that a template turned into text, or a file.

    :raises ConfigurationError: if it is none of these, or the file cannot be read.
    """
    if not isinstance(requests, str):
        if isinstance(requests, Mapping) or not isinstance(requests, Iterable):
            raise ConfigurationError(f"requests must be a list or the path of a file, not {requests!r}")
        return rows_in_list(requests)
    text = requests.strip()
    if text.startswith("["):
        return rows_in_list(rows_in_text(text))
    try:
        with open_for_reading(open_target(text)) as file:
            content = file.read().decode("utf-8-sig")
    except SeedanceError:
        raise
    except Exception as fault:
        raise ConfigurationError(
            f"requests={text!r} cannot be read: {type(fault).__name__}: {fault}"
        ) from fault
    return rows_in_file(content, text)


def plan_of(
    client: SeedanceClient,
    drafts: Sequence[Draft],
    defaults: Mapping[str, Any] | None,
    *,
    max_failures: int | None,
    max_cost: Any,
) -> Plan:
    """What is to be done, all of it checked.

    :raises RowsInvalid: naming every row that is refused, for its request or for its price.
    """
    rows = checked(drafts, defaults or {}, client.catalog.prepare, vendor=client.vendor_name)
    estimates = {row.number: client.estimate_cost(row.request) for row in rows}
    refused = {}
    for draft in drafts:
        try:
            check_budget(estimates[draft.number], max_cost, vendor=client.vendor_name)
        except BudgetExceeded as error:
            refused[draft.place] = f"{error.message}. {error.advice}"
    if refused:
        raise RowsInvalid(refused, len(drafts), vendor=client.vendor_name)
    return Plan({row.number: row for row in rows}, estimates, max_failures)


def purse_of(max_cost: Any) -> Purse:
    """The money of a batch."""
    return Purse() if max_cost in (None, "", "None") else Purse(*_amount(max_cost))


def begin(plan: Plan, journal: Journal, terms: Terms, *, vendor: str) -> None:
    """Put the rows of an earlier try where this one is to go on with them.

    :raises StaleState: if rows have changed whose money may be gone, and the user did not choose to pay again.
    :raises ConfigurationError: if rows are under way at another vendor.
    """
    prints = {number: fingerprint(row.request) for number, row in plan.rows.items()}
    stale = stale_rows(journal.states, prints)
    if stale and terms.policies.on_stale_state == "fail":
        raise StaleState(
            f"{len(stale)} rows have changed, or are gone, since they were paid for, or may have been:"
            f" {_named(stale)}",
            advice="Put the rows back, at their places; or set on_stale_state='resubmit' to pay for the new ones too.",
        )
    if elsewhere := rows_elsewhere(journal.states, vendor):
        raise ConfigurationError(
            f"rows are under way at another vendor, and the connection now names {vendor}: {_named(elsewhere)}",
            advice="Put the connection back and clear the task; when these rows have ended, change it.",
        )
    for number, row in plan.rows.items():
        if (before := journal.states.get(number)) and before.record:
            after = _begun(
                before, before.record, row, terms, changed=before.record.fingerprint != prints[number]
            )
            if after != before and stage(after) is Stage.FLYING:
                journal.write(after)
            journal.states[number] = after


def _begun(before: RowState, record: SubmissionRecord, row: Row, terms: Terms, *, changed: bool) -> RowState:
    if changed:
        return before.but(attempts=0, end=None, record=record.but(outcome=record.outcome or "changed"))
    return renewed(
        before,
        terms.policies,
        max_tries=terms.task.max_tries,
        now=utc_now(),
        patience=terms.patience(row),
    )


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")


# Around


@dataclass(frozen=True)
class Site:
    """Where a batch keeps its files, and where it tells how it goes.

    :param journal: the folder of the journal.
    :param results: the file of the results.
    :param accessor: Airflow's task state store, where there is one.
    """

    task: TaskIdentity
    journal: Target
    results: Target
    accessor: Any

    @classmethod
    def of(cls, context: Context, destination: str | None) -> Site:
        """The same for each try of a task instance, even if the destination has changed since.

        :raises ConfigurationError: if there is no place for the journal, or the destination cannot be used.
        :raises StateUnreadable: if there is a journal, and it cannot be seen from here.
        """
        from airflow.configuration import conf

        state_folder = conf.get("seedance", "state_folder", fallback=None)
        if destination is not None:
            check_apart(destination)
            check_destination(destination_of_row(destination, 1))
        if not (base := state_folder or destination):
            raise ConfigurationError(
                "a batch that lands nothing has no place for its journal",
                advice="Give a destination, or name a folder in [seedance] state_folder.",
            )
        task, accessor = identity_of(context), context.get("task_state_store")
        told = _told(accessor)
        journal = open_target(told["journal"] if told else folder_of_batch(base, task))
        if told and not is_there(journal):
            raise StateUnreadable(
                f"the journal of this batch is to be in {uri_of(journal)}, and it is not there on this machine",
                advice="Nothing was sent. Use a destination, or [seedance] state_folder, that all workers share.",
            )
        results = folder_of_batch(destination or base, task)
        return cls(task, journal, open_target(f"{results}/{RESULTS}"), accessor)

    def tell(self, rows: int, counts: Mapping[str, int]) -> None:
        """Put a summary into Airflow's task state; it also says where the journal is.

        :raises StateUnwritable: if that cannot be done.
        """
        if self.accessor is None:
            return
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        value = {
            "journal": uri_of(self.journal),
            "results": uri_of(self.results),
            "rows": rows,
            "counts": dict(counts),
            "updated_at": utc_now().isoformat(),
        }
        try:
            self.accessor.set(KEY, value, retention=NEVER_EXPIRE)
        except Exception as fault:
            raise StateUnwritable(f"Airflow's task state cannot be written: {fault}") from fault

    def tell_on_the_way(self, rows: int, counts: Mapping[str, int]) -> None:
        """As :meth:`tell`, and in the log. Not being able to is no reason to stop."""
        log.info("%s", ", ".join(f"{count} {name}" for name, count in counts.items() if count))
        try:
            self.tell(rows, counts)
        except StateUnwritable as error:
            log.warning("%s", error)

    def write_results(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Put the results where they belong, in place of earlier ones."""
        with part_for(self.results) as part:
            part.write_text(as_lines(found), encoding="utf-8")
            commit(part, self.results)


def _told(accessor: Any) -> Mapping[str, Any] | None:
    if accessor is None:
        return None
    try:
        told: Mapping[str, Any] | None = accessor.get(KEY)
    except Exception as fault:
        raise StateUnreadable(f"Airflow's task state cannot be read: {fault}") from fault
    return told


@dataclass(frozen=True)
class Work:
    """What a try is to do, and with what."""

    settings: ClientSettings
    plan: Plan
    site: Site
    terms: Terms
    purse: Purse
    max_active: int
    destination: str | None

    def carry_out(self, journal: Journal, event: BatchEvent, *, stay: bool) -> tuple[Batch, bool]:
        """Do what can be done; see :meth:`Batch.run`."""
        ended = dict.fromkeys(self.plan.rows, Outcome.LOST_SIGHT) if event.ended is None else event.ended
        crew = Crew(self.settings, journal, self.terms, _conclude, self._land, utc_now, time.sleep)
        clock, rows = WallClock(), len(self.plan.rows)
        progress = Progress(lambda counts: self.site.tell_on_the_way(rows, counts), started=clock.now())
        with ExitStack() as stack:
            stack.callback(crew.close)
            pools = [ThreadPoolExecutor(size, "seedance-batch") for size in (SUBMITTERS, LANDERS)]
            for pool in pools:
                stack.callback(pool.shutdown, cancel_futures=True)
            batch = Batch(
                self.plan,
                journal,
                Hands(crew, *pools),
                purse=self.purse,
                slots=Slots(self.max_active),
                now=clock.now,
                progress=progress,
            )
            reader = lambda: AsyncSeedanceClient(self.settings, attempts=1)  # noqa: E731
            watcher = stack.enter_context(Watcher(reader, batch.ended, clock=clock))
            return batch, batch.run(watcher, stay=stay, ended=ended)

    def _land(self, client: SeedanceClient, generation: Succeeded, row: Row) -> dict[str, Any] | None:
        if self.destination is None:
            return None
        return land_generation(
            client,
            generation,
            destination_of_row(self.destination, row.number),
            mode=row.request.mode.value,
            order=client.catalog.order(row.request),
            request=row.request,
        )


def _conclude(
    client: SeedanceClient, store: RecordStore, generation_id: str, outcome: Outcome, watch: Watch
) -> Succeeded | None:
    event = GenerationEvent(generation_id, outcome, watch)
    return conclude(client, store, event, cancel_queued=True, now=time.time())


# After


def last_deadline(states: Iterable[RowState]) -> float:
    """Until when the last of those under way is waited for, epoch seconds."""
    flying = (state.record for state in states if stage(state) is Stage.FLYING)
    return max((record.deadline.timestamp() for record in flying if record and record.deadline), default=0.0)


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
            advice="A retry goes on with those whose id is known; the others are to be looked for in the vendor's"
            " console, and cleared with on_orphaned_intent='resubmit' if they are not there.",
        )
    if told["rows"] and not told["counts"]["succeeded"]:
        raise BatchIncomplete(
            f"no row succeeded. {after}", kind=kind, advice="See the results for the reasons."
        )
    return told

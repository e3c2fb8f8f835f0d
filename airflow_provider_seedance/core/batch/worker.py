"""The work on single rows, for threads: submitting one, and collecting its video. What is next is decided elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from airflow_provider_seedance.core.batch.connections import ConnectionHealth
from airflow_provider_seedance.core.batch.journal.store import Journal, RowRecords
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import Phase, RowOutcome
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.lifecycle.conclude import conclude
from airflow_provider_seedance.core.lifecycle.describe import order_in_words
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.core.media.deliver import DeliveringClients, MediaDelivery
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState, default_timeout
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.attempts import Attempt, AttemptPlan, Place, Turn, next_step
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.ledger_records import IntentBook, LedgerRecords, owner_of
from airflow_provider_seedance.core.submission.outcome import tokens_of
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.resume import recorded_client
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.core.submission.submit_attempts import AttemptSubmitter
from airflow_provider_seedance.errors import OrphanedIntent
from airflow_provider_seedance.models import Succeeded

_ORPHAN_ADVICE = (
    "Look for it in the vendor's console by that time. If it is there, give the row its id as generation_id, and clear"
    " the task; if it is not, clear it with on_orphaned_intent='resubmit'."
)

#: What of a publication is on record; the rest is in its sidecar.
_ON_RECORD = ("uri", "sidecar_uri", "bytes", "sha256", "published_at", "published")
#: The account of a connection, by its id.
AccountOf = Callable[[str], Account]
#: Lands a row's video and returns its manifest; ``None`` where nothing is to be landed. The last argument of all three
#: is the ids of the row's earlier generations, whose place the present one takes.
Land = Callable[[SeedanceClient, Succeeded, Row, tuple[str, ...]], dict[str, Any] | None]
#: Publishes a row's landed video, by its manifest, and returns the publication; ``None`` where nothing is to be.
Publish = Callable[[dict[str, Any], Row, tuple[str, ...]], dict[str, Any] | None]
#: Raises if a row is not to be paid for, since its video would have no place.
CheckRow = Callable[[SeedanceClient, Row, tuple[str, ...]], None]


@dataclass(frozen=True)
class BatchOptions:
    """What holds for every row of a batch.

    :param task: of the batch; each row gets an identity of its own within it.
    :param timeout: seconds to wait for a generation, from its submission; ``None`` for the default of its tier.
    :param delivery: brings the rows' files to the vendor; ``None`` for rows without files.
    :param attempts: what is tried for each row in turn; ``None`` for the connection and the rows as they are.
    """

    task: TaskIdentity
    seedance_conn_id: str
    policies: Policies
    clock: Clock
    timeout: float | None = None
    delivery: MediaDelivery | None = None
    attempts: AttemptPlan | None = None

    @cached_property
    def plan(self) -> AttemptPlan:
        """The attempts at each row's video."""
        return self.attempts or AttemptPlan((self.seedance_conn_id,))

    def row_at(self, row: Row, rung: int) -> Row:
        """The row with the changes of a rung; as it is written if there is no such rung any more."""
        changes = self.plan.change_of(rung) if rung <= len(self.plan.changes) else {}
        return row.with_changes(changes)

    def leads_on(self, record: SubmissionRecord | None) -> bool:
        """Whether a row whose latest intent ended like this is to be attempted again at once."""
        if record is None or not record.is_unbilled:
            return False
        return isinstance(next_step(self.plan, record.tried, utc_now(self.clock)), Place)

    def timeout_for(self, row: Row) -> float:
        """How long a row's generation is waited for, seconds."""
        return self.timeout or default_timeout(row.request.service_tier)


@dataclass(frozen=True)
class RowWorker:
    """Does the work on rows, one row at a time on each thread; each thread has clients of its own.

    :param account_of: the account of a connection, by its id; raises ``ConfigurationError`` if there is none.
    :param book: of the ledger, if there is one.
    :param check: called before each payment, and raises to prevent it.
    """

    account_of: AccountOf
    journal: Journal
    options: BatchOptions
    land: Land
    publish: Publish = lambda manifest, row, earlier_ids: None
    check: CheckRow = lambda client, row, earlier_ids: None
    book: IntentBook | None = None
    _clients: list[SeedanceClient] = field(default_factory=list)
    _thread_local: threading.local = field(default_factory=threading.local)

    _health: ConnectionHealth = field(init=False)

    def __post_init__(self) -> None:
        health = ConnectionHealth(self.options.plan, self.options.clock)
        object.__setattr__(self, "_health", health)

    def submit(self, row: Row) -> SubmissionRecord:
        """Pay for the row, or find what was paid for it; see :meth:`Submitter.submit`."""
        options, store = self.options, self._records(row)
        submitter = AttemptSubmitter(
            self._health.plan,
            store,
            partial(self._submitter_at, row, store),
            lambda rung: options.row_at(row, rung).request,
            task=identity_of_row(options.task, row.number),
            policies=options.policies,
            clock=options.clock,
            pause=None,
        )
        before = RowRecords(self.journal, row.number).read()
        try:
            return submitter.submit().record
        except OrphanedIntent as error:
            error.advice = _ORPHAN_ADVICE
            raise
        finally:
            self._note_health(row, before, submitter.skipped)

    def connection_of(self, row: Row) -> str:
        """The connection through which the row's next attempt is likely to be made."""
        record, plan = RowRecords(self.journal, row.number).read(), self._health.plan
        at = record.seedance_conn_id if record and record.is_unbilled else ""
        return at if at in plan.connections else plan.first.connection

    def _note_health(self, row: Row, before: SubmissionRecord | None, skipped: tuple[Attempt, ...]) -> None:
        """Take note of the attempts of a submission, also of those for which nothing was sent.

        :param before: the row's record before it.
        """
        record = RowRecords(self.journal, row.number).read()
        tried = record.tried if record and record != before else ()
        self._health.note((*tried, *skipped), self._has_in_flight)

    def _has_in_flight(self, seedance_conn_id: str) -> bool:
        return any(
            state.phase is Phase.IN_FLIGHT
            and state.record
            and state.record.seedance_conn_id == seedance_conn_id
            for state in list(self.journal.states.values())
        )

    def _submitter_at(
        self, written: Row, store: RowRecords | LedgerRecords, place: Place, turn: Turn
    ) -> Submitter:
        options, row = self.options, self.options.row_at(written, place.rung)
        media = row.media or RequestMedia(row.request)
        delivering = DeliveringClients(
            partial(self._client, attempts=1),
            media,
            options.delivery,
            known_ids=partial(self._ids_of_siblings, row.number),
        )

        def check(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
            self.check(self._client(conn_id, attempts=1), row, earlier_ids)
            delivering(conn_id).prepare()

        return Submitter(
            delivering,
            store,
            identity_of_row(options.task, row.number),
            place.connection,
            options.policies,
            timeout=options.timeout_for(row),
            queue_timeout=None,
            clock=options.clock,
            check=check,
            media=media.keys,
            describe=lambda conn_id: self._in_words(conn_id, row),
            estimate=lambda conn_id: self._client(conn_id, attempts=1).estimate_cost(row.request),
            begin=store.begin if isinstance(store, LedgerRecords) else None,
            turn=turn,
        )

    def _records(self, row: Row) -> RowRecords | LedgerRecords:
        """The row's record: in the journal, and in the ledger if there is one."""
        in_journal = RowRecords(self.journal, row.number)
        if self.book is None:
            return in_journal
        owner = owner_of(self.options.task, row=row.number)
        return LedgerRecords(self.book, owner, in_journal, told_by_summary=True)

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> RowOutcome | None:
        """The row's outcome after a wait, its video landed; ``None`` if there is more to wait for.

        :raises SeedanceError: if there is no video, or it cannot be landed.
        """
        store = RowRecords(self.journal, row.number)
        record = store.read()
        assert record is not None
        assert record.generation_id is not None
        row = self.options.row_at(row, record.rung)
        client = recorded_client(record, self._client)
        event = GenerationEvent(record.generation_id, outcome, wait)
        generation = conclude(
            client,
            store,
            event,
            cancel_queued=True,
            now=self.options.clock.now(),
            request_of=lambda: row.request,
        )
        if generation is None:
            return None
        earlier_ids = record.earlier_generation_ids
        manifest = self.land(client, generation, row, earlier_ids)
        publication = self.publish(manifest, row, earlier_ids) if manifest else None
        return RowOutcome(
            status="succeeded",
            cost=client.catalog.cost(generation, row.request),
            tokens=tokens_of(generation.usage),
            manifest=without_request(manifest),
            publication=publication_on_record(publication),
        )

    def _in_words(self, seedance_conn_id: str, row: Row) -> str:
        estimate = self._client(seedance_conn_id, attempts=1).estimate_cost(row.request)
        return order_in_words(row.request, estimate, row=row.number)

    def _ids_of_siblings(self, row: int) -> frozenset[str | None]:
        """The generations of the other rows, which a row's lost one cannot be."""
        return frozenset(
            known
            for other, state in list(self.journal.states.items())
            if other != row and state.record
            for known in (state.record.generation_id, *state.record.earlier_generation_ids)
        )

    def close(self) -> None:
        """Close the clients of all threads."""
        for client in self._clients:
            client.close()

    def _client(self, seedance_conn_id: str, **options: Any) -> SeedanceClient:
        clients: dict[tuple[str, bool], SeedanceClient]
        clients = self._thread_local.__dict__.setdefault("clients", {})
        key = (seedance_conn_id, bool(options))
        if key not in clients:
            clients[key] = SeedanceClient(
                self.account_of(seedance_conn_id), clock=self.options.clock, **options
            )
            self._clients.append(clients[key])
        return clients[key]


def publication_on_record(publication: dict[str, Any] | None) -> dict[str, Any] | None:
    """What of a publication a row's outcome holds."""
    return publication and {name: publication[name] for name in _ON_RECORD}


def without_request(manifest: dict[str, Any] | None) -> dict[str, Any] | None:
    """The manifest without the prompt, which journals and results do not hold."""
    if manifest is None or "provenance" not in manifest:
        return manifest
    return {**manifest, "provenance": {**manifest["provenance"], "request": None}}


def identity_of_row(task: TaskIdentity, row: int) -> TaskIdentity:
    """The row's identity. No task id has brackets, so no other task has it."""
    return replace(task, task_id=f"{task.task_id}[row {row}]")

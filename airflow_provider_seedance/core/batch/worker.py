"""The work on single rows, for threads: submitting one, and bringing one home. Nothing here decides what is next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from airflow_provider_seedance.core.batch.journal.store import Journal, RowRecords
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import End
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState, default_timeout
from airflow_provider_seedance.core.submission.decide import OrphanedIntent, Policies
from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.resume import recorded_client
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.models import Generation, GenerationRequest, Pending, Succeeded

_LOST = (
    "Look for it in the vendor's console by that time. If it is there, give the row its id as generation_id, and clear"
    " the task; if it is not, clear it with on_orphaned_intent='resubmit'."
)

#: The end of a wait: the finished generation, ``None`` for one that goes on, or an error.
Conclude = Callable[[SeedanceClient, RecordStore, str, WaitOutcome, WaitState], Succeeded | None]
#: Lands a row's video and returns its manifest; ``None`` where nothing is to be landed.
Land = Callable[[SeedanceClient, Succeeded, Row], dict[str, Any] | None]


@dataclass(frozen=True)
class Terms:
    """What holds for every row.

    :param task: of the batch; each row gets an identity of its own within it.
    :param timeout: seconds to wait for a generation, from its submission; ``None`` for the usual.
    """

    task: TaskIdentity
    seedance_conn_id: str
    policies: Policies
    clock: Clock
    timeout: float | None = None

    def timeout_of(self, row: Row) -> float:
        """How long a row's generation is waited for, seconds."""
        return self.timeout or default_timeout(row.request.service_tier)


@dataclass(frozen=True)
class RowWorker:
    """Does the work on rows, one row at a time on each thread; each thread has clients of its own.

    :param account_of: the account of a connection, by its id; raises ``ConfigurationError`` if there is none.
    """

    account_of: Callable[[str], Account]
    journal: Journal
    terms: Terms
    conclude: Conclude
    land: Land
    _clients: list[SeedanceClient] = field(default_factory=list)
    _own: threading.local = field(default_factory=threading.local)

    def submit(self, row: Row) -> SubmissionRecord:
        """Pay for the row, or find what was paid for it; see :meth:`Submitter.submit`."""
        terms = self.terms
        submitter = Submitter(
            lambda conn_id: _Sibling(self._client(conn_id, attempts=1), self.journal, row.number),
            RowRecords(self.journal, row.number),
            identity_of_row(terms.task, row.number),
            terms.seedance_conn_id,
            terms.policies,
            timeout=terms.timeout_of(row),
            queue_timeout=None,
            clock=self.terms.clock,
        )
        try:
            return submitter.submit(row.request).record
        except OrphanedIntent as lost:
            lost.advice = _LOST
            raise

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> End | None:
        """The row's end after a wait, its video landed; ``None`` if there is more to wait for.

        :raises SeedanceError: if there is no video, or it cannot be brought home.
        """
        store = RowRecords(self.journal, row.number)
        record = store.read()
        assert record is not None
        assert record.generation_id is not None
        client = recorded_client(record, self._client)
        generation = self.conclude(client, store, record.generation_id, outcome, wait)
        if generation is None:
            return None
        manifest = self.land(client, generation, row)
        return End(status="succeeded", cost=client.catalog.cost(generation, row.request), manifest=manifest)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _client(self, conn_id: str, **options: Any) -> SeedanceClient:
        clients: dict[tuple[str, bool], SeedanceClient] = self._own.__dict__.setdefault("clients", {})
        key = (conn_id, bool(options))
        if key not in clients:
            clients[key] = SeedanceClient(self.account_of(conn_id), **options)
            self._clients.append(clients[key])
        return clients[key]


def identity_of_row(task: TaskIdentity, row: int) -> TaskIdentity:
    """The row's identity. No task id has brackets, so no other task has it."""
    return replace(task, task_id=f"{task.task_id}[row {row}]")


class _Sibling:
    """A client that does not take another row's generation for the one that is looked for."""

    def __init__(self, client: SeedanceClient, journal: Journal, row: int) -> None:
        self._client = client
        self._journal = journal
        self._row = row

    @property
    def vendor_name(self) -> str:
        return self._client.vendor_name

    @property
    def account_id(self) -> str:
        return self._client.account_id

    @property
    def finds_by_key(self) -> bool:
        return self._client.finds_by_key

    @property
    def generations(self) -> _Sibling:
        return self

    def create(self, request: GenerationRequest, intent_id: str | None = None) -> Pending:
        return self._client.generations.create(request, intent_id)

    def get(self, generation_id: str) -> Generation:
        return self._client.generations.get(generation_id)

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]:
        found = self._client.generations.find(request, intent_id, since)
        others = {
            known
            for row, state in list(self._journal.states.items())
            if row != self._row and state.record
            for known in (state.record.generation_id, *state.record.earlier_generation_ids)
        }
        return tuple(seen for seen in found if seen.generation_id not in others)

"""The ledger as the place of a task's record, with a summary where tasks keep their state without a ledger."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
from airflow_provider_seedance.core.ledger.entries import (
    Intent,
    IntentStatus,
    Order,
    Owner,
    Progress,
    Settlement,
    to_json,
)
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.money import SpendLimit
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.core.submission.fingerprint import fingerprint, without_signatures
from airflow_provider_seedance.core.submission.outcome import Ended, Refused, Superseded, tokens_of
from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.settle import SettlingClient, settle_open
from airflow_provider_seedance.errors import (
    LedgerUnavailable,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
)
from airflow_provider_seedance.models import Cost, GenerationRequest, Usage

log = logging.getLogger(__name__)

#: Seconds before each attempt to give back what was reserved for an intent that was not sent.
GIVE_BACK_DELAYS = (0.0, 0.5, 2.0, 5.0)


class PricingClient(SettlingClient, Protocol):
    """What is asked of a client before an intent is made."""

    @property
    def limits(self) -> tuple[SpendLimit, ...]: ...

    def estimate_cost(self, request: GenerationRequest) -> Cost: ...


@dataclass(frozen=True)
class IntentBook:
    """How intents are written into the ledger.

    :param open_ledger: opens the ledger at its first use; a wait that has ended is not held up by it.
    :param keeps_prompts: whether prompts are stored.
    """

    open_ledger: Callable[[], Ledger]
    clock: Clock
    keeps_prompts: bool = True

    def _ledger(self) -> Ledger:
        try:
            return self.open_ledger()
        except SeedanceError as fault:
            raise LedgerUnavailable(fault.message, kind=fault.kind, advice=fault.advice) from fault

    def order_of(self, request: GenerationRequest, estimate: Cost) -> Order:
        """What a request asks for, without anything that opens a link."""
        rest = redact_values(without_signatures(request), hide_links=True)
        prompt = rest.pop("prompt", None)
        return Order(
            fingerprint=fingerprint(request),
            model=request.model,
            mode=request.mode.value,
            prompt=prompt if self.keeps_prompts else None,
            request=to_json(rest),
            estimate=estimate,
        )

    def begin(
        self, owner: Owner, record: SubmissionRecord, request: GenerationRequest, client: PricingClient
    ) -> None:
        """Make an intent, or make it anew before it is sent once more, and reserve its estimate from now on.

        Where a budget leaves no room, the vendor is asked about what is still reserved, and then it is tried again.

        :raises IntentTaken: if another try has made it.
        :raises BudgetExceeded: if a budget of the connection leaves no room for it.
        :raises StateUnwritable: if it may not have been made.
        """
        intent = intent_of(owner, record, self.order_of(request, client.estimate_cost(request)))
        try:
            self._insert(replace(intent, created_at=utc_now(self.clock)), client)
        except LedgerUnavailable as fault:
            raise StateUnwritable(fault.message, kind=fault.kind) from fault

    def _insert(self, intent: Intent, client: PricingClient) -> None:
        ledger = self._ledger()
        try:
            ledger.insert(intent, client.limits)
        except SpendLimitReached:
            if not settle_open(ledger, client, self.clock):
                raise
            ledger.insert(intent, client.limits)

    def write(self, owner: Owner, record: SubmissionRecord, request: GenerationRequest | None = None) -> None:
        """Put what became of an intent on record; one that the ledger does not know is taken over.

        :raises StateUnwritable: if it may not have been done.
        """
        order = self.order_of(request, Cost()) if request else Order(record.fingerprint)
        if not self.keeps_prompts:
            record = without_prompts(record)
        try:
            self._ledger().write(intent_of(owner, record, order), utc_now(self.clock))
        except LedgerUnavailable as fault:
            raise StateUnwritable(fault.message, kind=fault.kind) from fault

    def read(self, owner: Owner) -> SubmissionRecord | None:
        """The owner's latest intent; ``None`` if the ledger surely has none.

        :raises StateUnreadable: if that cannot be found out.
        """
        try:
            stored = self._ledger().latest_record(owner.key)
        except LedgerUnavailable as fault:
            raise StateUnreadable(fault.message, kind=fault.kind) from fault
        return None if stored is None else SubmissionRecord.parse(stored)


@dataclass(frozen=True)
class LedgerRecords:
    """One owner's record: in the ledger, and as a summary in another store.

    What either of them holds is not lost while the other is out of reach.

    :param summary: where the record is without a ledger. Records from before there was one are taken over.
    :param told_by_summary: the summary tells the ledger of each write by itself.
    """

    book: IntentBook
    owner: Owner
    summary: RecordStore
    told_by_summary: bool = False

    remembers = True

    def read(self) -> SubmissionRecord | None:
        return later(self.book.read(self.owner), self.summary.read())

    def begin(self, record: SubmissionRecord, request: GenerationRequest, client: Any) -> None:
        """Make a new intent; see :meth:`IntentBook.begin`."""
        self.book.begin(self.owner, record, request, client)
        try:
            self.summary.write(record)
        except StateUnwritable as fault:
            # Airflow's trouble is none of the vendor's: no kind, so that no other connection is asked.
            self._give_back(record.replace(outcome=Refused(reason=fault.message)))
            raise

    def _give_back(self, not_sent: SubmissionRecord) -> None:
        """Put on record that nothing was sent, so that nothing stays reserved, and a retry need not look for it."""
        for pause in GIVE_BACK_DELAYS:
            self.book.clock.sleep(pause)
            if (fault := _fault_of(partial(self.book.write, self.owner), not_sent)) is None:
                return
        log.warning(
            "Intent %s was not sent, and the ledger still counts it: %s. Tell it with `ledger resolve`.",
            not_sent.intent_id,
            fault.message if fault else "",
        )

    def write(self, record: SubmissionRecord) -> None:
        if self.told_by_summary:
            self.summary.write(record)
            return
        both = (partial(self.book.write, self.owner), self.summary.write)
        faults = [fault for write in both if (fault := _fault_of(write, record))]
        if len(faults) == 2 or (faults and not self.summary.remembers):
            raise faults[0]
        for fault in faults:
            log.warning("The record of intent %s is in one place only: %s", record.intent_id, fault.message)


def _fault_of(write: Callable[[SubmissionRecord], None], record: SubmissionRecord) -> StateUnwritable | None:
    try:
        write(record)
    except StateUnwritable as fault:
        return fault
    return None


def owner_of(task: TaskIdentity, *, row: int | None = None, once: str = "") -> Owner:
    """The owner of a task's intents.

    :param row: of the task's batch.
    :param once: makes an owner of its own of each try, for a task that is not to be remembered.
    """
    names = (task.dag_id, task.run_id, task.task_id, str(task.map_index), str(row), once)
    return Owner(
        key=hashlib.sha256("\0".join(names).encode()).hexdigest()[:40],
        dag_id=task.dag_id,
        run_id=task.run_id,
        task_id=task.task_id,
        map_index=task.map_index,
        batch_row=row,
    )


def without_prompts(record: SubmissionRecord) -> SubmissionRecord:
    """The record without what was asked for, which its result and the manifest in it tell."""
    return record.replace(result=without_requests(record.result))


def without_requests(value: Any) -> Any:
    """A result without the requests that it holds."""
    if not isinstance(value, dict):
        return value
    return {name: None if name == "request" else without_requests(inner) for name, inner in value.items()}


def intent_of(owner: Owner, record: SubmissionRecord, order: Order) -> Intent:
    """A record as the ledger's intent."""
    return Intent(
        owner=owner,
        number=record.intent_number,
        intent_id=record.intent_id,
        vendor=record.vendor,
        account_id=record.account_id,
        seedance_conn_id=record.seedance_conn_id,
        created_at=record.intended_at,
        order=order,
        progress=progress_of(record),
    )


def progress_of(record: SubmissionRecord) -> Progress:
    """What a record tells about the cost and the fate of its intent."""
    outcome = record.outcome
    if isinstance(outcome, Superseded) and outcome.ended:
        outcome = outcome.ended
    status: IntentStatus = "submitted" if record.generation_id else "intended"
    settlement, manifest = None, None
    if isinstance(outcome, Refused):
        status, settlement = "refused", Settlement.free()
    elif isinstance(outcome, Ended):
        status, settlement = outcome.status, _settlement_of(record, outcome)
        manifest = (record.result or {}).get("manifest")
    return Progress(
        status,
        record.to_dict(),
        generation_id=record.generation_id,
        reason=outcome.reason if outcome else None,
        settlement=settlement,
        manifest=manifest,
    )


def _settlement_of(record: SubmissionRecord, outcome: Ended) -> Settlement:
    """What the outcome tells, or what the task returned; without a video nothing is billed."""
    if outcome.status != "succeeded":
        return Settlement(outcome.cost or Settlement.free().cost, outcome.tokens)
    result = record.result or {}
    cost = outcome.cost or Cost(**(result.get("cost") or {}))
    usage = result.get("usage")
    return Settlement(cost, outcome.tokens if usage is None else tokens_of(Usage(**usage)))


def later(noted: SubmissionRecord | None, summary: SubmissionRecord | None) -> SubmissionRecord | None:
    """Which of two records of one owner knows more: the ledger's, or the other store's."""
    if noted is None or summary is None:
        return noted or summary
    if noted.intent_number != summary.intent_number:
        return max(noted, summary, key=lambda record: record.intent_number)
    if bool(noted.generation_id) != bool(summary.generation_id):
        return noted if noted.generation_id else summary
    if noted.generation_id or summary.outcome is not None:
        return summary
    return noted

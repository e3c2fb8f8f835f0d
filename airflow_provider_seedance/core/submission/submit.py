"""Pay at most once for one intent, whatever dies in between.

Rule 1: the intent is stored before the request leaves, the id right after the answer.
Rule 2: a paid request is sent once; an unclear answer is reconciled with the vendor, never repeated blindly.
Rule 3: "could not look" is an error, never "nothing there".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.submission.decide import (
    Action,
    OrphanedIntent,
    Policies,
    Situation,
    from_record,
    from_vendor,
)
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import (
    REFUSED,
    RecordStore,
    StateUnwritable,
    SubmissionRecord,
    TaskIdentity,
)
from airflow_provider_seedance.errors import NotFound, SeedanceError, Unsupported
from airflow_provider_seedance.models import Failed, Generation, GenerationRequest, Pending

log = logging.getLogger(__name__)

#: Seconds before each look for a lost generation: a vendor may show it late.
RECONCILE_DELAYS = (0.0, 5.0, 15.0, 30.0)
#: Seconds before each attempt to store an id that has just been paid for.
STORE_ID_DELAYS = (0.0, 0.5, 2.0, 5.0)


class PayingGenerations(Protocol):
    """How a client makes and finds generations."""

    def create(self, request: GenerationRequest, intent_id: str | None = None) -> Pending: ...

    def get(self, generation_id: str) -> Generation: ...

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]: ...


class PayingClient(Protocol):
    """What is asked of a vendor's client."""

    @property
    def vendor_name(self) -> str: ...

    @property
    def account_id(self) -> str: ...

    @property
    def generations(self) -> PayingGenerations: ...

    @property
    def finds_by_key(self) -> bool: ...


@dataclass(frozen=True)
class Submitter:
    """One task's way to its generation.

    :param patience: seconds to wait for it, from its submission.
    :param queue_patience: seconds in which it must have left the queue; ``None`` for no such limit.
    """

    client: PayingClient
    store: RecordStore
    task: TaskIdentity
    seedance_conn_id: str
    policies: Policies
    timeout: float
    queue_timeout: float | None
    clock: Clock

    def submit(self, request: GenerationRequest) -> SubmissionRecord:
        """The record of the generation to wait for: an earlier try's where that is right, else a new one's.

        :raises SeedanceError: if nothing was submitted, or it is not known whether it was.
        """
        record = self.store.read()
        if record is None:
            return self._pay(request, None)
        situation = Situation(
            record,
            same=record.vendor == self.client.vendor_name and record.fingerprint == fingerprint(request),
            cleared=self.task.max_tries > record.max_tries,
            policies=self.policies,
        )
        action, seen = from_record(situation), None
        if action is Action.RECONCILE:
            return self._reconcile(request, record)
        if action is Action.LOOK:
            seen = self._seen(record)
            action = from_vendor(situation, seen)
        if action is Action.ATTACH:
            return self._attach(record)
        return self._pay(request, record, unbilled=record.outcome == REFUSED or isinstance(seen, Failed))

    def _pay(
        self, request: GenerationRequest, earlier: SubmissionRecord | None, *, unbilled: bool = False
    ) -> SubmissionRecord:
        """Make a new intent and pay for it; ``unbilled`` says that the one before bought nothing."""
        number = earlier.intent + 1 if earlier else 1
        intent = SubmissionRecord(
            intent=number,
            intent_id=self.task.intent_id(number),
            vendor=self.client.vendor_name,
            account_id=self.client.account_id,
            seedance_conn_id=self.seedance_conn_id,
            fingerprint=fingerprint(request),
            intended_at=utc_now(self.clock),
            max_tries=self.task.max_tries,
            earlier_generation_ids=_with_id(earlier),
            unbilled_intents=earlier.unbilled_intents + unbilled if earlier else 0,
        )
        try:
            self.store.write(intent)
        except StateUnwritable as fault:
            fault.advice = "Nothing was sent. A retry may help."
            raise
        return self._send(request, intent)

    def _send(self, request: GenerationRequest, intent: SubmissionRecord) -> SubmissionRecord:
        try:
            created = self.client.generations.create(request, intent.intent_id)
        except SeedanceError as error:
            if not error.maybe_accepted:
                self.store.write(intent.replace(outcome=REFUSED, reason=error.message))
                raise
            log.warning("%s The vendor is asked whether it was accepted.", error)
            return self._reconcile(request, intent)
        return self._submitted(intent, created.generation_id)

    def _submitted(self, intent: SubmissionRecord, generation_id: str) -> SubmissionRecord:
        log.info("Submitted generation %s to %s.", generation_id, intent.vendor)
        return self._known(intent, generation_id)

    def _known(self, intent: SubmissionRecord, generation_id: str) -> SubmissionRecord:
        """The intent with its generation's id, stored."""
        record = intent.replace(generation_id=generation_id, **self._times(utc_now(self.clock)))
        for pause in STORE_ID_DELAYS:
            self.clock.sleep(pause)
            try:
                self.store.write(record)
            except StateUnwritable as fault:
                last = fault
            else:
                return record
        raise StateUnwritable(
            f"it was submitted, and its id could not be stored: {last.message}",
            vendor=intent.vendor,
            generation_id=generation_id,
            advice="Set generation_id on the task to this id and clear it; then nothing is paid twice.",
        ) from last

    def _attach(self, record: SubmissionRecord) -> SubmissionRecord:
        """The recorded generation; its deadline stays, unless it was that which ended the last wait."""
        now = utc_now(self.clock)
        record = record.replace(max_tries=self.task.max_tries, outcome=None, reason=None)
        if record.deadline is None or now >= record.deadline:
            record = record.replace(
                started=record.started or now, deadline=now + timedelta(seconds=self.timeout)
            )
        self.store.write(record)
        log.info("Going on with generation %s at %s.", record.generation_id, record.vendor)
        return record

    def _times(self, now: datetime) -> dict[str, datetime | None]:
        queue = None if self.queue_timeout is None else now + timedelta(seconds=self.queue_timeout)
        return {"started": now, "deadline": now + timedelta(seconds=self.timeout), "queue_deadline": queue}

    def _seen(self, record: SubmissionRecord) -> Generation | None:
        if record.vendor != self.client.vendor_name:
            raise SeedanceError(
                f"it was submitted to {record.vendor}, and the connection now names {self.client.vendor_name}",
                vendor=record.vendor,
                generation_id=record.generation_id,
            )
        assert record.generation_id
        try:
            return self.client.generations.get(record.generation_id)
        except NotFound:
            return None

    def _reconcile(self, request: GenerationRequest, intent: SubmissionRecord) -> SubmissionRecord:
        """Find what became of an intent whose answer never came."""
        found: tuple[Generation, ...] = ()
        try:
            for pause in RECONCILE_DELAYS:
                self.clock.sleep(pause)
                found = self.client.generations.find(request, intent.intent_id, intent.intended_at)
                if found:
                    break
        except Unsupported:
            return self._orphaned(request, intent, "this vendor has no way to look it up")
        if len(found) == 1:
            generation_id = found[0].generation_id
            log.info("Adopted generation %s: %s had accepted this request.", generation_id, intent.vendor)
            return self._known(intent, generation_id)
        if found:
            ids = ", ".join(generation.generation_id for generation in found)
            return self._orphaned(request, intent, f"several generations could be it: {ids}")
        if intent.account_id not in (None, self.client.account_id):
            return self._orphaned(request, intent, "the connection's key or host has changed since")
        if self.client.finds_by_key:
            return self._send_again(request, intent)
        return self._orphaned(request, intent, "the vendor's list does not show it", unbilled=True)

    def _send_again(self, request: GenerationRequest, intent: SubmissionRecord) -> SubmissionRecord:
        """The vendor knows each request by our key and has none with this one: it was surely not accepted."""
        try:
            created = self.client.generations.create(request, intent.intent_id)
        except SeedanceError as error:
            if not error.maybe_accepted:
                self.store.write(intent.replace(outcome=REFUSED, reason=error.message))
            raise
        return self._submitted(intent, created.generation_id)

    def _orphaned(
        self, request: GenerationRequest, intent: SubmissionRecord, why: str, *, unbilled: bool = False
    ) -> SubmissionRecord:
        if self.policies.on_orphaned_intent == "resubmit":
            log.warning(
                "Intent %s: %s; on_orphaned_intent='resubmit' pays for a new one.", intent.intent_id, why
            )
            return self._pay(request, intent, unbilled=unbilled)
        raise OrphanedIntent(
            f"one {request.mode.value} video of {request.model} may have been bought at"
            f" {intent.intended_at.isoformat()}, and its id is not known: {why}",
            vendor=intent.vendor,
            advice="Look for it in the vendor's console by that time. If it is there, set generation_id on the task"
            " to its id, or generation_id in the task's record, and clear the task; if it is not, clear it with"
            " on_orphaned_intent='resubmit'.",
        )


def _with_id(earlier: SubmissionRecord | None) -> tuple[str, ...]:
    if earlier is None:
        return ()
    return (*earlier.earlier_generation_ids, *([earlier.generation_id] if earlier.generation_id else []))

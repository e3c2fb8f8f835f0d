"""Pay at most once for one intent, whatever dies in between.

Rule 1: the intent is stored before the request leaves, the id right after the answer.
Rule 2: a paid request is sent once; an unclear answer is reconciled with the vendor, never repeated blindly.
Rule 3: "could not look" is an error, never "nothing there".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from airflow_provider_seedance.core.client.flows import CLOCK_SKEW
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.ledger.ledger import IntentTaken
from airflow_provider_seedance.core.submission.attempts import Turn
from airflow_provider_seedance.core.submission.decide import Action, Policies, PriorSubmission, reattached
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.paying import BeginIntent, PayingClient
from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.resume import (
    Decision,
    decide_with_vendor,
    recorded_client,
)
from airflow_provider_seedance.core.submission.unclear import orphaned_intent, outcome_unknown
from airflow_provider_seedance.errors import (
    ForeignGeneration,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
    Unsupported,
)
from airflow_provider_seedance.models import Cost, Failed, Generation, GenerationRequest, Pending

log = logging.getLogger(__name__)

#: Seconds before each look for a lost generation: a vendor may show it late.
RECONCILE_DELAYS = (0.0, 5.0, 15.0, 30.0)
#: What a clear that pays for nothing new adds to the log.
REGENERATE_HINT = " To pay for a new one, clear the task with on_clear='regenerate'."
#: Seconds before each attempt to store an id that has just been paid for.
STORE_ID_DELAYS = (0.0, 0.5, 2.0, 5.0)


class RecordChanged(Exception):
    """The task's record is another one by now: what to do is to be decided again, by what stands there."""


@dataclass(frozen=True)
class Submission:
    """The generation to wait for.

    :param record: on record, with its id and the times of the wait.
    :param generation: how it stood when it was seen last, just before; ``None`` if there is nothing to wait for, since
        its video is kept.
    """

    record: SubmissionRecord
    generation: Generation | None


@dataclass(frozen=True)
class Submitter:
    """One task's way to its generation. The record is read first; it names the connection to go on with.

    :param open_client: makes the client of a connection, by its id.
    :param seedance_conn_id: the connection for a new intent.
    :param timeout: seconds to wait for it, from its submission.
    :param queue_timeout: seconds in which it must have left the queue; ``None`` for no such limit.
    :param check: called with the connection, and with the ids of earlier intents, before each payment; raises to
        prevent it.
    :param media: the content of the request's files, for the record.
    :param describe: called with the connection before each payment; says what is ordered, for the log.
    :param video_kept: whether the video of a delivered generation is whole where it was landed.
    :param estimate: called with the connection before each payment; says what it may cost, for the record.
    :param begin: stores a new intent where more than its record is to be known; without it the store does.
    :param turn: which attempt a new intent is, by the record that it follows.
    :param written: tells apart the request as it was written, of which this one may be a variant.
    :param callback_url: where the vendor is to tell of an intent's generation, the same each time; ``None``: nowhere.
    """

    open_client: Callable[[str], PayingClient]
    store: RecordStore
    task: TaskIdentity
    seedance_conn_id: str
    policies: Policies
    timeout: float
    queue_timeout: float | None
    clock: Clock
    check: Callable[[str, tuple[str, ...]], None] = lambda conn_id, earlier_ids: None
    media: Mapping[str, str] = field(default_factory=dict)
    describe: Callable[[str], str] = lambda conn_id: "one video"
    video_kept: Callable[[SubmissionRecord], bool] = lambda record: False
    estimate: Callable[[str], Cost] = lambda conn_id: Cost()
    begin: BeginIntent | None = None
    turn: Turn = field(default_factory=Turn)
    written: Callable[[], str | None] = lambda: None
    callback_url: Callable[[SubmissionRecord], str | None] | None = None

    def submit(self, request: GenerationRequest) -> Submission:
        """The generation to wait for: an earlier try's where that is right, else a new one.

        :raises SeedanceError: if nothing was submitted, or it is not known whether it was.
        """
        while True:
            try:
                return self.submit_after(self.store.read(), request)
            except RecordChanged as changed:
                log.info("%s", changed)

    def submit_after(self, record: SubmissionRecord | None, request: GenerationRequest) -> Submission:
        """As :meth:`submit`, by this record of the task.

        :raises RecordChanged: if another one has taken its place meanwhile.
        """
        if record is None:
            return self._pay(request, None)
        decision = self._decide(request, record)
        if decision.action is Action.RECONCILE:
            return self._reconcile(request, record, own=self.begin is None)
        if decision.action is Action.KEEP:
            record = record.replace(max_tries=self.task.max_tries)
            self.store.write(record)
            log.info(
                "Generation %s of %s is taken from the record: its video is whole where it was landed. To pay for"
                " another one, clear the task with on_clear='regenerate'.",
                record.generation_id,
                record.vendor,
            )
            return Submission(record, None)
        if decision.action is Action.REATTACH:
            assert decision.generation
            return self._reattach(record, decision.generation)
        if isinstance(decision.generation, Failed):
            if self.store.read() != record:
                raise RecordChanged(f"Generation {record.generation_id} has ended without a video.")
            record = record.replace(outcome=Ended.without_video(decision.generation))
        return self._pay(request, record, unbilled=record.is_unbilled)

    def _decide(self, request: GenerationRequest, record: SubmissionRecord) -> Decision:
        prior = PriorSubmission(
            record,
            changed=record.fingerprint != fingerprint(request),
            cleared=self.task.max_tries > record.max_tries,
            policies=self.policies,
            leads_on=self.turn.leads_on,
        )
        return decide_with_vendor(prior, self.open_client, self.store.write, lambda: self.video_kept(record))

    def _pay(
        self, request: GenerationRequest, earlier: SubmissionRecord | None, *, unbilled: bool = False
    ) -> Submission:
        """Make a new intent and pay for it; ``unbilled`` says that the one before bought nothing."""
        earlier_ids = earlier.all_generation_ids if earlier else ()
        self.check(self.seedance_conn_id, earlier_ids)
        order = self.describe(self.seedance_conn_id)
        client = self.open_client(self.seedance_conn_id)
        number = earlier.intent_number + 1 if earlier else 1
        intent = SubmissionRecord(
            intent_number=number,
            intent_id=self._new_intent_id(number),
            vendor=client.vendor_name,
            account_id=client.account_id,
            seedance_conn_id=self.seedance_conn_id,
            fingerprint=fingerprint(request),
            intended_at=utc_now(self.clock),
            max_tries=self.task.max_tries,
            earlier_generation_ids=earlier_ids,
            media={**(earlier.media if earlier else {}), **self.media},
            written=self.written(),
            estimate=self.estimate(self.seedance_conn_id),
            videos=earlier.videos if earlier else (),
            unbilled_intents=earlier.unbilled_intents + unbilled if earlier else 0,
            **self.turn.on_record(self.seedance_conn_id, earlier.all_attempts if earlier else ()),
        )
        if self.callback_url is not None:
            intent = intent.replace(has_callback=self.callback_url(intent) is not None)
        self._begin(intent, request, client)
        return self._send(client, request, intent, order)

    def _begin(self, intent: SubmissionRecord, request: GenerationRequest, client: PayingClient) -> None:
        try:
            if self.begin is None:
                self.store.write(intent)
            else:
                self.begin(intent, request, client)
        except StateUnwritable as fault:
            fault.advice = "Nothing was sent. A retry may help."
            raise
        except IntentTaken as taken:
            raise RecordChanged(f"{taken.message} It is followed.") from taken

    def _new_intent_id(self, number: int) -> str:
        return self.task.intent_id(number, random=self.clock.random() if self.store.remembers else None)

    def _send(
        self, client: PayingClient, request: GenerationRequest, intent: SubmissionRecord, order: str
    ) -> Submission:
        try:
            created = self._create(client, request, intent)
        except SeedanceError as error:
            if not error.maybe_accepted:
                self.store.write(intent.replace(outcome=Refused.by(error)))
                raise
            log.warning("%s The vendor is asked whether it was accepted.", error)
            return self._reconcile(request, self._with_unread_reply(intent, error), own=True)
        return self._accepted(intent, created, order)

    def _create(self, client: PayingClient, request: GenerationRequest, intent: SubmissionRecord) -> Pending:
        callback_url = self.callback_url(intent) if self.callback_url and intent.has_callback else None
        return client.generations.create(request, intent.intent_id, callback_url)

    def _accepted(self, intent: SubmissionRecord, created: Generation, order: str) -> Submission:
        """Take the generation that answers a create.

        :raises ForeignGeneration: if it was there before the request.
        """
        if _is_older(created, intent):
            error = ForeignGeneration(
                f"the vendor answered with a generation of {created.created_at}, before this request was made: its key"
                " was used before, by another task or another Airflow",
                vendor=intent.vendor,
                generation_id=created.generation_id,
                advice="Nothing was bought. Clear the task: that asks for a generation under a new key.",
            )
            self.store.write(intent.replace(outcome=Refused.by(error)))
            raise error
        order = order.replace("{generation_id}", created.generation_id)
        log.info("Submitted generation %s to %s: %s.", created.generation_id, intent.vendor, order)
        return self._store_id(intent, created)

    def _with_unread_reply(self, intent: SubmissionRecord, error: SeedanceError) -> SubmissionRecord:
        """The intent with what the vendor answered on record, since an id may stand in it."""
        if error.http_status is None:
            return intent
        intent = intent.replace(unread_reply=error.message)
        try:
            self.store.write(intent)
        except StateUnwritable as fault:
            log.warning("The answer to intent %s is not on record: %s", intent.intent_id, fault.message)
        return intent

    def _store_id(self, intent: SubmissionRecord, generation: Generation) -> Submission:
        """Put the generation's id, and the times of the wait for it, on the intent's record."""
        record = intent.replace(
            generation_id=generation.generation_id,
            unread_reply=None,
            max_tries=self.task.max_tries,
            **self._wait_times(utc_now(self.clock)),
        )
        for pause in STORE_ID_DELAYS:
            self.clock.sleep(pause)
            try:
                self.store.write(record)
            except StateUnwritable as fault:
                last = fault
            else:
                return Submission(record, generation)
        raise StateUnwritable(
            f"the generation was submitted, and its id could not be stored: {last.message}",
            vendor=intent.vendor,
            generation_id=generation.generation_id,
            advice="Set generation_id on the task to this id and clear it; then nothing is paid twice.",
        ) from last

    def _reattach(self, record: SubmissionRecord, generation: Generation) -> Submission:
        hint = REGENERATE_HINT if self.task.max_tries > record.max_tries else ""
        record = reattached(
            record,
            max_tries=self.task.max_tries,
            now=utc_now(self.clock),
            timeout=self.timeout,
            queue_timeout=self.queue_timeout,
        )
        self.store.write(record)
        log.info(
            "Reattached to generation %s at %s, through connection %s; nothing new is paid for.%s",
            record.generation_id,
            record.vendor,
            record.seedance_conn_id,
            hint,
        )
        return Submission(record, generation)

    def _wait_times(self, now: datetime) -> dict[str, datetime | None]:
        queue = None if self.queue_timeout is None else now + timedelta(seconds=self.queue_timeout)
        return {"started": now, "deadline": now + timedelta(seconds=self.timeout), "queue_deadline": queue}

    def _reconcile(self, request: GenerationRequest, intent: SubmissionRecord, *, own: bool) -> Submission:
        """Find what became of an intent whose answer never came, or of one that another try is still sending.

        :param own: no other try can be sending it.
        """
        client = recorded_client(intent, self.open_client)
        found: tuple[Generation, ...] | None = ()
        for pause in RECONCILE_DELAYS:
            self.clock.sleep(pause)
            if self._has_moved_on(intent):
                raise RecordChanged("Another try knows what became of the request.")
            found = self._find(client, request, intent)
            if found or (found is None and own):
                break
        if found is None:
            return self._orphaned(request, intent, "this vendor has no way to look it up")
        if len(found) == 1:
            log.info(
                "Adopted generation %s: %s had accepted this request.", found[0].generation_id, intent.vendor
            )
            return self._store_id(intent, found[0])
        if found:
            ids = ", ".join(generation.generation_id for generation in found)
            return self._orphaned(request, intent, f"several generations could be it: {ids}")
        if intent.account_id not in (None, client.account_id):
            return self._orphaned(request, intent, "the connection's key or host has changed since")
        if client.finds_by_key:
            return self._send_again(client, request, intent)
        return self._orphaned(request, intent, "the vendor's list does not show it", unbilled=True)

    def _find(
        self, client: PayingClient, request: GenerationRequest, intent: SubmissionRecord
    ) -> tuple[Generation, ...] | None:
        """What may have become of the intent; ``None`` where the vendor cannot be asked."""
        try:
            candidates = client.generations.find(request, intent.intent_id, intent.intended_at)
        except Unsupported:
            return None
        except SeedanceError as error:
            raise outcome_unknown(request, intent, error) from error
        return tuple(candidate for candidate in candidates if not _is_older(candidate, intent))

    def _has_moved_on(self, intent: SubmissionRecord) -> bool:
        """Whether another try has learned by now what became of this intent, or has made the next one."""
        try:
            record = self.store.read()
        except StateUnreadable:
            # The vendor can still be asked, and its answer is what counts.
            return False
        if record is None:
            return False
        return record.intent_id != intent.intent_id or bool(record.generation_id or record.outcome)

    def _send_again(
        self, client: PayingClient, request: GenerationRequest, intent: SubmissionRecord
    ) -> Submission:
        """The vendor knows each request by our key and has none with this one: it was surely not accepted."""
        self.check(intent.seedance_conn_id, intent.earlier_generation_ids)
        order = self.describe(intent.seedance_conn_id)
        # Its estimate may have been given back: the vendor has no generation with this key.
        self._begin(intent, request, client)
        try:
            created = self._create(client, request, intent)
        except SeedanceError as error:
            if not error.maybe_accepted:
                self.store.write(intent.replace(outcome=Refused.by(error)))
                raise
            raise outcome_unknown(request, self._with_unread_reply(intent, error), error) from error
        return self._accepted(intent, created, order)

    def _orphaned(
        self, request: GenerationRequest, intent: SubmissionRecord, why: str, *, unbilled: bool = False
    ) -> Submission:
        if intent.unread_reply:
            why = f"{why}; the create was answered: {intent.unread_reply}"
        if self.policies.on_orphaned_intent == "resubmit":
            log.warning(
                "Intent %s: %s; on_orphaned_intent='resubmit' pays for a new one.", intent.intent_id, why
            )
            return self._pay(request, intent, unbilled=unbilled)
        raise orphaned_intent(request, intent, why)


def _is_older(generation: Generation, intent: SubmissionRecord) -> bool:
    """Whether a generation existed before the intent, so that it cannot be what became of it."""
    created_at = generation.created_at
    return created_at is not None and created_at < intent.intended_at - CLOCK_SKEW

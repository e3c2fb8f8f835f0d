"""The attempts of one task at its video: what each orders, and what is checked before it is paid for."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.operators._arguments import (
    conn_ids,
    overwrite_of,
    policies,
    refuse_media,
    request_changes,
    seconds,
)
from airflow_provider_seedance.operators._deferral import defer_until, defer_until_room
from airflow_provider_seedance.operators._request import TaskRequest

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.media.content import RequestMedia
    from airflow_provider_seedance.core.submission.attempts import AttemptPlan, Place, Turn
    from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord
    from airflow_provider_seedance.core.submission.submit import Submission, Submitter
    from airflow_provider_seedance.core.submission.submit_attempts import AttemptSubmitter
    from airflow_provider_seedance.models import Cost, GenerationRequest
    from airflow_provider_seedance.runtime.clients import ClientPool


#: A shorter pause is not worth a deferral, which takes Airflow some ten seconds. Seconds.
SHORTEST_DEFERRAL = 20.0


def attempt_plan(operator: Any, *, without_media: bool = False) -> AttemptPlan:
    """The connections and the changes that an operator names, once its arguments are rendered.

    :param without_media: refuse changes of media.
    :raises ConfigurationError: naming what is wrong.
    """
    from airflow_provider_seedance.core.submission.attempts import DEFAULT_FAILOVER_AFTER, AttemptPlan

    changes = request_changes("on_moderation", operator.on_moderation)
    if without_media:
        refuse_media("on_moderation", changes)
    after = seconds("failover_after", operator.failover_after) or DEFAULT_FAILOVER_AFTER
    connections = conn_ids("seedance_conn_id", operator.seedance_conn_id)
    return AttemptPlan(connections, changes, timedelta(seconds=after))


class VideoReused(Exception):
    """An equal request to the vendor of the next attempt has a video already; ``result`` is what the task returns."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class TaskAttempts:
    """The attempts of a task at its video, in their order: over connections, and over changes of the request.

    :param operator: the generate operator, its arguments rendered.
    :param store: where the task's record lives.
    """

    def __init__(self, operator: Any, context: Context, store: RecordStore, clients: ClientPool) -> None:
        self._operator = operator
        self._context = context
        self._store = store
        self._clients = clients
        self.plan = attempt_plan(operator)
        self._request = TaskRequest(operator, self.plan.changes)

    def check_readable(self) -> None:
        """Check that the request's values can be read.

        :raises RequestInvalid: if not, with what the first connection's vendor does not take in the rest.
        """
        from airflow_provider_seedance.core.catalog.problems import all_problems
        from airflow_provider_seedance.errors import RequestInvalid

        try:
            self._request.request()
            return
        except RequestInvalid as invalid:
            found = invalid.problems
        client = self._clients(self.plan.first.connection)
        fields = {name: getattr(self._operator, name) for name in REQUEST_FIELDS}
        raise RequestInvalid(all_problems(found, fields, client.catalog.prepare), vendor=client.vendor_name)

    def client(self, conn_id: str) -> SeedanceClient:
        """The client of a connection, open as long as the task is worked on."""
        return self._clients(conn_id)

    def submit(self) -> Submission:
        """The generation to wait for; where a budget leaves no room, and the task is to wait for it, defer."""
        from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
        from airflow_provider_seedance.runtime.xcom import push_generation_id

        try:
            submission = self._submitter.submit()
        except SpendLimitReached as reached:
            if self._operator.on_budget == "wait":
                carried = self._operator._carried(self._store)
                defer_until_room(self._operator, reached, "submit_again", carried or None)
            raise
        push_generation_id(self._context, submission.record.generation_id)
        client = self._clients(submission.record.seedance_conn_id)
        self._operator._show_console(self._context, client.settings)
        return submission

    def next_in_words(self) -> str | None:
        """The attempt that is to be made at once, since the one on record has ended so; ``None`` if none is."""
        from airflow_provider_seedance.errors import StateUnreadable

        try:
            return self._submitter.next_in_words()
        except StateUnreadable as fault:
            self._operator.log.warning("%s No further attempt is made.", fault)
            return None

    def check_first(self) -> None:
        """Check the only attempt before anything else is done; one of several is checked in its turn."""
        if len(self.plan.connections) == 1 and not self.plan.changes:
            self._check_before_paying(self._clients(self.plan.first.connection), self._media(0), ())

    def tell_unfit(self) -> None:
        """Log which of the other attempts could not be made, before the first one is."""
        from airflow_provider_seedance.core.submission.submit_attempts import tell_unfit

        def prepare(place: Place) -> None:
            self._clients(place.connection).catalog.prepare(self._media(place.rung).request)

        if self._store.read() is None:
            tell_unfit(self.plan, prepare)

    def preview(self) -> dict[str, Any]:
        """What the first attempt would send, with how the connection's budgets stand; nothing is submitted.

        What a submission would refuse is refused.
        """
        from airflow_provider_seedance.core.lifecycle.preview import preview
        from airflow_provider_seedance.runtime.ledger import standings
        from airflow_provider_seedance.runtime.task_state import identity_of

        conn_id = self.plan.first.connection
        client, media, record = self._clients(conn_id), self._media(0), self._store.read()
        self._check_before_paying(client, media, record.all_generation_ids if record else ())
        budgets = standings(client, conn_id, identity_of(self._context))
        shown = preview(client, media.request, budgets)
        self._operator.log.info(
            "Preview for %s, nothing is submitted: %s.",
            client.vendor_name,
            self._in_words(client, media.request),
        )
        return shown

    def reused(self) -> dict[str, Any] | None:
        """The result for a video of an equal request, unless the task goes on with a generation of its own.

        It is looked for at the first connection that takes the request, and at the others before they are paid.
        """
        from airflow_provider_seedance.core.submission.attempts import Place
        from airflow_provider_seedance.errors import RequestInvalid

        for connection in self.plan.connections:
            try:
                return self._reused_at(Place(connection))
            except RequestInvalid:
                if connection == self.plan.connections[-1]:
                    raise
        return None

    def _reused_at(self, place: Place) -> dict[str, Any] | None:
        from airflow_provider_seedance.core.lifecycle.result import with_attempts
        from airflow_provider_seedance.runtime.ledger import reuse_of

        operator, record = self._operator, self._store.read()
        if record is not None and (record.blocks_new_payment or operator.on_clear == "regenerate"):
            return None
        conn_id, request = place.connection, self._media(place.rung).request
        client = self._clients(conn_id)
        client.catalog.prepare(request)
        result = reuse_of(seconds("reuse_max_age", operator.reuse_max_age), overwrite_of(operator)).result(
            request, vendor=client.vendor_name, seedance_conn_id=conn_id, destination=operator.destination
        )
        if result:
            manifest = result["manifest"]
            operator.log.info("Reused %s as %s; nothing is paid.", manifest["reused_from"], manifest["uri"])
        return result and with_attempts(result, record)

    def _media(self, rung: int) -> RequestMedia:
        return self._request.media(self._store.read(), rung)

    @cached_property
    def _submitter(self) -> AttemptSubmitter:
        from airflow_provider_seedance.core.submission.submit_attempts import AttemptSubmitter
        from airflow_provider_seedance.runtime.task_state import identity_of

        return AttemptSubmitter(
            self.plan,
            self._store,
            self._submitter_at,
            lambda rung: self._media(rung).request,
            task=identity_of(self._context),
            policies=policies(self._operator),
            clock=clock.SYSTEM_CLOCK,
            pause=self._pause,
            trouble=self._operator._trouble,
        )

    def _pause(self, seconds: float) -> None:
        """Let a connection in trouble have its time: a moment here, and more of it without a worker."""
        operator = self._operator
        if not operator.deferrable or seconds < SHORTEST_DEFERRAL:
            clock.SYSTEM_CLOCK.sleep(seconds)
            return
        carried = {
            **operator._carried(self._store),
            "trouble": self._submitter.trouble.model_dump(mode="json"),
        }
        moment = clock.utc_now(clock.SYSTEM_CLOCK) + timedelta(seconds=seconds)
        defer_until(operator, moment, "submit_again", carried)

    def _submitter_at(self, place: Place, turn: Turn) -> Submitter:
        from airflow_provider_seedance.core.lifecycle.deliver import is_video_kept
        from airflow_provider_seedance.core.media.deliver import DeliveringClients
        from airflow_provider_seedance.core.submission.submit import Submitter
        from airflow_provider_seedance.runtime.callbacks import callback_url_of
        from airflow_provider_seedance.runtime.ledger import begin_in_ledger
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import identity_of

        operator, media = self._operator, self._media(place.rung)
        delivering = DeliveringClients(self._clients, media, self._request.delivery)

        def check(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
            if operator.reuse and place != self.plan.first and (reused := self._reused_at(place)):
                raise VideoReused(reused)
            self._check_before_paying(self._clients(conn_id), media, earlier_ids, self._spent(conn_id, media))
            delivering(conn_id).prepare()

        task, callbacks = identity_of(self._context), operator.deferrable
        return Submitter(
            delivering,
            self._store,
            task,
            place.connection,
            policies(operator),
            timeout=operator._timeout_seconds(media.request.service_tier),
            queue_timeout=seconds("queue_timeout", operator.queue_timeout),
            clock=clock.SYSTEM_CLOCK,
            check=check,
            media=media.keys,
            describe=lambda conn_id: self._in_words(self._clients(conn_id), media.request),
            estimate=lambda conn_id: self._clients(conn_id).estimate_cost(media.request),
            begin=begin_in_ledger(self._store),
            video_kept=lambda record: is_video_kept(record, operator.destination, path_from_uri),
            callback_url=callback_url_of(task, media.request, self._clients) if callbacks else None,
            turn=turn,
        )

    def _spent(self, conn_id: str, media: RequestMedia) -> list[Cost]:
        """What the attempts since the last clear have cost, or may cost, beside the one that is about to be sent."""
        from airflow_provider_seedance.core.submission.fingerprint import fingerprint
        from airflow_provider_seedance.core.submission.max_cost import spent_since_clear
        from airflow_provider_seedance.runtime.task_state import identity_of

        task, client = identity_of(self._context), self._clients(conn_id)
        key = fingerprint(media.request) if client.finds_by_key else None
        return spent_since_clear(self._store.read(), task, sent_again=(client.account_id, key))

    def _in_words(self, client: SeedanceClient, request: GenerationRequest) -> str:
        from airflow_provider_seedance.core.lifecycle.describe import order_in_words

        estimate = client.estimate_cost(request)
        return order_in_words(request, estimate, destination=self._operator.destination)

    def _check_before_paying(
        self,
        client: SeedanceClient,
        media: RequestMedia,
        earlier_ids: tuple[str, ...],
        spent: list[Cost] | None = None,
    ) -> None:
        from airflow_provider_seedance.core.submission.max_cost import check_balance, check_budget
        from airflow_provider_seedance.runtime.ledger import check_has_ledger

        operator, request = self._operator, media.request
        prepared = client.catalog.prepare(request)
        self._check_own_keys(client, request)
        self._request.delivery.check(client, media)
        check_has_ledger(client)
        check_balance(client)
        check_budget(
            client.estimate_cost(request), operator.max_cost, vendor=client.vendor_name, spent=spent or ()
        )
        operator._check_destination_before_paying(self._context, client, request, prepared.model, earlier_ids)

    def _check_own_keys(self, client: SeedanceClient, request: GenerationRequest) -> None:
        """Refuse changes beside a key that all attempts would share: the vendor answers it with the first one's video.

        :raises RequestInvalid: if the request brings such a key.
        """
        from airflow_provider_seedance.core.diagnosis import Problem
        from airflow_provider_seedance.errors import RequestInvalid

        if self.plan.changes and not client.has_own_keys(request):
            reason = (
                "it sets the key of the request, and with on_moderation each attempt needs a key of its own"
            )
            problem = Problem("vendor_options", request.vendor_options, reason)
            raise RequestInvalid([problem], vendor=client.vendor_name)


def request_on_record(operator: Any, record: SubmissionRecord | None) -> GenerationRequest:
    """The request of the attempt on record; its files are not read again."""
    changes = request_changes("on_moderation", operator.on_moderation)
    return TaskRequest(operator, changes).on_record(record)

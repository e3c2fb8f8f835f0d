"""What is said to a vendor, written once and without I/O: generators that yield requests and pauses, retries too.

The sync and the async client only perform the steps, so the two cannot differ in what they decide.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import count
from typing import TypeVar

from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS, pause_before_retry
from airflow_provider_seedance.core.diagnosis import remedy_of
from airflow_provider_seedance.core.library import FilePage, FileQuota, UploadedFile
from airflow_provider_seedance.core.vendors.contract import (
    Call,
    FileCalls,
    HttpRequest,
    HttpResponse,
    Listing,
    Upload,
    Vendor,
)
from airflow_provider_seedance.core.vendors.diagnosis import locate
from airflow_provider_seedance.errors import (
    Conflict,
    IntermediaryReply,
    Kind,
    MalformedReply,
    NotFound,
    Problem,
    Redirected,
    RequestInvalid,
    SeedanceError,
    Unsupported,
    VendorRefusal,
)
from airflow_provider_seedance.models import (
    Balance,
    Failed,
    Generation,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
    Status,
    parse_generation_id,
)

T = TypeVar("T")

#: What may be the fault of the connection.
_CONNECTION_KINDS = (Kind.AUTHENTICATION, Kind.BALANCE, Kind.CONNECTION, Kind.CONFIGURATION)
#: How far the vendor's clock may be behind ours.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class Send:
    """Send this request.

    :param single_use_connection: give it a connection of its own, so that "not sent" is certain if it fails.
    """

    request: HttpRequest
    single_use_connection: bool


@dataclass(frozen=True)
class Pause:
    """Wait this many seconds."""

    seconds: float


Step = Send | Pause
Flow = Generator[Step, HttpResponse | None, T]


class Cancellation(str, Enum):
    """What became of a wish to cancel."""

    CANCELLED = "cancelled"
    #: Too late: it runs, will finish, and will be billed.
    RUNNING = "running"
    #: It had already ended.
    ENDED = "ended"


def _as_it_is(request: GenerationRequest) -> GenerationRequest:
    return request


@dataclass(frozen=True)
class Flows:
    """What all flows have in common.

    :param vendor: the vendor's dialect.
    :param chance: draws a random number in [0, 1), for jitter.
    :param attempts: how often one request is sent at most.
    :param host: where requests go, for messages.
    :param connection: the id of the Airflow connection, for messages about what may be wrong with it.
    """

    vendor: Vendor
    chance: Callable[[], float]
    attempts: int = MAX_ATTEMPTS
    host: str = "the host"
    connection: str | None = None

    def _exchange(self, call: Call[T], generation_id: str | None = None) -> Flow[T]:
        """Send a request, again if need be, and read its answer."""
        for attempt in count(1):
            try:
                response = yield Send(call.request, single_use_connection=not call.repeatable)
                return call.read(_not_redirected(response, to_read=call.repeatable))
            except SeedanceError as error:
                error.about(vendor=self.vendor.name, generation_id=generation_id)
                if error.kind in _CONNECTION_KINDS or isinstance(error, IntermediaryReply):
                    error.about(connection=self.connection)
                if generation_id is None and error.http_status == 404:
                    self._name_host(error)
                pause = pause_before_retry(
                    error,
                    attempt,
                    repeatable=call.repeatable,
                    chance=self.chance(),
                    attempts=self.attempts,
                )
                if pause is None:
                    raise
            yield Pause(pause)
        raise AssertionError("unreachable")

    def _offered(self, call: T | None, what: str) -> T:
        """A call that not every vendor offers."""
        if call is None:
            raise Unsupported(f"this vendor cannot {what}", vendor=self.vendor.name)
        return call

    def _name_host(self, error: SeedanceError) -> None:
        """A 404 to a request that is about no generation usually means that the host is not the vendor's API."""
        error.about(connection=self.connection)
        error.args = (f"{self.host} answered that it does not have this: {error.message}",)
        error.advice = (
            "If the message names nothing of the request, check the connection's host: its API is not there."
        )


@dataclass(frozen=True)
class GenerationFlows(Flows):
    """Making generations and following them.

    :param prepare: checks a request and gives it the vendor's own model id.
    """

    prepare: Callable[[GenerationRequest], GenerationRequest] = _as_it_is

    def create(
        self, request: GenerationRequest, intent_id: str | None = None, callback_url: str | None = None
    ) -> Flow[Pending]:
        """Check and submit ``request``. It is sent once, unless it surely had no effect.

        :param intent_id: marks it, so that :meth:`find` can recognise what became of it.
        :param callback_url: where the vendor is to tell of the end, if it can; one in the request is left alone.
        :raises RequestInvalid: before anything is sent.
        :raises SeedanceError: ``maybe_accepted`` tells whether the vendor may have taken it all the same.
        """
        marked = self._marked(self.prepare(request), intent_id)
        called_back = self._called_back(marked, callback_url)
        try:
            return (yield from self._exchange(self.vendor.generations.create(called_back)))
        except VendorRefusal as error:
            error.diagnosis = locate(error.diagnosis, self.vendor.generations.parameters, marked)
            if error.advice == error.kind.traits.advice:
                error.advice = remedy_of(error.kind, error.diagnosis)
            raise

    def find(
        self, request: GenerationRequest, intent_id: str, since: datetime
    ) -> Flow[tuple[Generation, ...]]:
        """The generations that may be what became of a request whose answer was lost.

        :param intent_id: as it was given to :meth:`create`.
        :param since: when it was sent.
        :raises Unsupported: where the vendor has no way to look it up.
        """
        prepared = self.prepare(request)
        marked = self._marked(prepared, intent_id)
        calls = self.vendor.generations
        if calls.find is not None:
            try:
                return ((yield from self._exchange(calls.find(marked))),)
            except NotFound:
                return ()
        if self.vendor.listing is None or calls.matches is None:
            raise Unsupported("this vendor cannot look a lost generation up", vendor=self.vendor.name)
        if marked == prepared:
            raise Unsupported(
                "the request carries no mark that tells it from its like", vendor=self.vendor.name
            )
        found = []
        for seen in (yield from self.list_all()):
            if seen.created_at and seen.created_at >= since - CLOCK_SKEW and calls.matches(marked, seen):
                found.append(seen)
        return tuple(found)

    def get(self, generation_id: str) -> Flow[Generation]:
        """How a generation stands.

        :raises NotFound: if the vendor does not know it, or no longer.
        :raises RequestInvalid: for a text that cannot be an id.
        """
        generation_id = parse_generation_id(generation_id)
        seen = yield from self._exchange(self.vendor.generations.get(generation_id), generation_id)
        return self.located(seen) if isinstance(seen, Failed) else seen

    def located(self, failed: Failed, request: GenerationRequest | None = None) -> Failed:
        """A failed generation with the field at fault, as far as that can be told.

        :param request: what it was made of, if that is known.
        """
        failure = failed.failure
        diagnosis = locate(failure.diagnosis, self.vendor.generations.parameters, request)
        return failed.model_copy(update={"failure": failure.model_copy(update={"diagnosis": diagnosis})})

    def list(self, query: ListQuery) -> Flow[GenerationPage]:
        """One page of the account's generations.

        :raises Unsupported: where the vendor has no list.
        :raises RequestInvalid: for a page that the vendor cannot give.
        """
        listing = self._listing()
        if problems := _outside(query, listing):
            raise RequestInvalid(problems, vendor=self.vendor.name)
        query = query.model_copy(update={"ids": tuple(map(parse_generation_id, query.ids))})
        return (yield from self._exchange(listing.list(query)))

    def list_all(self, status: Status | None = None) -> Flow[tuple[Generation, ...]]:
        """All that the vendor lists: every service tier, every page.

        :param status: only those that have it.
        :raises Unsupported: where the vendor has no list.
        """
        listing = self._listing()
        size = listing.largest_page_size
        listed: dict[str, Generation] = {}
        for tier in listing.service_tiers:
            for page in range(1, listing.last_page + 1):
                query = ListQuery(status=status, service_tier=tier, page=page, page_size=size)
                answer = yield from self.list(query)
                listed.update((seen.generation_id, seen) for seen in answer.items)
                if page * size >= answer.total or not answer.items:
                    break
        return tuple(listed.values())

    def cancel(self, generation_id: str) -> Flow[Cancellation]:
        """Cancel what is still queued. Looks first: on a finished one the vendor's call would delete the record.

        :raises Unsupported: where the vendor cannot cancel.
        """
        cancel = self.vendor.generations.cancel
        if cancel is None:
            raise Unsupported(
                "this vendor cannot cancel: the generation runs on and will be billed",
                vendor=self.vendor.name,
                generation_id=generation_id,
            )
        seen = yield from self.get(generation_id)
        if seen.status is not Status.QUEUED:
            return Cancellation.RUNNING if seen.status is Status.RUNNING else Cancellation.ENDED
        # Sent one time only: until a second it may have ended, and then the call would delete its record.
        try:
            yield from replace(self, attempts=1)._exchange(cancel(generation_id), generation_id)
        except Conflict:
            return Cancellation.RUNNING
        return Cancellation.CANCELLED

    def _marked(self, prepared: GenerationRequest, intent_id: str | None) -> GenerationRequest:
        mark = self.vendor.generations.mark
        return prepared if intent_id is None or mark is None else mark(prepared, intent_id)

    def _called_back(self, marked: GenerationRequest, callback_url: str | None) -> GenerationRequest:
        callbacks = self.vendor.callbacks
        if callbacks is None or callback_url is None:
            return marked
        return marked.model_copy(
            update={"vendor_options": {callbacks.field: callback_url, **marked.vendor_options}}
        )

    def _listing(self) -> Listing:
        if self.vendor.listing is None:
            raise Unsupported("this vendor cannot list generations", vendor=self.vendor.name)
        return self.vendor.listing


@dataclass(frozen=True)
class FileFlows(Flows):
    """Files at the vendor's file service."""

    def upload(self, file: Upload) -> Flow[UploadedFile]:
        """Put a file where the vendor can fetch it.

        :raises Unsupported: where the vendor has no file service.
        """
        return (yield from self._exchange(self._files().upload(file)))

    def list(self, page: int = 1) -> Flow[FilePage]:
        """One page of the account's uploads, a hundred of them.

        :raises Unsupported: where the vendor has no such list.
        """
        return (yield from self._exchange(self._offered(self._files().list, "list uploads")(page)))

    def quota(self) -> Flow[FileQuota]:
        """How many uploads there are, and may be.

        :raises Unsupported: where the vendor does not tell.
        """
        return (
            yield from self._exchange(
                self._offered(self._files().quota, "tell how many uploads there may be")()
            )
        )

    def delete(self, file_id: str) -> Flow[None]:
        """Delete an upload.

        :raises Unsupported: where the vendor cannot.
        """
        return (yield from self._exchange(self._offered(self._files().delete, "delete uploads")(file_id)))

    def _files(self) -> FileCalls:
        if self.vendor.files is None:
            raise Unsupported("this vendor has no file service", vendor=self.vendor.name)
        return self.vendor.files


@dataclass(frozen=True)
class AccountFlows(Flows):
    """What concerns the account, and no generation."""

    def balance(self) -> Flow[Balance]:
        """What is left to spend: the lowest of the vendor's limits.

        :raises Unsupported: where the vendor does not tell.
        """
        balance = self.vendor.account.balance
        if balance is None:
            raise Unsupported("this vendor does not tell its balance", vendor=self.vendor.name)
        limits = []
        for call in balance():
            limits.append((yield from self._exchange(call)))
        return min(limits, key=lambda limit: float("inf") if limit.amount is None else limit.amount)

    def probe(self) -> Flow[None]:
        """Prove the key with a free request.

        :raises SeedanceError: saying what is wrong.
        """
        try:
            return (yield from self._exchange(self.vendor.account.probe()))
        except MalformedReply as error:
            error.about(connection=self.connection)
            error.args = (f"{self.host} does not answer as {self.vendor.name} does: {error.message}",)
            error.advice = "Check the connection's host: the vendor's API is not there."
            raise


def _outside(query: ListQuery, listing: Listing) -> list[Problem]:
    """What a query asks for beyond the vendor's bounds."""
    bounds = {"page": listing.last_page, "page_size": listing.largest_page_size}
    return [
        Problem(name, asked, f"at most {bound}")
        for name, bound in bounds.items()
        if (asked := getattr(query, name)) and asked > bound
    ]


def _not_redirected(response: HttpResponse | None, *, to_read: bool) -> HttpResponse:
    """The answer, unless it points elsewhere: the key is not sent after a redirect.

    A reading can be answered so by a login gate, for a while.
    """
    assert response is not None
    if not 300 <= response.status < 400:
        return response
    message = f"the host answered with a redirect (HTTP {response.status}): it is not the vendor's API"
    if to_read:
        raise IntermediaryReply(message, http_status=response.status, retry_after=response.retry_after)
    raise Redirected(message, http_status=response.status)

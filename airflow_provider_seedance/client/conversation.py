"""What is said to a vendor, written once: generators that yield steps and receive answers.

The sync and the async client only carry the steps out, so the two cannot differ in what they decide.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import TypeVar

from airflow_provider_seedance.client.retry import pause_before_retry
from airflow_provider_seedance.errors import ConfigurationError, Conflict, SeedanceError, Unsupported
from airflow_provider_seedance.models import (
    Balance,
    Generation,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
    Status,
)
from airflow_provider_seedance.vendors.wire import Call, HttpRequest, HttpResponse, Vendor

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send this request. A ``paid`` one goes out on a connection of its own, so that "not sent" is certain."""

    request: HttpRequest
    paid: bool


@dataclass(frozen=True)
class Pause:
    """Wait this many seconds."""

    seconds: float


Step = Send | Pause
Conversation = Generator[Step, HttpResponse | None, T]


class Cancellation(str, Enum):
    """What became of a wish to cancel."""

    CANCELLED = "cancelled"
    #: Too late: it runs, will finish, and will be billed.
    RUNNING = "running"
    #: It had already ended.
    ENDED = "ended"


@dataclass(frozen=True)
class Talk:
    """The conversations with one vendor.

    :param vendor: the vendor's dialect.
    :param chance: draws a random number in [0, 1), for jitter.
    """

    vendor: Vendor
    chance: Callable[[], float]

    def create(self, prepared: GenerationRequest) -> Conversation[Pending]:
        """Submit a request that the catalog has prepared. Sent once, unless it surely had no effect."""
        return (yield from self._exchange(self.vendor.create(prepared)))

    def get(self, generation_id: str) -> Conversation[Generation]:
        return (yield from self._exchange(self.vendor.get(generation_id), generation_id))

    def list(self, query: ListQuery) -> Conversation[GenerationPage]:
        if self.vendor.list is None:
            raise Unsupported("this vendor cannot list generations", vendor=self.vendor.name)
        return (yield from self._exchange(self.vendor.list(query)))

    def cancel(self, generation_id: str) -> Conversation[Cancellation]:
        """Cancel what is still queued. Looks first: on a finished one the vendor's call would delete the record."""
        if self.vendor.cancel is None:
            raise Unsupported(
                "this vendor cannot cancel: the generation runs on and will be billed",
                vendor=self.vendor.name,
                generation_id=generation_id,
            )
        seen = yield from self.get(generation_id)
        if seen.status is not Status.QUEUED:
            return Cancellation.RUNNING if seen.status is Status.RUNNING else Cancellation.ENDED
        try:
            yield from self._exchange(self.vendor.cancel(generation_id), generation_id)
        except Conflict:
            return Cancellation.RUNNING
        return Cancellation.CANCELLED

    def balance(self) -> Conversation[Balance]:
        """What is left to spend: the lowest of the vendor's limits."""
        if self.vendor.balance is None:
            raise Unsupported("this vendor does not tell its balance", vendor=self.vendor.name)
        limits = []
        for call in self.vendor.balance():
            limits.append((yield from self._exchange(call)))
        return min(limits, key=lambda limit: float("inf") if limit.amount is None else limit.amount)

    def probe(self) -> Conversation[None]:
        """Prove the key, free of charge."""
        return (yield from self._exchange(self.vendor.probe()))

    def _exchange(self, call: Call[T], generation_id: str | None = None) -> Conversation[T]:
        for attempt in count(1):
            try:
                response = yield Send(call.request, paid=not call.repeatable)
                return call.read(_direct(response))
            except SeedanceError as error:
                error.about(vendor=self.vendor.name, generation_id=generation_id)
                pause = pause_before_retry(error, attempt, repeatable=call.repeatable, chance=self.chance())
                if pause is None:
                    raise
            yield Pause(pause)
        raise AssertionError("unreachable")


def _direct(response: HttpResponse | None) -> HttpResponse:
    """The answer, unless it points elsewhere: the key is not sent after a redirect."""
    assert response is not None
    if 300 <= response.status < 400:
        raise ConfigurationError(
            f"the host answered with a redirect (HTTP {response.status}): it is not the vendor's API"
        )
    return response

"""The seam between our words and a vendor's: HTTP as plain values, and what a vendor module must offer.

No vendor knows sockets, clocks or Airflow. It turns a request into an :class:`HttpRequest` and an
:class:`HttpResponse` into a value or a typed error; the sync and the async client share every line of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar

from airflow_provider_seedance.errors import MalformedReply
from airflow_provider_seedance.models import (
    Balance,
    Generation,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
)

T = TypeVar("T", covariant=True)
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


@dataclass(frozen=True)
class HttpRequest:
    """What to send, below the vendor's base URL."""

    method: Literal["GET", "POST", "DELETE"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class HttpResponse:
    """What came back. Header names are lower-case; ``received_at`` is the epoch second of arrival."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    received_at: float

    @property
    def retry_after(self) -> float | None:
        """Seconds the vendor asks to wait, from either form of ``Retry-After``; ``None`` if unreadable."""
        raw = self.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(raw):
            return float(raw)
        try:
            moment = parsedate_to_datetime(raw)
        except (TypeError, ValueError, OverflowError):
            return None
        if moment.tzinfo is None:  # "-0000"; HTTP dates are always UTC
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, moment.timestamp() - self.received_at)

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object.

        :raises MalformedReply: for an empty body, an HTML page, or JSON of another type.
        """
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict):
            return body
        start = self.content[:60].decode("utf-8", "replace").strip()
        what = f"starts with {start!r}" if start else "is empty"
        raise MalformedReply(
            f"the answer is not a JSON object: its body {what}",
            http_status=self.status,
            retry_after=self.retry_after,
        )


@dataclass(frozen=True)
class Call(Generic[T]):
    """One exchange: the request, and how to read its answer (a value, or a raised error).

    ``repeatable``: sending it twice does what sending it once does. Never true of a create or a cancel.
    """

    request: HttpRequest
    read: Callable[[HttpResponse], T]
    repeatable: bool = True


@dataclass(frozen=True)
class Vendor:
    """What one vendor offers, as data and pure functions; what it does not have is ``None``."""

    name: str
    #: Region -> base URL; the first one is the default. The key may be sent to these hosts and no others.
    base_urls: Mapping[str, str]
    create: Callable[[GenerationRequest], Call[Pending]]
    get: Callable[[str], Call[Generation]]
    #: A free request that only a valid key passes.
    probe: Callable[[], Call[None]]
    list: Callable[[ListQuery], Call[GenerationPage]] | None = None
    #: Cancels what is queued; on a finished generation the same call would delete its record.
    cancel: Callable[[str], Call[None]] | None = None
    #: Adds to a prepared request what makes it recognisable as one intent's, where the vendor has a field for that.
    mark: Callable[[GenerationRequest, str], GenerationRequest] | None = None
    #: Looks a marked request's generation up by its mark: the vendor knows for sure whether it has one.
    find: Callable[[GenerationRequest], Call[Generation]] | None = None
    #: Whether a listed generation may be what became of a marked request, by all that the vendor echoes.
    matches: Callable[[GenerationRequest, Generation], bool] | None = None
    #: One call for each limit on spending; the lowest of the answers counts.
    balance: Callable[[], Sequence[Call[Balance]]] | None = None

    @property
    def default_region(self) -> str:
        return next(iter(self.base_urls))

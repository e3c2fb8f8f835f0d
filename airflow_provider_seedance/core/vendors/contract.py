"""The seam between our words and a vendor's: HTTP as plain values, and what a vendor package must offer.

No vendor knows sockets, clocks or Airflow. It turns a request into an :class:`HttpRequest` and an
:class:`HttpResponse` into a value or a typed error; the sync and the async client share every line of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, Generic, Literal, TypeVar

from airflow_provider_seedance.core.backoff import read_retry_after
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

#: The name of the service that every vendor has: its API.
API = "api"


class Credential(str, Enum):
    """What a request shows to prove who sends it."""

    #: The connection's API key, as ``Authorization: Bearer``.
    BEARER = "bearer"
    #: A signature by an access key, over the request.
    SIGNATURE = "signature"
    #: Nothing.
    NONE = "none"


@dataclass(frozen=True)
class Service:
    """One of a vendor's hosts.

    :param name: what an :class:`HttpRequest` calls it.
    :param base_urls: region -> base URL, without a trailing slash. The credential is sent to no others.
    """

    name: str
    base_urls: Mapping[str, str]
    credential: Credential = Credential.BEARER


@dataclass(frozen=True)
class JsonBody:
    """A JSON object."""

    json: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class FilePart:
    """A file in a form.

    :param name: of the form's field.
    :param open: opens the file at its beginning; called anew for each time that the request is sent.
    """

    name: str
    filename: str
    content_type: str
    open: Callable[[], BinaryIO] = field(repr=False)


@dataclass(frozen=True)
class FormBody:
    """A form, as ``multipart/form-data``. Its files are streamed, not read into memory."""

    files: Sequence[FilePart]
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class HttpRequest:
    """What to send, below the base URL of one of the vendor's services."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: JsonBody | FormBody | None = None
    service: str = API


@dataclass(frozen=True)
class HttpResponse:
    """What came back. Header names are lower-case; ``received_at`` is the epoch second of arrival."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    received_at: float

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait; see :func:`.read_retry_after`."""
        return read_retry_after(self.headers.get("retry-after", ""), self.received_at)

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
class GenerationCalls:
    """Making one generation, and following it."""

    create: Callable[[GenerationRequest], Call[Pending]]
    get: Callable[[str], Call[Generation]]
    #: Cancels what is queued; on a finished generation the same call would delete its record.
    cancel: Callable[[str], Call[None]] | None = None
    #: Adds to a prepared request what makes it recognisable as one intent's, where the vendor has a field for that.
    mark: Callable[[GenerationRequest, str], GenerationRequest] | None = None
    #: Looks a marked request's generation up by its mark: the vendor knows for sure whether it has one.
    find: Callable[[GenerationRequest], Call[Generation]] | None = None
    #: Whether a listed generation may be what became of a marked request, by all that the vendor echoes.
    matches: Callable[[GenerationRequest, Generation], bool] | None = None


@dataclass(frozen=True)
class Listing:
    """Reading many generations in one answer."""

    list: Callable[[ListQuery], Call[GenerationPage]]
    #: An answer shows the generations of one tier only; these are all of them, the usual one first.
    service_tiers: tuple[str, ...]
    #: Generations in one answer, at most.
    largest_page_size: int
    #: Number of the last page that may be asked for.
    last_page: int
    #: Generation ids in one request, at most.
    ids_per_request: int


@dataclass(frozen=True)
class AccountCalls:
    """What concerns the account, and no generation."""

    #: A free request that only a valid key passes.
    probe: Callable[[], Call[None]]
    #: One call for each limit on spending; the lowest of the answers counts.
    balance: Callable[[], Sequence[Call[Balance]]] | None = None


@dataclass(frozen=True)
class Vendor:
    """What one vendor offers, in groups of pure functions; a group that it does not have is ``None``.

    :param services: the hosts that it is reached at; the first one is the API.
    :param catalog: the JSON file with what its models take; ``None`` for a vendor whose file this package has.
    """

    name: str
    services: tuple[Service, ...]
    generations: GenerationCalls
    account: AccountCalls
    listing: Listing | None = None
    catalog: Path | None = None

    @property
    def regions(self) -> tuple[str, ...]:
        """The first one is the default."""
        return tuple(self.services[0].base_urls)

    def service(self, name: str) -> Service:
        """The service of that name."""
        return next(service for service in self.services if service.name == name)

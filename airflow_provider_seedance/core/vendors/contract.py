"""The seam between our words and a vendor's: HTTP as plain values, and what a vendor package must offer.

No vendor knows sockets, clocks or Airflow. It turns a request into an :class:`HttpRequest` and an
:class:`HttpResponse` into a value or a typed error; the sync and the async client share every line of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, Generic, Literal, TypeVar

from airflow_provider_seedance.core.backoff import read_retry_after
from airflow_provider_seedance.core.library import (
    Asset,
    AssetGroupPage,
    AssetPage,
    FilePage,
    FileQuota,
    NewAsset,
    PersonCheck,
    UploadedFile,
)
from airflow_provider_seedance.core.redaction import clean, redact
from airflow_provider_seedance.core.vendors.diagnosis import Parameters
from airflow_provider_seedance.core.vendors.strict_json import parse_json
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

#: The names of services: the API, which every vendor has, and the hosts of its files and of its asset library.
API, FILES, ASSETS = "api", "files", "assets"


class Credential(str, Enum):
    """What a request shows to prove who sends it."""

    #: The connection's API key, as ``Authorization: Bearer``.
    BEARER = "bearer"
    #: A signature by an access key, over the request.
    SIGNATURE = "signature"
    #: Nothing.
    NONE = "none"


@dataclass(frozen=True)
class ToSign:
    """A request that an access key is to sign.

    :param path: as the vendor's own host gets it, without a prefix that a connection's host has.
    :param region: one of the vendor's, as the connection names it.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    host: str
    content_type: str
    body: bytes = field(repr=False)
    region: str
    now: datetime
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Service:
    """One of a vendor's hosts.

    :param name: what an :class:`HttpRequest` calls it.
    :param base_urls: region -> base URL, without a trailing slash. The credential is sent to no others.
    """

    name: str
    base_urls: Mapping[str, str]
    credential: Credential = Credential.BEARER
    #: The headers that sign a request; of a service whose credential is a signature.
    sign: Callable[[ToSign], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class JsonBody:
    """A JSON object."""

    json: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class FilePart:
    """A file in a form.

    :param name: of the form's field.
    :param open: opens the file at its beginning; called anew for each time that the request is sent.
    :param size: bytes of the file, for the time that sending it may take; 0 if that is not known.
    """

    name: str
    filename: str
    content_type: str
    open: Callable[[], BinaryIO] = field(repr=False)
    size: int = 0


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
        """The body as a JSON object, or the only one in a list.

        :raises MalformedReply: for an empty body, an HTML page, or JSON of another type.
        """
        try:
            body = parse_json(self.content)
        except ValueError:
            body = None
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        if isinstance(body, dict):
            return body
        what = f"starts with: {self.head}" if self.head else "is empty"
        raise MalformedReply(
            f"the answer is not a JSON object: its body {what}",
            http_status=self.status,
            retry_after=self.retry_after,
        )

    @property
    def head(self) -> str:
        """How the body begins, for people: some 300 characters without secrets."""
        return clean(redact(clean(self.content[:4_000].decode("utf-8", "replace"), 1_000)), 300)


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
    #: What the vendor calls the request's fields in its errors, where it has other names for them.
    parameters: Parameters = field(default_factory=dict)


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
class Upload:
    """A file for the vendor's file service.

    :param kind: ``image``, ``video`` or ``audio``.
    :param filename: one that no other content has, here or in another Airflow.
    :param size: in bytes.
    :param open: opens it at its beginning.
    """

    kind: str
    filename: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO] = field(repr=False)

    def form(self, **fields: str) -> FormBody:
        """The file in a form's field ``file``, beside other fields."""
        return FormBody((FilePart("file", self.filename, self.content_type, self.open, self.size),), fields)


@dataclass(frozen=True)
class FileCalls:
    """Putting files where the vendor can fetch them."""

    upload: Callable[[Upload], Call[UploadedFile]]
    #: What uploads there are, how many more there may be, and making room.
    list: Callable[[int], Call[FilePage]] | None = None
    quota: Callable[[], Call[FileQuota]] | None = None
    delete: Callable[[str], Call[None]] | None = None


@dataclass(frozen=True)
class PersonCalls:
    """Real persons: the check that a person passes in a browser, and the assets in the group that it makes."""

    #: Begins a check; the browser goes to the callback URL afterwards.
    start: Callable[[str], Call[PersonCheck]]
    #: The group that a passed check made, by the check's token; ``None`` while it is not done.
    result: Callable[[str], Call[str | None]]
    create: Callable[[NewAsset], Call[str]]
    #: ``None`` for a vendor that tells how such an asset stands by its list alone.
    get: Callable[[str], Call[Asset]] | None = None
    #: By group, a part of the name, and a page's number.
    list: Callable[[str | None, str | None, int], Call[AssetPage]] | None = None
    #: Reads the link by the token, for a vendor that makes it after it has answered ``start``.
    read: Callable[[str], Call[PersonCheck]] | None = None


@dataclass(frozen=True)
class AssetCalls:
    """The library of reviewed media; what a vendor's library does not have is ``None``."""

    #: Makes a group of this name, with a description, and tells its id.
    create_group: Callable[[str, str | None], Call[str]]
    #: Makes an asset, which is reviewed, and tells its id.
    create: Callable[[NewAsset], Call[str]]
    get: Callable[[str], Call[Asset]]
    #: By a part of the name, and a page's number.
    list_groups: Callable[[str | None, int], Call[AssetGroupPage]] | None = None
    rename_group: Callable[[str, str], Call[None]] | None = None
    delete_group: Callable[[str], Call[None]] | None = None
    #: By group, a part of the name, and a page's number.
    list: Callable[[str | None, str | None, int], Call[AssetPage]] | None = None
    rename: Callable[[str, str], Call[None]] | None = None
    delete: Callable[[str], Call[None]] | None = None
    persons: PersonCalls | None = None


@dataclass(frozen=True)
class CallbackRequest:
    """A request that came to a callback URL, and may be from anybody.

    :param headers: names in lower case.
    :param received_at: epoch seconds.
    """

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: float


class CallbackRefused(Exception):
    """Why a callback is not taken."""


@dataclass(frozen=True)
class CallbackHint:
    """What a callback claims. Only a read of the generation tells whether it is so.

    :param generation_id: ``None`` if the claim names none.
    :param pending: whether it claims that the generation goes on, so that there is nothing to read yet.
    """

    generation_id: str | None = None
    pending: bool = False


@dataclass(frozen=True)
class CallbackCalls:
    """How the vendor tells by itself that a generation has changed.

    :param field: of the create body, for the URL.
    :param read: what a callback claims; it never fails.
    :param verify: checks the signature with the account's secret, and tells the id of the event, which is the same
        when the event is sent again; raises :class:`.CallbackRefused`. ``None`` for a vendor that signs nothing.
    """

    field: str
    read: Callable[[bytes], CallbackHint]
    verify: Callable[[CallbackRequest, str], str] | None = None


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
    :param console: the address of its console on the web, if the contract names one.
    """

    name: str
    services: tuple[Service, ...]
    generations: GenerationCalls
    account: AccountCalls
    listing: Listing | None = None
    files: FileCalls | None = None
    assets: AssetCalls | None = None
    callbacks: CallbackCalls | None = None
    catalog: Path | None = None
    console: str | None = None

    @property
    def regions(self) -> tuple[str, ...]:
        """The first one is the default."""
        return tuple(self.services[0].base_urls)

    def service(self, name: str) -> Service:
        """The service of that name."""
        return next(service for service in self.services if service.name == name)

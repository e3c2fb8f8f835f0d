"""The only file that talks to vendors: a sync and an async client that run the same flows.

A credential travels in one header of requests to the hosts of :class:`Account`; media come by another way
(``client.download``), which has never seen it.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.download import LinkOpener, MediaStream, media_opener, open_media
from airflow_provider_seedance.core.client.errors import HTTPX, transport_errors
from airflow_provider_seedance.core.client.flows import AccountFlows, Flow, GenerationFlows, Pause, Send
from airflow_provider_seedance.core.client.groups import AccountGroup, Generations
from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS
from airflow_provider_seedance.core.clock import Clock, SystemClock
from airflow_provider_seedance.core.redaction import forms_of, without
from airflow_provider_seedance.core.vendors.contract import (
    Credential,
    FormBody,
    HttpRequest,
    HttpResponse,
    JsonBody,
    Listing,
)
from airflow_provider_seedance.errors import SeedanceError, Unsupported
from airflow_provider_seedance.models import Cost, GenerationRequest

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient, AiohttpResponse

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
#: How long an unused connection is kept, seconds: longer than most pauses between reads, shorter than servers do.
KEEPALIVE_EXPIRY = 50.0

#: One DEBUG line for each exchange of a sync client.
log = logging.getLogger("airflow_provider_seedance.core.client")

_in_request: ContextVar[bool] = ContextVar("seedance_in_request", default=False)


def _is_not_ours(record: logging.LogRecord) -> bool:
    """httpx logs each URL at INFO: one line a poll, with its query."""
    return not _in_request.get()


logging.getLogger("httpx").addFilter(_is_not_ours)


@contextmanager
def _httpx_request(url: str) -> Iterator[None]:
    """httpx's errors become ours, and it logs nothing."""
    token = _in_request.set(True)
    try:
        with transport_errors(url, HTTPX):
            yield
    finally:
        _in_request.reset(token)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Built once: it costs some 20 ms, which a triggerer's event loop would feel at each client."""
    return httpx.create_ssl_context()


class _BaseClient:
    """What the two clients share: everything but the sending and the waiting."""

    def __init__(self, settings: Account, attempts: int, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._key_forms = tuple(form.encode() for form in forms_of(settings.api_key))
        self._generation_flows = GenerationFlows(
            settings.vendor, clock.random, attempts, prepare=lambda request: self.catalog.prepare(request)
        )
        self._account_flows = AccountFlows(settings.vendor, clock.random, attempts)

    @cached_property
    def catalog(self) -> Catalog:
        """Read at its first use: who only reads generations, such as a trigger, is not held up by it."""
        return self.settings.catalog()

    @property
    def vendor_name(self) -> str:
        return self.settings.vendor.name

    @property
    def account_id(self) -> str:
        """Tells the account that is asked from others; see :attr:`Account.account_id`."""
        return self.settings.account_id

    @property
    def finds_by_key(self) -> bool:
        """Whether the vendor knows for sure if it has a marked request."""
        return self.settings.vendor.generations.find is not None

    @property
    def listing(self) -> Listing | None:
        """How the vendor lists generations, if it does."""
        return self.settings.vendor.listing

    def estimate_cost(self, request: GenerationRequest) -> Cost:
        """The most this request can cost by the price list; unknown where there is no price. Sends nothing."""
        return self.catalog.estimate(request)

    def _limits(self, *, keep: bool) -> httpx.Limits:
        connections = self.settings.max_concurrency
        return httpx.Limits(
            max_connections=connections,
            max_keepalive_connections=connections if keep else 0,
            keepalive_expiry=KEEPALIVE_EXPIRY,
        )

    def _url(self, request: HttpRequest) -> str:
        return self.settings.service_url(request.service) + request.path

    def _arguments(self, step: Send, files: ExitStack) -> dict[str, Any]:
        """The request as httpx takes it.

        :param files: closes what is opened for it.
        """
        request, seconds = step.request, self.settings.read_timeout(repeatable=not step.single_use_connection)
        return {
            "method": request.method,
            "url": self._url(request),
            "params": request.query or None,
            "headers": {
                **self._authorization(request.service),
                "Accept": "application/json",
                "User-Agent": f"airflow-provider-seedance/{__version__}",
            },
            "timeout": httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT)),
            **_body(request.body, files),
        }

    def _authorization(self, service: str) -> dict[str, str]:
        """What shows a service who asks; each service has one kind of credential."""
        credential = self.settings.vendor.service(service).credential
        if credential is Credential.NONE:
            return {}
        if credential is Credential.BEARER:
            return {"Authorization": f"Bearer {self.settings.api_key}"}
        raise Unsupported(
            f"requests to the vendor's service {service!r} are signed with an access key, and the connection has none"
        )

    def _without_key(self, content: bytes) -> bytes:
        """What came over the wire, without the key that a vendor repeats."""
        repeats_key = any(form in content for form in self._key_forms)
        return without((self.settings.api_key,), content) if repeats_key else content

    def _response(self, answer: httpx.Response | AiohttpResponse) -> HttpResponse:
        return HttpResponse(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=self._without_key(answer.content),
            received_at=self._clock.now(),
        )


def _body(body: JsonBody | FormBody | None, files: ExitStack) -> dict[str, Any]:
    if isinstance(body, JsonBody):
        return {"json": body.json}
    if body is None:
        return {}
    parts = [
        (part.name, (part.filename, files.enter_context(part.open()), part.content_type))
        for part in body.files
    ]
    return {"data": body.fields, "files": parts}


def _pooled_client(settings: Account, limits: httpx.Limits) -> httpx.AsyncClient | AiohttpClient:
    """For repeatable requests: aiohttp where it is installed, since a status read then costs half of the CPU."""
    try:
        from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient, proxy_of
    except ImportError:
        return httpx.AsyncClient(verify=_tls(), limits=limits)
    if (proxy_of(settings.base_url) or "http").startswith("http"):
        return AiohttpClient(
            tls=_tls(), max_connections=settings.max_concurrency, keepalive_expiry=KEEPALIVE_EXPIRY
        )
    return httpx.AsyncClient(verify=_tls(), limits=limits)


class SeedanceClient(_BaseClient):
    """Talks to one vendor account. A context manager; safe to use from one thread at a time.

    :param settings: the account.
    :param attempts: how often one request is sent at most, where that is safe.
    """

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS, clock: Clock | None = None) -> None:
        super().__init__(settings, attempts, clock or SystemClock())
        self.generations = Generations(self, self._generation_flows)
        self.account = AccountGroup(self, self._account_flows)
        self._pooled = httpx.Client(verify=_tls(), limits=self._limits(keep=True))
        self._single_use = httpx.Client(verify=_tls(), limits=self._limits(keep=False))

    def __enter__(self) -> SeedanceClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for client in (self._pooled, self._single_use):
            client.close()

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow's steps, and return its result.

        :raises SeedanceError: that the flow ends with.
        """
        try:
            step = next(flow)
            while True:
                try:
                    answer = self._perform(step)
                except SeedanceError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        """The bytes behind a result link, streamed without the key: as :func:`open_media`."""
        return open_media(
            self._media,
            url,
            start=start,
            etag=etag,
            clock=self._clock,
            max_bytes=self.settings.max_video_bytes,
        )

    @cached_property
    def _media(self) -> LinkOpener:
        """Made at its first use: it may have to look up the address of the connection's host."""
        return media_opener(_tls(), public_only=not self.settings.allows_private_results())

    def _perform(self, step: Send | Pause) -> HttpResponse | None:
        if isinstance(step, Pause):
            self._clock.sleep(step.seconds)
            return None
        started, response = self._clock.now(), None
        try:
            response = self._send(step)
            return response
        finally:
            _log_exchange(step.request, response, self._clock.now() - started)

    def _send(self, step: Send) -> HttpResponse:
        client = self._single_use if step.single_use_connection else self._pooled
        with ExitStack() as files, _httpx_request(self._url(step.request)):
            return self._response(client.request(**self._arguments(step, files)))


def _log_exchange(request: HttpRequest, response: HttpResponse | None, seconds: float) -> None:
    log.debug(
        "%s %s: %s, request id %s, %.0f ms",
        request.method,
        request.path,
        f"HTTP {response.status}" if response else "no answer",
        response.headers.get("x-request-id", "unknown") if response else "unknown",
        seconds * 1_000,
    )


class AsyncSeedanceClient(_BaseClient):
    """The same for an event loop.

    It logs nothing: Airflow's triggerer stands still for good if its event loop writes a line while the process that
    reads them is busy sending it triggers.
    """

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS, clock: Clock | None = None) -> None:
        super().__init__(settings, attempts, clock or SystemClock())
        self.generations = Generations(self, self._generation_flows)
        self.account = AccountGroup(self, self._account_flows)
        self._pooled = _pooled_client(settings, self._limits(keep=True))
        self._single_use = httpx.AsyncClient(verify=_tls(), limits=self._limits(keep=False))

    async def __aenter__(self) -> AsyncSeedanceClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        for client in (self._pooled, self._single_use):
            await client.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """As :meth:`SeedanceClient.run`."""
        try:
            step = next(flow)
            while True:
                try:
                    answer = await self._perform(step)
                except SeedanceError as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _perform(self, step: Send | Pause) -> HttpResponse | None:
        if isinstance(step, Pause):
            await self._clock.asleep(step.seconds)
            return None
        # A form goes by httpx, which streams its files.
        pooled = not step.single_use_connection and not isinstance(step.request.body, FormBody)
        client = self._pooled if pooled else self._single_use
        with ExitStack() as files, _httpx_request(self._url(step.request)):
            return self._response(await client.request(**self._arguments(step, files)))

"""The only file that talks to vendors: a sync and an async client that run the same flows.

A credential travels in one header of requests to the hosts of :class:`Account`; media come by another way
(``client.download``), which has never seen it.
"""

from __future__ import annotations

import json
import logging
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.asset_flows import AssetFlows
from airflow_provider_seedance.core.client.body import ACCEPT_ENCODING, LONGEST_READ_ON_LOOP, Reply
from airflow_provider_seedance.core.client.download import LinkOpener, MediaStream, media_opener, open_media
from airflow_provider_seedance.core.client.errors import host_of
from airflow_provider_seedance.core.client.flows import (
    AccountFlows,
    FileFlows,
    Flow,
    GenerationFlows,
    Pause,
    Send,
    Step,
)
from airflow_provider_seedance.core.client.groups import AccountGroup, Assets, Files, Generations
from airflow_provider_seedance.core.client.request_body import httpx_body, sending_time
from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS
from airflow_provider_seedance.core.client.transport import (
    async_httpx_client,
    async_pooled_client,
    httpx_client,
    silent_libraries,
    tls,
)
from airflow_provider_seedance.core.clock import Clock, SystemClock, off_loop, utc_now
from airflow_provider_seedance.core.money import SpendLimit
from airflow_provider_seedance.core.redaction import clean, without
from airflow_provider_seedance.core.vendors.contract import (
    Credential,
    FormBody,
    HttpRequest,
    HttpResponse,
    Listing,
    ToSign,
)
from airflow_provider_seedance.errors import SeedanceError, Unsupported
from airflow_provider_seedance.models import Cost, Failed, GenerationRequest, Succeeded

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
JSON_TYPE = "application/json"

#: One DEBUG line for each exchange of a sync client.
log = logging.getLogger("airflow_provider_seedance.core.client")


class _BaseClient:
    """What the two clients share: everything but the sending and the waiting."""

    def __init__(self, settings: Account, attempts: int, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._secrets = settings.secrets
        common = (
            settings.vendor,
            clock.random,
            attempts,
            host_of(settings.base_url),
            settings.connection,
        )
        self._generation_flows = GenerationFlows(
            *common, prepare=lambda request: self.catalog.prepare(request)
        )
        self._file_flows = FileFlows(*common)
        self._asset_flows = AssetFlows(*common)
        self._account_flows = AccountFlows(*common)

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

    def has_own_keys(self, request: GenerationRequest) -> bool:
        """Whether each intent of a request gets a key of its own, where the vendor finds requests by their key.

        Not where the request brings one.
        """
        mark = self.settings.vendor.generations.mark
        return not self.finds_by_key or mark is None or mark(request, "one") != mark(request, "another")

    @property
    def listing(self) -> Listing | None:
        """How the vendor lists generations, if it does."""
        return self.settings.vendor.listing

    @property
    def limits(self) -> tuple[SpendLimit, ...]:
        """What the account's submissions may cost in a period."""
        return self.settings.budgets

    def cost_of(self, generation: Succeeded, request: GenerationRequest | None = None) -> Cost:
        """What a finished generation cost; see :meth:`Catalog.cost`."""
        return self.catalog.cost(generation, request)

    def located(self, failed: Failed, request: GenerationRequest | None) -> Failed:
        """A failed generation, with the field of ``request`` that is at fault, if that can be told."""
        return self._generation_flows.located(failed, request)

    def estimate_cost(self, request: GenerationRequest) -> Cost:
        """The most this request can cost by the price list; unknown where there is no price. Sends nothing."""
        return self.catalog.estimate(request)

    def _url(self, request: HttpRequest) -> str:
        return self.settings.service_url(request.service) + request.path

    def _arguments(self, step: Send, files: ExitStack) -> dict[str, Any]:
        """The request as httpx takes it.

        :param files: closes what is opened for it.
        """
        request, url = step.request, self._url(step.request)
        body = httpx_body(request.body, files)
        seconds = self.settings.read_timeout(repeatable=not step.single_use_connection) + sending_time(
            request
        )
        return {
            "method": request.method,
            "url": url,
            "params": request.query or None,
            "headers": {
                **self._authorization(request, url, body),
                "Accept": "application/json",
                "Accept-Encoding": ACCEPT_ENCODING,
                "User-Agent": f"airflow-provider-seedance/{__version__}",
            },
            "timeout": httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT)),
            **body,
        }

    def _authorization(self, request: HttpRequest, url: str, body: dict[str, Any]) -> dict[str, str]:
        """What shows a service who asks; each service has one kind of credential.

        :param body: made ready for httpx; one that is signed is replaced by its bytes.
        """
        service = self.settings.vendor.service(request.service)
        if service.credential is Credential.NONE:
            return {}
        if service.credential is Credential.BEARER:
            return {"Authorization": f"Bearer {self.settings.api_key}"}
        key_id, secret = self.settings.access_key_id, self.settings.secret_access_key
        if not (service.sign and key_id and secret):
            raise Unsupported(
                f"requests to the vendor's service {service.name!r} are signed with an access key, and the connection"
                " has none",
                vendor=self.vendor_name,
                advice="Put access_key_id and secret_access_key into the connection's extra.",
            )
        body["content"] = json.dumps(body.pop("json", {}), ensure_ascii=False).encode()
        to_sign = ToSign(
            method=request.method,
            path=request.path,
            query=request.query,
            host=urlsplit(url).netloc,
            content_type=JSON_TYPE,
            body=body["content"],
            region=self.settings.region,
            now=utc_now(self._clock),
            access_key_id=key_id,
            secret_access_key=secret,
        )
        return {"Content-Type": JSON_TYPE, **service.sign(to_sign)}

    def _response(self, reply: Reply) -> HttpResponse:
        """What came over the wire, without the key that a vendor, or a proxy, repeats: all reading comes after this."""
        values = "\n".join(reply.headers.values()).encode("utf-8", "replace")
        shown = without(self._secrets, values).decode("utf-8", "replace").split("\n")
        return HttpResponse(
            status=reply.status_code,
            headers=dict(zip(map(str.lower, reply.headers), shown, strict=True)),
            content=without(self._secrets, self._unescaped(reply.content)),
            received_at=self._clock.now(),
        )

    def _unescaped(self, content: bytes) -> bytes:
        """``content`` with the key's characters as they are: JSON may have any of them as ``\\u00..``."""
        if b"\\u00" in content:
            for character in set(self.settings.api_key) - {'"', "\\"}:
                for code in {f"{ord(character):02x}", f"{ord(character):02X}"}:
                    content = content.replace(f"\\u00{code}".encode(), character.encode())
        return content


@dataclass(frozen=True)
class _Result(Generic[T]):
    """What a flow returns."""

    value: T


def _advanced(flow: Flow[T], answer: HttpResponse | SeedanceError | None) -> Step | _Result[T]:
    """Give a flow what its last step came to, and take its next one.

    :raises SeedanceError: that the flow ends with.
    """
    try:
        return flow.throw(answer) if isinstance(answer, SeedanceError) else flow.send(answer)
    except StopIteration as end:
        return _Result(end.value)


class SeedanceClient(_BaseClient):
    """Talks to one vendor account. A context manager; safe to use from one thread at a time.

    :param settings: the account.
    :param attempts: how often one request is sent at most, where that is safe.
    """

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS, clock: Clock | None = None) -> None:
        super().__init__(settings, attempts, clock or SystemClock())
        self.generations = Generations(self, self._generation_flows)
        self.files = Files(self, self._file_flows)
        self.assets = Assets(self, self._asset_flows)
        self.account = AccountGroup(self, self._account_flows)
        self._pooled = httpx_client(settings, keeps_connections=True)
        self._single_use = httpx_client(settings, keeps_connections=False)

    def __enter__(self) -> SeedanceClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        with silent_libraries():
            for client in (self._pooled, self._single_use):
                client.close()

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow's steps, and return its result.

        :raises SeedanceError: that the flow ends with.
        """
        move = _advanced(flow, None)
        while not isinstance(move, _Result):
            move = _advanced(flow, self._outcome(move))
        return move.value

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
        return media_opener(tls(), public_only=not self.settings.allows_private_results())

    def _outcome(self, step: Step) -> HttpResponse | SeedanceError | None:
        try:
            return self._perform(step)
        except SeedanceError as error:
            return error

    def _perform(self, step: Step) -> HttpResponse | None:
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
        with ExitStack() as files, silent_libraries():
            return self._response(client.request(**self._arguments(step, files)))


def _log_exchange(request: HttpRequest, response: HttpResponse | None, seconds: float) -> None:
    log.debug(
        "%s %s: %s, request id %s, %.0f ms",
        request.method,
        request.path,
        f"HTTP {response.status}" if response else "no answer",
        clean(response.headers.get("x-request-id", "unknown"), 200) if response else "unknown",
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
        self.files = Files(self, self._file_flows)
        self.assets = Assets(self, self._asset_flows)
        self.account = AccountGroup(self, self._account_flows)
        self._pooled = async_pooled_client(settings)
        self._single_use = async_httpx_client(settings, keeps_connections=False)

    async def __aenter__(self) -> AsyncSeedanceClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        with silent_libraries():
            for client in (self._pooled, self._single_use):
                await client.aclose()

    async def run(self, flow: Flow[T]) -> T:
        """As :meth:`SeedanceClient.run`."""
        move = _advanced(flow, None)
        while not isinstance(move, _Result):
            move = await self._answered(flow, move)
        return move.value

    async def _answered(self, flow: Flow[T], step: Step) -> Step | _Result[T]:
        """What a flow does after its step: read on the event loop, or in a thread what a host has made long."""
        if isinstance(step, Pause):
            await self._clock.asleep(step.seconds)
            return _advanced(flow, None)
        try:
            reply = await self._send(step)
        except SeedanceError as error:
            return _advanced(flow, error)
        if len(reply.content) <= LONGEST_READ_ON_LOOP:
            return _advanced(flow, self._response(reply))
        return await off_loop(lambda: _advanced(flow, self._response(reply)))

    async def _send(self, step: Send) -> Reply:
        # A form goes by httpx, which streams its files; and so does a body that is signed.
        is_signed = self.settings.vendor.service(step.request.service).credential is Credential.SIGNATURE
        pooled = not (step.single_use_connection or is_signed or isinstance(step.request.body, FormBody))
        client = self._pooled if pooled else self._single_use
        with ExitStack() as files, silent_libraries():
            return await client.request(**self._arguments(step, files))

"""The only file that talks to vendors: a sync and an async client, twins down to the name of each method.

The key travels in one header of requests to ``settings.base_url``; media come by another way (``client.media``),
which has never seen it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property, lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

import httpx

from airflow_provider_seedance import __version__
from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.download import MediaStream, media_opener, open_media
from airflow_provider_seedance.core.client.flows import Cancellation, Conversation, Flows, Pause, Send
from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS
from airflow_provider_seedance.core.vendors.contract import HttpResponse, JsonBody, Listing
from airflow_provider_seedance.errors import (
    ConfigurationError,
    NoReply,
    NotSent,
    SeedanceError,
)
from airflow_provider_seedance.models import (
    Balance,
    Cost,
    Generation,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
)

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient, Answer

T = TypeVar("T")

CONNECT_TIMEOUT = 10.0
#: How long an unused connection is kept, seconds: longer than most pauses between looks, shorter than servers do.
KEEPALIVE_EXPIRY = 50.0

_speaking: ContextVar[bool] = ContextVar("seedance_speaking", default=False)


def _not_ours(record: logging.LogRecord) -> bool:
    """httpx logs each URL at INFO: one line a poll, and signed links in clear text."""
    return not _speaking.get()


logging.getLogger("httpx").addFilter(_not_ours)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Built once: it costs some 20 ms, which a triggerer's event loop would feel at each client."""
    return httpx.create_ssl_context()


@contextmanager
def _faults(where: str) -> Iterator[None]:
    """Turns httpx's errors into ours: what surely was not sent, and what may have been."""
    token = _speaking.set(True)
    try:
        yield
    except (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    ) as fault:
        raise NotSent(f"no connection to {where} ({type(fault).__name__}: {fault})") from fault
    except (httpx.InvalidURL, httpx.LocalProtocolError) as fault:
        raise ConfigurationError(
            f"no valid request to {where} can be made ({type(fault).__name__})"
        ) from None
    except httpx.HTTPError as fault:
        raise NoReply(f"{where} gave no complete answer ({type(fault).__name__}: {fault})") from fault
    finally:
        _speaking.reset(token)


class _BaseClient:
    """What the two clients share: everything but the carrying out.

    :param attempts: how often one request is sent at most, where that is safe.
    """

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS) -> None:
        self.settings = settings
        self._flows = Flows(settings.vendor, random.random, attempts)
        self._where = str(httpx.URL(settings.base_url).host)

    @cached_property
    def catalog(self) -> Catalog:
        """Read at its first use: who only looks, such as a trigger, is not held up by it."""
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
        most = self.settings.max_concurrency
        return httpx.Limits(
            max_connections=most,
            max_keepalive_connections=most if keep else 0,
            keepalive_expiry=KEEPALIVE_EXPIRY,
        )

    def _arguments(self, step: Send) -> dict[str, object]:
        return {
            "method": step.request.method,
            "url": self.settings.base_url + step.request.path,
            "params": step.request.query or None,
            "json": step.request.body.json if isinstance(step.request.body, JsonBody) else None,
            "headers": {
                "Authorization": f"Bearer {self.settings.api_key}",
                "Accept": "application/json",
                "User-Agent": f"airflow-provider-seedance/{__version__}",
            },
            "timeout": _timeout(self.settings.read_timeout(once=step.once)),
        }


def _pooled_client(settings: Account, limits: httpx.Limits) -> httpx.AsyncClient | AiohttpClient:
    """For repeatable requests: aiohttp where it is installed, since a status read then costs a fraction of the CPU."""
    try:
        from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient, proxy_of
    except ImportError:
        return httpx.AsyncClient(verify=_tls(), limits=limits)
    if (proxy_of(settings.base_url) or "http").startswith("http"):
        return AiohttpClient(
            settings.base_url, tls=_tls(), most=settings.max_concurrency, kept=KEEPALIVE_EXPIRY
        )
    return httpx.AsyncClient(verify=_tls(), limits=limits)


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT))


def _response(answer: httpx.Response | Answer) -> HttpResponse:
    return HttpResponse(
        status=answer.status_code,
        headers={name.lower(): value for name, value in answer.headers.items()},
        content=answer.content,
        received_at=time.time(),
    )


class SeedanceClient(_BaseClient):
    """Talks to one vendor account. A context manager; safe to use from one thread at a time."""

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS) -> None:
        super().__init__(settings, attempts)
        self._pooled = httpx.Client(verify=_tls(), limits=self._limits(keep=True))
        self._single_use = httpx.Client(verify=_tls(), limits=self._limits(keep=False))
        self._media = media_opener(_tls())

    def __enter__(self) -> SeedanceClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for client in (self._pooled, self._single_use):
            client.close()

    def create_generation(self, request: GenerationRequest, intent_id: str | None = None) -> Pending:
        """Check and submit ``request``.

        :param intent_id: marks it, so that :meth:`find_generations` can recognise what became of it.
        :raises RequestInvalid: before anything is sent.
        :raises SeedanceError: ``maybe_accepted`` tells whether the vendor may have taken it all the same.
        """
        return self._run(self._flows.create(self.catalog.prepare(request), intent_id))

    def find_generations(
        self, request: GenerationRequest, intent_id: str, since: datetime
    ) -> tuple[Generation, ...]:
        """What may have become of a request whose answer was lost.

        :param intent_id: as it was given to :meth:`create_generation`.
        :param since: when it was sent.
        :raises Unsupported: where the vendor has no way to look it up.
        """
        return self._run(self._flows.find(self.catalog.prepare(request), intent_id, since))

    def get_generation(self, generation_id: str) -> Generation:
        """How a generation stands. :raises NotFound: if the vendor does not know it, or no longer."""
        return self._run(self._flows.get(generation_id))

    def list_generations(self, query: ListQuery) -> GenerationPage:
        """One page of the account's generations. :raises Unsupported: where the vendor has no list."""
        return self._run(self._flows.list(query))

    def list_everything(self) -> tuple[Generation, ...]:
        """All that the vendor lists, of both service tiers. :raises Unsupported: where the vendor has no list."""
        return self._run(self._flows.everything())

    def cancel_generation(self, generation_id: str) -> Cancellation:
        """Cancel it if it is still queued. :raises Unsupported: where the vendor cannot cancel."""
        return self._run(self._flows.cancel(generation_id))

    def get_balance(self) -> Balance:
        """What is left to spend. :raises Unsupported: where the vendor does not tell."""
        return self._run(self._flows.balance())

    def probe(self) -> None:
        """Prove the key with a free request. :raises SeedanceError: saying what is wrong."""
        self._run(self._flows.probe())

    def _run(self, conversation: Conversation[T]) -> T:
        try:
            step = next(conversation)
            while True:
                try:
                    answer = self._carry_out(step)
                except SeedanceError as error:
                    step = conversation.throw(error)
                else:
                    step = conversation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    def _carry_out(self, step: Send | Pause) -> HttpResponse | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        with _faults(self._where):
            client = self._single_use if step.once else self._pooled
            return _response(client.request(**self._arguments(step)))  # type: ignore[arg-type]

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        """The bytes behind a result link, streamed without the key: as :func:`open_media`."""
        return open_media(self._media, url, start=start, etag=etag)


class AsyncSeedanceClient(_BaseClient):
    """The same for an event loop."""

    def __init__(self, settings: Account, attempts: int = MAX_ATTEMPTS) -> None:
        super().__init__(settings, attempts)
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

    async def create_generation(self, request: GenerationRequest, intent_id: str | None = None) -> Pending:
        """As :meth:`SeedanceClient.create_generation`."""
        return await self._run(self._flows.create(self.catalog.prepare(request), intent_id))

    async def find_generations(
        self, request: GenerationRequest, intent_id: str, since: datetime
    ) -> tuple[Generation, ...]:
        """As :meth:`SeedanceClient.find_generations`."""
        return await self._run(self._flows.find(self.catalog.prepare(request), intent_id, since))

    async def get_generation(self, generation_id: str) -> Generation:
        """As :meth:`SeedanceClient.get_generation`."""
        return await self._run(self._flows.get(generation_id))

    async def list_generations(self, query: ListQuery) -> GenerationPage:
        """As :meth:`SeedanceClient.list_generations`."""
        return await self._run(self._flows.list(query))

    async def list_everything(self) -> tuple[Generation, ...]:
        """As :meth:`SeedanceClient.list_everything`."""
        return await self._run(self._flows.everything())

    async def cancel_generation(self, generation_id: str) -> Cancellation:
        """As :meth:`SeedanceClient.cancel_generation`."""
        return await self._run(self._flows.cancel(generation_id))

    async def get_balance(self) -> Balance:
        """As :meth:`SeedanceClient.get_balance`."""
        return await self._run(self._flows.balance())

    async def probe(self) -> None:
        """As :meth:`SeedanceClient.probe`."""
        await self._run(self._flows.probe())

    async def _run(self, conversation: Conversation[T]) -> T:
        try:
            step = next(conversation)
            while True:
                try:
                    answer = await self._carry_out(step)
                except SeedanceError as error:
                    step = conversation.throw(error)
                else:
                    step = conversation.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result

    async def _carry_out(self, step: Send | Pause) -> HttpResponse | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        with _faults(self._where):
            client = self._single_use if step.once else self._pooled
            return _response(await client.request(**self._arguments(step)))  # type: ignore[arg-type]

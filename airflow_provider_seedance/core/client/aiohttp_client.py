"""Repeatable requests over aiohttp, for half of httpx's CPU: used by event loops where aiohttp is installed.

Nothing that costs money goes this way: a connection that was kept open may break at any moment of a request.
``httpx-aiohttp`` takes a quarter to a half more CPU than this, and takes a broken connection for one never made.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from airflow_provider_seedance.core.client.errors import aiohttp_errors, transport_errors


class Timeout(Protocol):
    """Seconds to wait for a connection, and for each piece of an answer."""

    @property
    def connect(self) -> float | None: ...

    @property
    def read(self) -> float | None: ...


@dataclass(frozen=True)
class AiohttpResponse:
    """What came back, under httpx's names."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for this host."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


class AiohttpClient:
    """As much of ``httpx.AsyncClient`` as repeatable requests need; made and used on one event loop.

    :param max_connections: at a time.
    :param keepalive_expiry: how long an unused connection is kept, seconds.
    """

    def __init__(self, *, tls: ssl.SSLContext, max_connections: int, keepalive_expiry: float) -> None:
        self._connector = partial(
            aiohttp.TCPConnector, ssl=tls, limit=max_connections, keepalive_timeout=keepalive_expiry
        )
        self._session: aiohttp.ClientSession | None = None
        #: Host -> its proxy: reading the environment costs as much as a request does.
        self._proxies: dict[str | None, str | None] = {}
        self.is_closed = False

    async def request(
        self,
        *,
        method: str,
        url: str,
        params: Sequence[tuple[str, str]] | None,
        headers: Mapping[str, str],
        timeout: Timeout,
        json: Any = None,
    ) -> AiohttpResponse:
        """Send and read it all; redirects are answers.

        :raises NotSent: if no connection was made.
        :raises NoReply: if no complete answer came.
        """
        with transport_errors(url, aiohttp_errors()):
            target = URL(f"{url}?{urlencode(params)}" if params else url, encoded=True)
            async with self._open().request(
                method,
                target,
                json=json,
                headers=headers,
                timeout=aiohttp.ClientTimeout(sock_connect=timeout.connect, sock_read=timeout.read),
                proxy=self._proxy(target.host, url),
                allow_redirects=False,
            ) as answer:
                return AiohttpResponse(answer.status, answer.headers, await answer.read())

    async def aclose(self) -> None:
        self.is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(), cookie_jar=aiohttp.DummyCookieJar()
            )
            # aiohttp sends a request again whose connection breaks, and has no public switch for that. It would
            # double a poller's rate just when a vendor drops connections because it is overloaded.
            self._session._retry_connection = False
        return self._session

    def _proxy(self, host: str | None, url: str) -> str | None:
        if host not in self._proxies:
            self._proxies[host] = proxy_of(url)
        return self._proxies[host]

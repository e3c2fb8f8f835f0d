"""Repeatable requests over aiohttp, for half of httpx's CPU: used by event loops where aiohttp is installed.

Nothing that costs money goes this way: a connection that was kept open may break at any moment of a request.
``httpx-aiohttp`` takes a quarter to a half more CPU than this, and takes a broken connection for one never made.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

import aiohttp
from yarl import URL

from airflow_provider_seedance.core.client.body import Reply, ReplyBody
from airflow_provider_seedance.core.client.errors import aiohttp_errors, transport_errors
from airflow_provider_seedance.core.client.proxies import proxy_of


class Timeout(Protocol):
    """Seconds to wait for a connection, and for the whole exchange."""

    @property
    def connect(self) -> float | None: ...

    @property
    def read(self) -> float | None: ...


class AiohttpClient:
    """As much of ``httpx.AsyncClient`` as repeatable requests need; made and used on one event loop.

    :param max_connections: at a time.
    :param keepalive_expiry: how long an unused connection is kept, seconds.
    :param secrets: replaced in the texts of errors.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        max_connections: int,
        keepalive_expiry: float,
        secrets: Sequence[str] = (),
    ) -> None:
        self._secrets = secrets
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
    ) -> Reply:
        """Send and read it all; redirects are answers.

        :raises NotSent: if no connection was made.
        :raises NoReply: if no complete answer came in time.
        :raises MalformedReply: if the answer is too large.
        """
        with transport_errors(url, aiohttp_errors(), self._secrets):
            target = URL(url, encoded=True)
            target = target.with_query(params) if params else target
            async with self._open().request(
                method,
                target,
                json=json,
                headers=headers,
                timeout=aiohttp.ClientTimeout(sock_connect=timeout.connect, total=timeout.read),
                proxy=self._proxy(target.host, url),
                allow_redirects=False,
            ) as answer:
                body = ReplyBody(url, answer.status, answer.headers)
                async for chunk in answer.content.iter_any():
                    body.add(chunk)
                return Reply(answer.status, answer.headers, await body.acontent())

    async def aclose(self) -> None:
        self.is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
            # aiohttp sends a request again whose connection breaks, and has no public switch for that. It would
            # double a poller's rate just when a vendor drops connections because it is overloaded.
            self._session._retry_connection = False
        return self._session

    def _proxy(self, host: str | None, url: str) -> str | None:
        if host not in self._proxies:
            self._proxies[host] = proxy_of(url)
        return self._proxies[host]

"""Repeatable requests over aiohttp, a fraction of httpx's CPU: used by event loops where aiohttp is installed.

Nothing that costs money goes this way: a connection that was kept open may break at any moment of a request.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from airflow_provider_seedance.errors import ConfigurationError, NoReply, NotSent


class Timeout(Protocol):
    """Seconds to wait for a connection, and for each piece of an answer."""

    @property
    def connect(self) -> float | None: ...

    @property
    def read(self) -> float | None: ...


@dataclass(frozen=True)
class Answer:
    """What came back."""

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
    """A client for the host of ``base_url``; made and used on one event loop.

    :param most: connections at a time.
    :param kept: how long an unused connection is kept, seconds.
    """

    def __init__(self, base_url: str, *, tls: ssl.SSLContext, most: int, kept: float) -> None:
        self._where = urlsplit(base_url).hostname
        self._proxy = proxy_of(base_url)
        self._tls = tls
        self._most = most
        self._pooled = kept
        self._session: aiohttp.ClientSession | None = None
        self.is_closed = False

    async def request(
        self,
        *,
        method: str,
        url: str,
        params: Sequence[tuple[str, str]] | None,
        json: Any,
        headers: Mapping[str, str],
        timeout: Timeout,
    ) -> Answer:
        """Send and read it all; redirects are answers.

        :raises NotSent: if no connection was made.
        :raises NoReply: if no complete answer came.
        """
        target = URL(f"{url}?{urlencode(params)}" if params else url, encoded=True)
        try:
            async with self._open().request(
                method,
                target,
                json=json,
                headers=headers,
                timeout=aiohttp.ClientTimeout(sock_connect=timeout.connect, sock_read=timeout.read),
                proxy=self._proxy,
                allow_redirects=False,
            ) as answer:
                return Answer(answer.status, answer.headers, await answer.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise NotSent(f"no connection to {self._where} ({type(fault).__name__}: {fault})") from fault
        except aiohttp.InvalidURL as fault:
            raise ConfigurationError(f"no valid request to {self._where} can be made") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise NoReply(
                f"{self._where} gave no complete answer ({type(fault).__name__}: {fault})"
            ) from fault

    async def aclose(self) -> None:
        self.is_closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._tls, limit=self._most, keepalive_timeout=self._pooled
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            # How often a request is sent is the caller's to say, and aiohttp has no public switch for that.
            self._session._retry_connection = False
        return self._session

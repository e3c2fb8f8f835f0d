"""The HTTP libraries as both clients use them: one TLS context, silent loggers, one client for each kind of request."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import httpx

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.httpx_client import (
    AFORGET_LOCATION,
    FORGET_LOCATION,
    AsyncHttpxClient,
    HttpxClient,
)
from airflow_provider_seedance.core.client.proxies import proxy_of
from airflow_provider_seedance.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient

T = TypeVar("T")

#: How long an unused connection is kept, seconds: longer than most pauses between reads, shorter than servers do.
KEEPALIVE_EXPIRY = 50.0

_in_request: ContextVar[bool] = ContextVar("seedance_in_request", default=False)
#: At INFO they write each URL with its query, one line a poll; at DEBUG all headers of the answers.
_LIBRARY_LOGGERS = (
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
    "aiohttp.client",
    "aiohttp.internal",
)


def _is_not_ours(record: logging.LogRecord) -> bool:
    return not _in_request.get()


for _name in _LIBRARY_LOGGERS:
    logging.getLogger(_name).addFilter(_is_not_ours)


@contextmanager
def silent_libraries() -> Iterator[None]:
    """The HTTP libraries log nothing of our requests."""
    token = _in_request.set(True)
    try:
        yield
    finally:
        _in_request.reset(token)


@lru_cache(maxsize=1)
def tls() -> ssl.SSLContext:
    """Built once: it costs some 20 ms, which a triggerer's event loop would feel at each client."""
    return httpx.create_ssl_context()


def httpx_client(account: Account, *, keeps_connections: bool) -> HttpxClient:
    limits = _limits(account, keeps_connections)
    client = _made(lambda: httpx.Client(verify=tls(), limits=limits, event_hooks=FORGET_LOCATION))
    return HttpxClient(client, keeps_connections=keeps_connections, secrets=account.secrets)


def async_httpx_client(account: Account, *, keeps_connections: bool) -> AsyncHttpxClient:
    limits = _limits(account, keeps_connections)
    client = _made(lambda: httpx.AsyncClient(verify=tls(), limits=limits, event_hooks=AFORGET_LOCATION))
    return AsyncHttpxClient(client, secrets=account.secrets)


def async_pooled_client(account: Account) -> AsyncHttpxClient | AiohttpClient:
    """For repeatable requests: aiohttp where it is installed, since a status read then costs half of the CPU."""
    try:
        from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient
    except ImportError:
        return async_httpx_client(account, keeps_connections=True)
    if (proxy_of(account.base_url) or "http").startswith("http"):
        return AiohttpClient(
            tls=tls(),
            max_connections=account.max_concurrency,
            keepalive_expiry=KEEPALIVE_EXPIRY,
            secrets=account.secrets,
        )
    return async_httpx_client(account, keeps_connections=True)


def _limits(account: Account, keeps_connections: bool) -> httpx.Limits:
    connections = account.max_concurrency
    return httpx.Limits(
        max_connections=connections,
        max_keepalive_connections=connections if keeps_connections else 0,
        keepalive_expiry=KEEPALIVE_EXPIRY,
    )


def _made(make: Callable[[], T]) -> T:
    """A client of httpx, which reads the environment's proxies.

    :raises ConfigurationError: if one of them cannot be used; what httpx says of it may hold its password.
    """
    with suppress(httpx.InvalidURL, ValueError):
        return make()
    raise ConfigurationError(
        "the environment (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY) names a proxy whose URL cannot be used; it needs a scheme"
        " (http, https or socks5), a host and a port, and a password in it must be percent-encoded"
    )

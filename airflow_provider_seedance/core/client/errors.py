"""What the errors of the HTTP libraries mean for the caller: one map for all of them.

The question that counts is whether the request may have reached the server: then a create may be billed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, InvalidURL
from urllib.error import URLError
from urllib.parse import urlsplit

import httpx

from airflow_provider_seedance.core.client.proxies import proxy_secrets
from airflow_provider_seedance.core.clock import EventLoopTimeout
from airflow_provider_seedance.core.redaction import without
from airflow_provider_seedance.errors import ConfigurationError, NoReply, NotSent, SeedanceError


@dataclass(frozen=True)
class ErrorClasses:
    """A library's exceptions; the first field that has an exception's class counts."""

    #: No connection was made, or none was free: surely nothing was sent.
    not_sent: tuple[type[Exception], ...]
    #: No request could be made of what was given.
    not_sendable: tuple[type[Exception], ...]
    #: Everything else: the server may have received the request.
    no_reply: tuple[type[Exception], ...]


HTTPX = ErrorClasses(
    not_sent=(
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    ),
    not_sendable=(httpx.InvalidURL, httpx.LocalProtocolError),
    no_reply=(httpx.HTTPError,),
)
URLLIB = ErrorClasses(
    not_sent=(URLError,), not_sendable=(InvalidURL, ValueError), no_reply=(OSError, HTTPException)
)


@lru_cache(maxsize=1)
def aiohttp_errors() -> ErrorClasses:
    """aiohttp's exceptions. It is an extra, and is imported only by who uses it."""
    import aiohttp

    return ErrorClasses(
        not_sent=(aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError),
        # Of a proxy whose URL is none, a bare ValueError.
        not_sendable=(aiohttp.InvalidURL, ValueError),
        no_reply=(aiohttp.ClientError, EventLoopTimeout, OSError),
    )


@contextmanager
def transport_errors(url: str, classes: ErrorClasses, secrets: Iterable[str] = ()) -> Iterator[None]:
    """Turns a library's errors into ours, which name the host of ``url`` and nothing else of it.

    The library's own error is no cause or context of ours: it may hold URLs, headers and a proxy's password.

    :param secrets: replaced in the texts, as the passwords of the environment's proxies are.
    :raises NotSent: if no connection was made.
    :raises ConfigurationError: if no request could be made.
    :raises NoReply: if no complete answer came.
    """
    try:
        yield
    except (*classes.not_sent, *classes.not_sendable, *classes.no_reply) as error:
        ours = _translated(error, host_of(url), classes, secrets)
    else:
        return
    try:
        raise ours from None
    finally:
        ours.__context__ = None


def _translated(error: Exception, host: str, classes: ErrorClasses, secrets: Iterable[str]) -> SeedanceError:
    if isinstance(error, classes.not_sent):
        return NotSent(f"no connection to {host} ({_description(error, secrets)})")
    if isinstance(error, classes.not_sendable):
        # Its text may hold the whole URL, and with it a signature.
        return ConfigurationError(f"no valid request to {host} can be made ({type(error).__name__})")
    return NoReply(f"{host} gave no complete answer ({_description(error, secrets)})")


def host_of(url: str) -> str:
    """The host's name in ``url`` and its port where that is given, or words for a URL that has none."""
    try:
        parts = urlsplit(url)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return "the host"
    shown = f"[{name}]" if ":" in name else name or "the host"
    return f"{shown}:{port}" if port else shown


def _description(error: Exception, secrets: Iterable[str]) -> str:
    reason = str(error.reason if isinstance(error, URLError) else error)
    shown = without((*secrets, *proxy_secrets()), reason.encode("utf-8", "replace")).decode()
    return f"{type(error).__name__}: {shown}" if shown else type(error).__name__

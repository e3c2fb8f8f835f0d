"""What the errors of the HTTP libraries mean for the caller: one map for all of them.

The question that counts is whether the request may have reached the server: then a create may be billed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, InvalidURL
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from airflow_provider_seedance.core.redaction import MAX_TEXT, shorten, text_without
from airflow_provider_seedance.errors import ConfigurationError, NoReply, NotSent


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
        not_sendable=(aiohttp.InvalidURL,),
        no_reply=(aiohttp.ClientError, TimeoutError, OSError),
    )


@contextmanager
def transport_errors(url: str, classes: ErrorClasses) -> Iterator[None]:
    """Turns a library's errors into ours, which name the host of ``url`` and nothing else of it.

    A library's own error is not their cause: it may hold a proxy's password, a signed link, or a header.

    :raises NotSent: if no connection was made.
    :raises ConfigurationError: if no request could be made.
    :raises NoReply: if no complete answer came.
    """
    try:
        yield
    except classes.not_sent as error:
        raise NotSent(f"no connection to {host_of(url)} ({_description(error)})") from None
    except classes.not_sendable as error:
        # Its text may hold the whole URL, and with it a signature.
        raise ConfigurationError(
            f"no valid request to {host_of(url)} can be made ({type(error).__name__})"
        ) from None
    except classes.no_reply as error:
        raise NoReply(f"{host_of(url)} gave no complete answer ({_description(error)})") from None


def host_of(url: str) -> str:
    """The host's name in ``url``, or words for a URL that has none."""
    try:
        return urlsplit(url).hostname or "the host"
    except ValueError:
        return "the host"


def _description(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    text = f"{type(error).__name__}: {shorten(str(reason), MAX_TEXT)}"
    return text_without(_proxy_passwords(), text)


def _proxy_passwords() -> tuple[str, ...]:
    """Those that the environment holds: libraries write a proxy's whole URL into their errors."""
    return tuple(filter(None, (_password_in(proxy) for proxy in getproxies().values())))


def _password_in(url: str) -> str | None:
    user, at, _ = url.rpartition("@")
    return user.rpartition(":")[2].removeprefix("//") if at else None

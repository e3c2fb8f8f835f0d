"""Media behind a result link, streamed by the standard library: it has never seen the key.

httpx takes twice the processor time for each byte, and stays below ``curl`` (``benchmarks/landing.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse, InvalidURL
from ssl import SSLContext
from string import punctuation
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
    getproxies,
)

from airflow_provider_seedance import __version__
from airflow_provider_seedance.errors import (
    ConfigurationError,
    LinkDead,
    NoReply,
    NotSent,
    ResumeRefused,
    VendorUnavailable,
)

#: Seconds without a byte, or without a connection, after which a host is given up.
TIMEOUT = 10.0
CHUNK = 256 * 1024

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True)
class MediaStream:
    """An opened result link. What the host does not tell is ``None``."""

    chunks: Iterator[bytes]
    #: Bytes of the whole file.
    total: int | None
    content_type: str | None
    #: The strong entity tag, with its quotes; a weak one does not vouch for each byte, and counts as none.
    etag: str | None
    #: The place in the file of the first byte that comes.
    start: int = 0


def media_opener(tls: SSLContext) -> OpenerDirector:
    """What opens result links: over HTTP and nothing else, and through the environment's proxies."""
    proxies = getproxies()
    if "all" in proxies:
        proxies = {"http": proxies["all"], "https": proxies["all"], **proxies}
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(proxies),
        HTTPHandler(),
        HTTPSHandler(context=tls),
        HTTPRedirectHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


@contextmanager
def open_media(
    opener: OpenerDirector, url: str, *, start: int = 0, etag: str | None = None
) -> Iterator[MediaStream]:
    """The bytes behind a result link, from ``start`` on if the host can do that, else from the beginning.

    :param etag: the strong entity tag of the file that is to go on; of another the beginning comes.
    :raises LinkDead: for 401, 403, 404 and 410.
    :raises ResumeRefused: for 416, and for another part than the one asked for.
    :raises VendorUnavailable: for any other status but 200 and 206.
    :raises NotSent: if no connection was made.
    :raises NoReply: if the connection broke, also while streaming.
    :raises ConfigurationError: if no request can be made of ``url``.
    """
    with _faults("the result host"):
        where = urlsplit(url).hostname or "the result host"
    headers = {"User-Agent": f"airflow-provider-seedance/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if etag:
            headers["If-Range"] = etag
    with _faults(where):
        request = Request(quote(url, safe=punctuation), headers=headers)
        answer: HTTPResponse = opener.open(request, timeout=TIMEOUT)
    with answer:
        yield _stream(answer, start, where)


def _stream(answer: HTTPResponse, asked: int, where: str) -> MediaStream:
    length = answer.headers.get("Content-Length", "")
    left = total = int(length) if length.isdecimal() else None
    start = 0
    if answer.status == 206:
        start, total = _range(answer.headers.get("Content-Range", ""), asked, where)
    elif answer.status != 200:
        raise _refusal(answer.status, where)
    etag = answer.headers.get("ETag", "")
    return MediaStream(
        chunks=_chunks(answer, left, where),
        total=total,
        content_type=answer.headers.get("Content-Type"),
        etag=etag if etag.startswith('"') else None,
        start=start,
    )


def _range(header: str, asked: int, where: str) -> tuple[int, int | None]:
    found = _CONTENT_RANGE.fullmatch(header.strip())
    if not found or int(found[1]) != asked:
        raise ResumeRefused(f"{where} was asked for the bytes from {asked} on, and sent {header!r}")
    return asked, int(found[2]) if found[2] != "*" else None


def _chunks(answer: HTTPResponse, left: int | None, where: str) -> Iterator[bytes]:
    # read1 hands over what is there: when the connection breaks, read would lose what it had gathered.
    while left != 0:
        with _faults(where):
            chunk = answer.read1(CHUNK if left is None else min(left, CHUNK))
        if not chunk:
            break
        left = None if left is None else left - len(chunk)
        yield chunk
    if left:
        raise NoReply(f"{where} broke off with {left} bytes to come")


@contextmanager
def _faults(where: str) -> Iterator[None]:
    """Turns the library's errors into ours."""
    try:
        yield
    except HTTPError as answer:
        with answer:
            raise _refusal(answer.code, where, answer.headers.get("Retry-After", "")) from None
    except URLError as fault:
        raise NotSent(f"no connection to {where} ({fault.reason})") from fault
    except (InvalidURL, ValueError) as fault:
        raise ConfigurationError(
            f"no valid request to {where} can be made ({type(fault).__name__})"
        ) from None
    except (OSError, HTTPException) as fault:
        raise NoReply(f"{where} gave no complete answer ({type(fault).__name__}: {fault})") from fault


def _refusal(status: int, where: str, retry_after: str = "") -> LinkDead | ResumeRefused | VendorUnavailable:
    message = f"{where} answered a result link with HTTP {status}"
    if status in (401, 403, 404, 410):
        return LinkDead(message, http_status=status)
    if status == 416:
        return ResumeRefused(message, http_status=status)
    return VendorUnavailable(
        message, http_status=status, retry_after=float(retry_after) if retry_after.isdecimal() else None
    )

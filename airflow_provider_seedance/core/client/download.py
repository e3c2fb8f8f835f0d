"""Media behind a result link, streamed by the standard library: it has never seen the key.

httpx takes twice the processor time for each byte, and stays below ``curl`` (``benchmarks/landing.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from ssl import SSLContext
from string import punctuation
from urllib.error import HTTPError
from urllib.parse import quote
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
from airflow_provider_seedance.core.client.errors import URLLIB, host_of, transport_errors
from airflow_provider_seedance.core.clock import Clock, SystemClock
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import (
    LinkDead,
    NoReply,
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
    #: The place in the file behind the last byte of a part.
    end: int | None = None


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
    opener: OpenerDirector,
    url: str,
    *,
    start: int = 0,
    etag: str | None = None,
    clock: Clock | None = None,
) -> Iterator[MediaStream]:
    """The bytes behind a result link, from ``start`` on if the host can do that, else from the beginning.

    :param etag: the strong entity tag of the file that is to go on; of another the beginning comes.
    :param clock: for a ``Retry-After`` that names a moment; the machine's own if left out.
    :raises LinkDead: for 401, 403, 404 and 410.
    :raises ResumeRefused: for 416, and for another part than the one asked for.
    :raises VendorUnavailable: for any other status but 200 and 206.
    :raises NotSent: if no connection was made.
    :raises NoReply: if the connection broke, also while streaming.
    :raises ConfigurationError: if no request can be made of ``url``.
    """
    headers = {"User-Agent": f"airflow-provider-seedance/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if etag:
            headers["If-Range"] = etag
    with transport_errors(url, URLLIB):
        answer = _answer(
            opener, Request(quote(url, safe=punctuation), headers=headers), clock or SystemClock()
        )
    with answer:
        yield _stream(answer, start, url)


def _answer(opener: OpenerDirector, request: Request, clock: Clock) -> HTTPResponse:
    try:
        answer: HTTPResponse = opener.open(request, timeout=TIMEOUT)
    except HTTPError as error:
        with error:
            headers = {name.lower(): value for name, value in error.headers.items()}
            refused = HttpResponse(error.code, headers, b"", clock.now())
            raise _refusal(error.code, request.full_url, refused.retry_after) from None
    return answer


def _stream(answer: HTTPResponse, requested: int, url: str) -> MediaStream:
    length = answer.headers.get("Content-Length", "")
    remaining = total = int(length) if length.isdecimal() else None
    start = 0
    if answer.status == 206:
        start, total = _range(answer.headers.get("Content-Range", ""), requested, url)
    elif answer.status != 200:
        raise _refusal(answer.status, url)
    etag = answer.headers.get("ETag", "")
    return MediaStream(
        chunks=_chunks(answer, remaining, url),
        total=total,
        content_type=answer.headers.get("Content-Type"),
        etag=etag if etag.startswith('"') else None,
        start=start,
    )


def _range(header: str, requested: int, url: str) -> tuple[int, int | None]:
    found = _CONTENT_RANGE.fullmatch(header.strip())
    if not found or int(found[1]) != requested:
        raise ResumeRefused(
            f"{host_of(url)} was asked for the bytes from {requested} on, and sent {header!r}"
        )
    return requested, int(found[2]) if found[2] != "*" else None


def _chunks(answer: HTTPResponse, remaining: int | None, url: str) -> Iterator[bytes]:
    # read1 hands over what is there: when the connection breaks, read would lose what it had gathered.
    while remaining != 0:
        with transport_errors(url, URLLIB):
            chunk = answer.read1(CHUNK if remaining is None else min(remaining, CHUNK))
        if not chunk:
            break
        remaining = None if remaining is None else remaining - len(chunk)
        yield chunk
    if remaining:
        raise NoReply(f"{host_of(url)} broke off with {remaining} bytes to come")


def _refusal(
    status: int, url: str, retry_after: float | None = None
) -> LinkDead | ResumeRefused | VendorUnavailable:
    message = f"{host_of(url)} answered a result link with HTTP {status}"
    if status in (401, 403, 404, 410):
        return LinkDead(message, http_status=status)
    if status == 416:
        return ResumeRefused(message, http_status=status)
    return VendorUnavailable(message, http_status=status, retry_after=retry_after)

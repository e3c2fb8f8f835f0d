"""Media behind a result link, streamed by the standard library: it has never seen the key.

httpx takes twice the processor time for each byte, and stays below ``curl`` (``benchmarks/landing.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPResponse
from ssl import SSLContext
from string import punctuation
from typing import TypeAlias
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
    getproxies,
)

from airflow_provider_seedance import __version__
from airflow_provider_seedance.core.client.account import MAX_VIDEO_BYTES
from airflow_provider_seedance.core.client.decoding import CHUNK, codings_of, decode
from airflow_provider_seedance.core.client.errors import URLLIB, host_of, transport_errors
from airflow_provider_seedance.core.client.media_connections import (
    MediaHandler,
    RedirectHandler,
    is_out_of_time,
)
from airflow_provider_seedance.core.clock import Clock, SystemClock
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import (
    LinkDead,
    NoReply,
    ResumeRefused,
    VendorUnavailable,
    VideoTooLarge,
)

#: Seconds without a byte, or without a connection, after which a host is given up.
TIMEOUT = 10.0

#: What :func:`media_opener` makes.
LinkOpener: TypeAlias = OpenerDirector

_CONTENT_RANGE = re.compile(r"bytes\s+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_STRONG_ETAG = re.compile('"[\x21\x23-\x7e]{1,200}"')
#: Stands for every length that has more digits than any file has.
_ABSURD_LENGTH = 10**18


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


def media_opener(tls: SSLContext, *, public_only: bool = False) -> LinkOpener:
    """What opens result links: over HTTP and nothing else, through the environment's proxies, never with a credential.

    :param public_only: whether links, and where they redirect to, may lead to addresses of the internet only, and not
        to private ones. Behind a proxy, whose address counts as chosen by whoever runs this machine, only what the
        link itself says can be judged: names are resolved by the proxy.
    """
    proxies = getproxies()
    if "all" in proxies:
        proxies = {"http": proxies["all"], "https": proxies["all"], **proxies}
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(proxies),
        MediaHandler(tls, public_only=public_only),
        RedirectHandler(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


@contextmanager
def open_media(
    opener: LinkOpener,
    url: str,
    *,
    start: int = 0,
    etag: str | None = None,
    clock: Clock | None = None,
    max_bytes: int = MAX_VIDEO_BYTES,
) -> Iterator[MediaStream]:
    """The bytes behind a result link, from ``start`` or an earlier byte on, else from the beginning.

    A body that the host has compressed comes unpacked, and cannot be resumed.

    :param etag: the strong entity tag of the file that is to go on; of another the beginning comes.
    :param clock: for a ``Retry-After`` that names a moment; the machine's own if left out.
    :param max_bytes: of the whole video.
    :raises LinkDead: for 401, 403, 404 and 410.
    :raises LinkRefused: if the link leads to where the opener may not go.
    :raises VideoTooLarge: if more than ``max_bytes`` are promised, or come.
    :raises VideoCorrupt: if the body is encoded in a way that is not known, or does not fit its encoding.
    :raises ResumeRefused: for 416, and for another part than the one asked for.
    :raises VendorUnavailable: for any other status but 200 and 206.
    :raises NotSent: if no connection was made.
    :raises NoReply: if the connection broke, also while streaming.
    :raises ConfigurationError: if no request can be made of ``url``.
    """
    clock = clock or SystemClock()
    headers = {"User-Agent": f"airflow-provider-seedance/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if etag:
            headers["If-Range"] = etag
    with transport_errors(url, URLLIB):
        answer = _answer(opener, Request(quote(url, safe=punctuation), headers=headers), clock)
    with answer:
        if answer.status not in (200, 206):
            raise _refusal(answer.status, url, _retry_after(answer.status, answer.headers, clock))
        yield _stream(answer, url, start=start, etag=etag, max_bytes=max_bytes)


def _answer(opener: LinkOpener, request: Request, clock: Clock) -> HTTPResponse:
    try:
        answer: HTTPResponse = opener.open(request, timeout=TIMEOUT)
    except HTTPError as error:
        with error:
            retry_after = _retry_after(error.code, error.headers, clock)
            raise _refusal(error.code, request.full_url, retry_after) from None
    return answer


def _retry_after(status: int, headers: Message, clock: Clock) -> float | None:
    lower = {name.lower(): value for name, value in headers.items()}
    return HttpResponse(status, lower, b"", clock.now()).retry_after


def _stream(answer: HTTPResponse, url: str, *, start: int, etag: str | None, max_bytes: int) -> MediaStream:
    remaining = total = _length(answer.headers.get("Content-Length", ""))
    version = _etag(answer.headers.get("ETag", ""))
    first, end = 0, None
    if answer.status == 206:
        first, end, total = _range(answer.headers.get("Content-Range", ""), start, remaining, url)
        # The host has checked the tag that it was asked with, and need not repeat it.
        version = version or etag
    if total and total > max_bytes:
        raise _too_large(f"promises {total} bytes", url, max_bytes)
    chunks: Iterator[bytes] = _chunks(answer, remaining, url)
    if first == 0:
        chunks, decoded = decode(chunks, codings_of(answer.headers.get("Content-Encoding", "")))
        if decoded:
            total = end = version = None
    return MediaStream(
        chunks=_bounded(chunks, first, max_bytes, url),
        total=total,
        content_type=answer.headers.get("Content-Type"),
        etag=version,
        start=first,
        end=end,
    )


def _length(header: str) -> int | None:
    """Bytes by a ``Content-Length``; ``None`` for what is no number."""
    digits = header.strip()
    if not (digits.isascii() and digits.isdecimal()):
        return None
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) <= 18 else _ABSURD_LENGTH


def _etag(header: str) -> str | None:
    return header if _STRONG_ETAG.fullmatch(header) else None


def _range(header: str, requested: int, length: int | None, url: str) -> tuple[int, int, int | None]:
    """The places of a part's first byte and behind its last one, and the length of the whole.

    :raises ResumeRefused: if the part begins behind the byte that was asked for, or its numbers do not fit.
    """
    found = _CONTENT_RANGE.fullmatch(header.strip())
    if found:
        first, end = int(found[1]), int(found[2]) + 1
        total = None if found[3] == "*" else int(found[3])
        whole = first < end and (total is None or end <= total)
        # Where a host begins earlier than asked, its word alone would join the wrong bytes.
        if whole and (first == requested or (first < requested and length == end - first)):
            return first, end, total
    raise ResumeRefused(
        f"{host_of(url)} was asked for the bytes from {requested} on, and sent {header[:100]!r}"
    )


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
    if is_out_of_time(answer):
        raise NoReply(f"{host_of(url)} did not come to an end in time")


def _bounded(chunks: Iterator[bytes], length: int, max_bytes: int, url: str) -> Iterator[bytes]:
    for chunk in chunks:
        length += len(chunk)
        if length > max_bytes:
            raise _too_large("sends more bytes", url, max_bytes)
        yield chunk


def _too_large(what: str, url: str, max_bytes: int) -> VideoTooLarge:
    return VideoTooLarge(
        f"{host_of(url)} {what}, and a video may have {max_bytes}",
        advice="If the video is really that large, raise max_video_bytes in [seedance] of Airflow's configuration.",
    )


def _refusal(
    status: int, url: str, retry_after: float | None = None
) -> LinkDead | ResumeRefused | VendorUnavailable:
    message = f"{host_of(url)} answered a result link with HTTP {status}"
    if status in (401, 403, 404, 410):
        return LinkDead(message, http_status=status)
    if status == 416:
        return ResumeRefused(message, http_status=status)
    return VendorUnavailable(message, http_status=status, retry_after=retry_after)

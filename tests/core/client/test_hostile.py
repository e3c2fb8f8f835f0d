"""What a hostile or broken host may send, on real sockets: each exchange is bounded in memory and time."""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.body import MAX_BODY
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.errors import MalformedReply, NoReply, SeedanceError
from airflow_provider_seedance.models import GenerationRequest, Status
from tests.core.client.hostile import OK, HostileServer, chunked, whole

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5)
MIB = 2**20
RUNNING = json.dumps({"id": "cgt-1", "model": "m", "status": "running"}).encode()

Ask = Callable[..., Any]


def _ask_sync(account: Account, flow: str, *args: Any) -> Any:
    with SeedanceClient(account, attempts=1) as client:
        return getattr(client.generations, flow)(*args)


def _ask_async(account: Account, flow: str, *args: Any) -> Any:
    async def ask() -> Any:
        async with AsyncSeedanceClient(account, attempts=1) as client:
            return await getattr(client.generations, flow)(*args)

    return asyncio.run(ask())


def _ask_async_httpx(account: Account, flow: str, *args: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "airflow_provider_seedance.core.client.aiohttp_client", None)
        return _ask_async(account, flow, *args)


@pytest.fixture(params=[_ask_sync, _ask_async, _ask_async_httpx], ids=["sync", "aiohttp", "async httpx"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Calls a flow of either client, with each library."""
    return request.param


@pytest.fixture
def serve() -> Iterator[Callable[..., HostileServer]]:
    """Starts hostile servers, and stops them."""
    servers: list[HostileServer] = []

    def start(answer: Callable[[bytes], Iterable[bytes]], pause: float = 0.0) -> HostileServer:
        servers.append(HostileServer(answer, pause))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def account(server: HostileServer, **options: Any) -> Account:
    return Account.create(vendor="modelark", api_key="sk-0123456789", host=server.url, **options)


def packed(size: int, wbits: int = 31) -> bytes:
    """That many bytes of blanks, packed to a thousandth."""
    packer = zlib.compressobj(9, wbits=wbits)
    return b"".join([*(packer.compress(b" " * MIB) for _ in range(size // MIB)), packer.flush()])


def peak(work: Callable[[], object]) -> float:
    """MiB that ``work`` holds at most, of what Python allocates."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


BOMB = packed(200 * MIB)
TOO_LARGE = {
    "gzip": [whole(BOMB, b"Content-Encoding: gzip")],
    "x-gzip": [whole(BOMB, b"content-encoding: X-GZIP")],
    "zlib": [whole(packed(200 * MIB, 15), b"Content-Encoding: deflate")],
    "chunked gzip": list(chunked([BOMB], b"Content-Encoding: gzip")),
    "endless chunks": list(chunked(repeat(b" " * MIB, 20))),
    "endless": [OK + b"Connection: close\r\n\r\n", *repeat(b" " * MIB, 64)],
    "promised": [OK + b"Content-Length: 20000000\r\n\r\n"],
    "999 TB": [OK + b"Content-Length: 999000000000000\r\n\r\n"],
    "not all ASCII": [whole('{"a": "é'.encode() + b"x" * 9 * MIB + b'"}')],
    "escaped": [whole(b'{"a": "\\ud83d\\ude00' + b"x" * 9 * MIB + b'"}')],
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_body_that_is_too_large_is_not_read(
    name: str, ask: Ask, serve: Callable[..., HostileServer]
) -> None:
    """Whatever way it is packed or sent; the error tells the limit, and that a create may have been accepted."""
    pieces = list(TOO_LARGE[name])
    server = serve(lambda head: pieces)
    for flow, argument in (("get", "cgt-1"), ("create", REQUEST)):
        with pytest.raises(MalformedReply, match=r"beyond the limit of (16|4) MiB") as caught:
            ask(account(server), flow, argument)
        assert caught.value.maybe_accepted


MANY = {
    "objects": b"{}",
    "numbers": b"1.5",
    "short texts": b'"ab"',
    "nested": b'{"a":[0]}',
}


@pytest.mark.parametrize("value", MANY.values(), ids=MANY)
def test_a_body_of_too_many_values_is_not_read(
    value: bytes, ask: Ask, serve: Callable[..., HostileServer]
) -> None:
    """A megabyte of them takes thirty in memory, and holds Python's lock for as long as it is read."""
    body = b'{"items": [' + b",".join([value] * 200_000) + b"]}"
    server = serve(lambda head: [whole(body)])
    with pytest.raises(MalformedReply, match="more than 100,000 values"):
        ask(account(server), "get", "cgt-1")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", b"\x8b\x02\x80{}\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(RUNNING))),
        ("gzip", b"not packed at all"),
        ("gzip", gzip.compress(RUNNING, mtime=0)[:-9]),
        ("zstd", b"\x28\xb5\x2f\xfd"),
    ],
    ids=["br", "twice", "not packed", "cut", "zstd"],
)
def test_what_cannot_be_unpacked_is_malformed(
    coding: str, body: bytes, ask: Ask, serve: Callable[..., HostileServer]
) -> None:
    server = serve(lambda head: [whole(body, b"Content-Encoding: " + coding.encode())])
    with pytest.raises(MalformedReply, match="pack"):
        ask(account(server), "get", "cgt-1")


HONEST = {
    "plain": [whole(RUNNING)],
    "identity": [whole(RUNNING, b"Content-Encoding: identity")],
    "gzip": [whole(gzip.compress(RUNNING), b"Content-Encoding: gzip")],
    "deflate": [whole(zlib.compress(RUNNING), b"Content-Encoding: deflate")],
    "byte by byte": [bytes([byte]) for byte in whole(gzip.compress(RUNNING), b"Content-Encoding: gzip")],
    "long": [whole(RUNNING + b" " * (MAX_BODY - len(RUNNING)))],
    "long and packed": [whole(gzip.compress(RUNNING + b" " * 8 * MIB), b"Content-Encoding: gzip")],
    "chunks": list(chunked([RUNNING[:9], RUNNING[9:]])),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_is_within_the_bounds_is_read(name: str, ask: Ask, serve: Callable[..., HostileServer]) -> None:
    server = serve(lambda head: HONEST[name])
    assert ask(account(server), "get", "cgt-1").status is Status.RUNNING
    assert b"accept-encoding: gzip\r\n" in server.requests[0].lower()


LARGEST = {
    "gzip bomb": [whole(BOMB, b"Content-Encoding: gzip")],
    "blanks": [whole(RUNNING + b" " * (MAX_BODY - len(RUNNING)))],
    "one text": [whole(b'{"a": "' + b"x" * (MAX_BODY - 9) + b'"}')],
    "wide text": [whole('{"a": "😀'.encode() + b"x" * (MAX_BODY // 4 - 13) + b'"}')],
    "values": [whole(b'{"a": [' + b",".join([b'{"a":0}'] * 49_000) + b"]}")],
}


@pytest.mark.parametrize("name", LARGEST)
def test_no_answer_takes_more_than_64_mib(name: str, ask: Ask, serve: Callable[..., HostileServer]) -> None:
    """From the first byte to the typed value or error."""
    server = serve(lambda head: LARGEST[name])

    def read() -> None:
        with pytest.raises(MalformedReply) if name != "blanks" else pytest.MonkeyPatch.context():
            ask(account(server), "get", "cgt-1")

    read()
    assert peak(read) < 64


def _trickled(answer: bytes) -> Iterable[bytes]:
    return (bytes([byte]) for byte in answer)


SLOW = {
    "silence": lambda: [],
    "status line": lambda: _trickled(OK * 20),
    "headers": lambda: chain([OK], _trickled(b"X-Header: 1\r\n" * 99)),
    "body": lambda: chain([OK + b"Content-Length: 999\r\n\r\n"], _trickled(b" " * 999)),
    "body without length": lambda: chain(
        [OK + b"Connection: close\r\n\r\n"], _trickled(RUNNING + b" " * 999)
    ),
    "chunks": lambda: chunked(repeat(b" ", 999)),
    "gzip": lambda: chain(
        [OK + b"Content-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"], _trickled(packed(16 * MIB))
    ),
    "informational": lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 999),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_trickled_answer_ends_on_time(name: str, ask: Ask, serve: Callable[..., HostileServer]) -> None:
    """Each byte comes in time; the time is that of the whole exchange. A create may have been accepted."""
    server = serve(lambda head: chain(SLOW[name](), [time.sleep(6) or b""]), pause=0.05)
    for flow, argument in (("get", "cgt-1"), ("create", REQUEST)):
        started = time.monotonic()
        with pytest.raises(NoReply) as caught:
            ask(account(server, request_timeout=1.0), flow, argument)
        assert time.monotonic() - started < 4
        assert caught.value.maybe_accepted


def test_a_kept_connection_is_bounded_too(serve: Callable[..., HostileServer]) -> None:
    """The sync client shuts down a connection that an earlier request has made."""
    answers = iter([[whole(RUNNING)], SLOW["headers"]()])
    server = serve(lambda head: next(answers), pause=0.05)
    with SeedanceClient(account(server, request_timeout=1.0), attempts=1) as client:
        assert client.generations.get("cgt-1").status is Status.RUNNING
        with pytest.raises(NoReply, match="1 seconds is up"):
            client.generations.get("cgt-1")


@pytest.mark.parametrize("flow", ["get", "create"])
def test_errors_carry_nothing_of_the_library(
    flow: str, ask: Ask, serve: Callable[..., HostileServer]
) -> None:
    """Neither as cause nor as context: its text may hold URLs, headers and passwords."""
    server = serve(lambda head: [b"HTTP/1.1 nonsense\r\n\r\n"])
    with pytest.raises(NoReply) as caught:
        ask(account(server), flow, "cgt-1" if flow == "get" else REQUEST)
    fault: SeedanceError = caught.value
    assert (fault.__cause__, fault.__context__) == (None, None)

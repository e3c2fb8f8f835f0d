"""Whatever is sent to the receiver over real sockets: no 500, no forgery, and nothing that is kept."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import socket
import time
import tracemalloc
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from airflow_provider_seedance.plugins.callbacks import receiver as module
from tests.plugins.callbacks.conftest import TARGET, TOKEN, TOKENS, Scene

SIGNED = replace(TARGET, seedance_conn_id="toapis")
SIGNED_TOKEN = TOKENS.seal(SIGNED)
HEADERS = ("X-ToAPIs-Webhook-Id", "X-ToAPIs-Webhook-Timestamp", "X-ToAPIs-Webhook-Signature")
ANSWERS = {202, 400, 401, 404, 405, 408, 413, 429, 503}


def _path(chance: random.Random) -> bytes:
    made_up = bytes(chance.choices(b"abcXYZ019-_=%/.~", k=chance.randrange(200)))
    token = chance.choice((TOKEN, SIGNED_TOKEN)).encode()
    at = chance.randrange(len(token))
    changed = token[:at] + bytes(chance.choices(b"ABC", k=chance.randrange(3))) + token[at + 1 :]
    return b"/" + chance.choice((token, token, changed, made_up))


def _body(chance: random.Random) -> bytes:
    kinds = (
        lambda: chance.randbytes(chance.randrange(2000)),
        lambda: b'{"id":"g-1","status":"completed"}',
        lambda: b"[" * chance.randrange(30_000),
        lambda: b'{"data":' * 500 + b"1" + b"}" * 500,
        lambda: b"\xef\xbb\xbf" + '{"id":"\ud83d"}'.encode("utf-16", "surrogatepass"),
        lambda: b'{"id":' + b"9" * 5000 + b"}",
        lambda: b"x" * (module.MAX_BODY_BYTES + chance.randrange(10)),
    )
    return chance.choice(kinds)()


def _request(chance: random.Random) -> bytes:
    body = _body(chance)
    method = chance.choice((b"POST",) * 8 + (b"GET", b"PUT"))
    lines = [method + b" " + _path(chance) + b" HTTP/1.1", b"Host: airflow", b"Connection: close"]
    for name in HEADERS if chance.random() < 0.5 else ():
        values = (str(int(time.time())), "v1=" + "0" * 64, "", chance.randbytes(9).hex())
        value = chance.choice(values).encode()
        lines.append(name.encode() + b": " + value)
    if chance.random() < 0.8:
        lines.append(b"Content-Length: " + str(len(body) + chance.choice((0, 0, 0, 7))).encode())
    else:
        lines.append(b"Transfer-Encoding: chunked")
        body = f"{len(body):x}\r\n".encode() + body + b"\r\n" + chance.choice((b"0\r\n\r\n", b"zz\r\n"))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _answer(address: str, request: bytes) -> int | None:
    """The status of the answer; ``None`` if the connection ended without one."""
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port or 80), timeout=10) as connection:
        try:
            connection.sendall(request)
            with contextlib.suppress(OSError):  # the server may have answered and gone by then
                connection.shutdown(socket.SHUT_WR)
            head = connection.recv(4096)
        except ConnectionError:
            return None
    return int(head.split()[1]) if head else None


def _is_idle(scene: Scene) -> bool:
    """Whether the receiver holds nothing once it has seen that its callers are gone."""
    deadline = time.monotonic() + 10
    while scene.receiver._being_read and time.monotonic() < deadline:
        time.sleep(0.01)
    return not scene.receiver._being_read


@pytest.mark.parametrize("seed", range(3))
def test_anything_may_be_sent(seed: int, scene: Scene, address: str) -> None:
    """Wrong paths, tokens, signatures, lengths and bodies. Only the good token of an unsigned vendor wakes anybody."""
    chance = random.Random(seed)
    scene.tasks.waiting = False
    answers = {_answer(address, _request(chance)) for _ in range(150)}
    assert answers - {None} <= ANSWERS
    assert _is_idle(scene)


def test_no_signature_that_was_made_up_is_taken(scene: Scene, address: str) -> None:
    """A hundred guesses with good tokens."""
    chance = random.Random(7)
    with httpx.Client(base_url=address, trust_env=False) as client:
        for number in range(100):
            digest = f"v1={chance.randbytes(32).hex()}"
            guess = dict(zip(HEADERS, (f"evt_{number}", str(int(time.time())), digest), strict=True))
            token = SIGNED_TOKEN if number % 2 else TOKENS.seal(replace(SIGNED, map_index=number))
            assert client.post(f"/{token}", json={}, headers=guess).status_code in (401, 429)
    assert (scene.tasks.woken, scene.accounts.reads) == ([], 0)


def test_slow_senders_hold_nobody_up(scene: Scene, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty bodies that come a byte at a time; another callback is answered at once, and they are given up."""
    monkeypatch.setattr(module, "BODY_SECONDS", 1.0)
    url = urlsplit(address)
    slow = [socket.create_connection((url.hostname, url.port or 80)) for _ in range(50)]
    try:
        for number, connection in enumerate(slow):
            path = f"/{TOKENS.seal(replace(TARGET, map_index=number))}"
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{{".encode())
        began = time.monotonic()
        assert httpx.post(f"{address}/{TOKEN}", json={}, trust_env=False).status_code == 202
        assert time.monotonic() - began < 1.0
        for connection in slow:
            connection.settimeout(10)
            assert connection.recv(4096).split()[1] == b"408"
    finally:
        for connection in slow:
            connection.close()
    assert _is_idle(scene)


def test_memory_does_not_grow(scene: Scene) -> None:
    """Hundreds of strangers, callbacks that wake nobody and bodies that are too large leave nothing behind."""
    scene.tasks.waiting = False
    large, stranger = b"x" * (module.MAX_BODY_BYTES + 1), "A" * 400

    async def flood(client: httpx.AsyncClient, rounds: int) -> int:
        for _ in range(rounds):
            await client.post(f"/{stranger}", content=b"{}")
            await client.post(f"/{TOKEN}", content=b'{"id": "g-0"}')
            await client.post(f"/{TOKEN}", content=large)
        await scene.receiver.drain()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    async def growth() -> int:
        async with scene.client() as client:
            return -await flood(client, 10) + await flood(client, 60)

    tracemalloc.start()
    try:
        assert asyncio.run(growth()) < 100_000
    finally:
        tracemalloc.stop()


def test_an_answer_takes_milliseconds(scene: Scene, address: str) -> None:
    """The median of fifty, over a connection that is open."""
    seconds = []
    with httpx.Client(base_url=address, trust_env=False) as client:
        for number in range(50):
            token = TOKENS.seal(replace(TARGET, map_index=number))
            began = time.perf_counter()
            assert client.post(f"/{token}", json={"id": "g-1", "status": "completed"}).status_code == 202
            seconds.append(time.perf_counter() - began)
    assert sorted(seconds)[25] < 0.1

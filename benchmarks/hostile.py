"""Hostile answers to status reads: how long they block an event loop, and the memory that they take.

Each answer is a megabyte that is costly to unpack, to search or to read, or one that goes on without end. It comes from
another process, twenty times; an async client reads it while a heartbeat runs on the same loop. The other side is the
same with an honest answer of a hundred bytes.

Run: ``python -m benchmarks.hostile``.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import NamedTuple

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.errors import SeedanceError
from benchmarks.report import Report, Row, Table, ratio, run

MIB = 2**20
TIMES, BEAT = 20, 0.001
#: Seconds, and MiB.
LONGEST_BLOCK, LARGEST = 0.1, 64.0


def _objects(value: bytes) -> bytes:
    return b'{"items":[' + b",".join([value] * (1_000_000 // (len(value) + 1))) + b"]}"


def _message(text: bytes) -> bytes:
    return b'{"error":{"code":"x","message":"' + (text * (1_000_000 // len(text))) + b'"}}'


ANSWERS: dict[str, Callable[[], bytes]] = {
    "honest": lambda: b'{"id":"cgt-1","model":"m","status":"running"}',
    "empty objects": lambda: _objects(b"{}"),
    "numbers": lambda: _objects(b"1e308"),
    "long numbers": lambda: _objects(b"7" * 4_000),
    "fewer objects": lambda: _objects(b'{"id":"cgt-1","status":"running"}'),
    "nested": lambda: b'{"a":' * 200_000,
    "links": lambda: _message(b"http://a"),
    "links with users": lambda: _message(b"http://a@"),
    "percent signs": lambda: _message(b"%25"),
    "inline media": lambda: _message(b"data:a/b;base64,"),
    "escapes": lambda: _message(b"\\u002d"),
    "keys": lambda: _message(b"sk-"),
    "gzip bomb": lambda: gzip.compress(b" " * (200 * MIB)),
    "blanks": lambda: b" " * (15 * MIB),
    "endless": lambda: b" " * (40 * MIB),
}


class Found(NamedTuple):
    """The longest gaps between two beats of the loop, seconds, by the clock and by CPU time; and MiB at most."""

    wall: float
    cpu: float
    memory: float


def _serve(name: str, port: Connection) -> None:
    body = ANSWERS[name]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            if name == "gzip bomb":
                self.send_header("Content-Encoding", "gzip")
            if name == "endless":
                self.send_header("Connection", "close")
            else:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.send(server.server_port)
    server.serve_forever()


async def _beat(gaps: list[tuple[float, float]]) -> None:
    while True:
        wall, cpu = time.perf_counter(), time.thread_time()
        await asyncio.sleep(BEAT)
        gaps.append((time.perf_counter() - wall - BEAT, time.thread_time() - cpu))


async def _read(url: str, times: int) -> list[tuple[float, float]]:
    account = Account.create(vendor="modelark", api_key="a-key-of-the-bench/+", host=url)
    gaps: list[tuple[float, float]] = []
    async with AsyncSeedanceClient(account, attempts=1) as client:
        with suppress(SeedanceError):
            await client.generations.get("cgt-1")
        beat = asyncio.create_task(_beat(gaps))
        for _ in range(times):
            with suppress(SeedanceError):
                await client.generations.get("cgt-1")
        beat.cancel()
    return gaps


def _found(name: str) -> Found:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(name, theirs), daemon=True)
    server.start()
    try:
        url = f"http://127.0.0.1:{ours.recv()}"
        gaps = asyncio.run(_read(url, TIMES))
        tracemalloc.start()
        asyncio.run(_read(url, 1))
        memory = tracemalloc.get_traced_memory()[1] / MIB
        tracemalloc.stop()
    finally:
        server.kill()
    return Found(max(wall for wall, _ in gaps), max(cpu for _, cpu in gaps), memory)


def _lines(found: dict[str, Found]) -> Iterator[tuple[str, ...]]:
    for name, one in found.items():
        yield name, f"{one.wall * 1_000:.0f} ms", f"{one.cpu * 1_000:.0f} ms", f"{one.memory:.0f} MiB"


def measure() -> Report:
    """Longest block and memory, hostile answers beside an honest one."""
    found = {name: _found(name) for name in ANSWERS}
    honest = found["honest"]
    hostile = [one for name, one in found.items() if name != "honest"]
    block, memory = max(one.cpu for one in hostile), max(one.memory for one in hostile)
    rows = [
        Row(
            "longest block of the event loop by a hostile answer (CPU)",
            f"{block * 1_000:.0f} ms",
            f"{honest.cpu * 1_000:.0f} ms",
            ratio(block, honest.cpu),
            f"under {LONGEST_BLOCK * 1_000:.0f} ms",
            block < LONGEST_BLOCK,
        ),
        Row(
            "memory to read a hostile answer",
            f"{memory:.0f} MiB",
            f"{honest.memory:.0f} MiB",
            ratio(memory, honest.memory),
            f"under {LARGEST:.0f} MiB",
            memory < LARGEST,
        ),
    ]
    title = f"Longest gaps of the loop in {TIMES} answers, and memory in one"
    return Report(rows, [Table(title, ("answer", "by the clock", "CPU", "memory"), list(_lines(found)))])


if __name__ == "__main__":
    run(measure)

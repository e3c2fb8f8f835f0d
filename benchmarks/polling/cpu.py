"""What waiting costs: CPU of one event loop for each waiting task, poller against one GET for each task.

The other side is the best that a provider does: an aiohttp session for the wait of each task (databricks). The lines
around it show a new session for each status request (dbt-cloud), and one for all tasks, which no provider has. All
request the status of each of 1,000 generations (list) or 500 (single reads) every 5 s, so that a row compares the
price of a request. Without a list, fewer requests make the rest of the difference; ``benchmarks.polling.simulate``
tells how many.

Run: ``python -m benchmarks.polling.cpu``. It needs ``aiohttp``.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.core.clock import SystemClock
from airflow_provider_seedance.core.polling.decide import WaitState
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import Poller
from airflow_provider_seedance.core.polling.request_rate import MAX_RATE, RequestRate
from benchmarks.polling.stand_in import StandIn, generation_id, running
from benchmarks.report import Report, Row, Table, ratio, run

INTERVAL, WINDOWS = 5.0, 3
HEADERS = {"Authorization": "Bearer sk-bench", "Accept": "application/json"}
#: Status requests for one generation, by ``benchmarks.polling.simulate``: ours, and every 6 s at the same median lag.
REQUESTS_OURS, REQUESTS_6_S = 7.8, 26.0

Waiting = Callable[[str, list[str]], Awaitable[None]]


async def with_shared_session(url: str, ids: list[str]) -> None:
    """One task for each generation, one session for all."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def request_status(path: str) -> None:
            async with session.get(path) as answer:
                json.loads(await answer.read())

        await _each(ids, lambda name: request_status(f"{url}/evolink/v1/tasks/{name}"))


async def with_new_sessions(url: str, ids: list[str]) -> None:
    """One task for each generation, and a session for each status request."""

    async def request_status(path: str) -> None:
        async with aiohttp.ClientSession(headers=HEADERS) as session, session.get(path) as answer:
            json.loads(await answer.read())

    await _each(ids, lambda name: request_status(f"{url}/evolink/v1/tasks/{name}"))


async def with_a_session_each(url: str, ids: list[str]) -> None:
    """One task for each generation, each with a session for its whole wait."""

    async def wait(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        async with aiohttp.ClientSession(headers=HEADERS) as session:
            while True:
                async with session.get(f"{url}/evolink/v1/tasks/{name}") as answer:
                    json.loads(await answer.read())
                await asyncio.sleep(INTERVAL)

    await asyncio.gather(*(wait(name, INTERVAL * place / len(ids)) for place, name in enumerate(ids)))


async def _each(ids: list[str], request_status: Callable[[str], Awaitable[None]]) -> None:
    async def wait(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            await request_status(name)
            await asyncio.sleep(INTERVAL)

    await asyncio.gather(*(wait(name, INTERVAL * place / len(ids)) for place, name in enumerate(ids)))


def poller_of(vendor: str, *, with_aiohttp: bool) -> Waiting:
    """Our poller, as the triggers use it."""

    async def wait(url: str, ids: list[str]) -> None:
        settings = Account.create(vendor=vendor, api_key="sk-bench", host=f"{url}/{vendor}")
        client = AsyncSeedanceClient(settings, attempts=1)
        if not with_aiohttp:
            client._pooled = httpx.AsyncClient(limits=httpx.Limits(max_connections=20))
        poller = Poller(client, latency_model=LatencyModel(), clock=SystemClock(), max_lag=INTERVAL)
        # As after hours in which the vendor refused nothing.
        poller._request_rate = RequestRate(rate=MAX_RATE)
        # Not new any more, so that requests come every five seconds.
        wait = WaitState(started=time.time() - 60, deadline=time.time() + 3_600)
        try:
            await asyncio.gather(*(poller.wait_for(name, wait) for name in ids))
        finally:
            await poller.close()

    return wait


async def watched(waiting: Waiting, stand_in: StandIn, tasks: int) -> tuple[float, float]:
    """CPU microseconds for each status, and requests in ``INTERVAL``, once all are waiting; medians."""
    ids = [generation_id(time.time() + 3_600, number) for number in range(tasks)]
    side = asyncio.ensure_future(waiting(stand_in.url, ids))
    await asyncio.sleep(2 * INTERVAL)
    windows = [await window(stand_in, tasks) for _ in range(WINDOWS)]
    side.cancel()
    await asyncio.gather(side, return_exceptions=True)
    cpu, requests = (statistics.median(part) for part in zip(*windows, strict=True))
    return cpu, requests


async def window(stand_in: StandIn, tasks: int) -> tuple[float, float]:
    requests, cpu, start = stand_in.requests_so_far(), time.process_time(), time.monotonic()
    await asyncio.sleep(2 * INTERVAL)
    cpu = time.process_time() - cpu
    rounds = (time.monotonic() - start) / INTERVAL
    per_round = (stand_in.requests_so_far() - requests) / rounds
    statuses = tasks if per_round < tasks / 2 else per_round
    return cpu / (statuses * rounds) * 1e6, per_round


SIDES: dict[str, tuple[Waiting, int]] = {
    "a GET for each task, new aiohttp session each": (with_new_sessions, 500),
    "a GET for each task, a session for its wait": (with_a_session_each, 500),
    "a GET for each task, one aiohttp session": (with_shared_session, 500),
    "poller, single reads, httpx": (poller_of("evolink", with_aiohttp=False), 500),
    "poller, single reads, aiohttp": (poller_of("evolink", with_aiohttp=True), 500),
    "poller, list, httpx": (poller_of("modelark", with_aiohttp=False), 1_000),
    "poller, list, aiohttp": (poller_of("modelark", with_aiohttp=True), 1_000),
}


def measure() -> Report:
    with running() as stand_in:
        found = {
            name: asyncio.run(watched(waiting, stand_in, tasks)) for name, (waiting, tasks) in SIDES.items()
        }
    lines = [
        (name, f"{cpu:.0f} µs", f"{requests:.0f} for {SIDES[name][1]:,}")
        for name, (cpu, requests) in found.items()
    ]
    title = (
        f"Each generation is seen every {INTERVAL:g} s; medians of {WINDOWS} windows of {2 * INTERVAL:g} s."
    )
    table = Table(title, ("way of waiting", "CPU a status", "requests in 5 s"), lines)
    theirs = found["a GET for each task, a session for its wait"][0]
    listed, single = found["poller, list, aiohttp"][0], found["poller, single reads, aiohttp"][0]
    rows = [
        Row(
            "event loop's CPU a status, list, against the best poller of a provider",
            f"{listed:.0f} µs",
            f"{theirs:.0f} µs",
            ratio(listed, theirs),
            "≤ 0.1",
            listed <= 0.1 * theirs,
        ),
        Row(
            "event loop's CPU a video, no list, at equal median lag",
            f"{single * REQUESTS_OURS:.0f} µs, {REQUESTS_OURS} requests",
            f"{theirs * REQUESTS_6_S:.0f} µs, {REQUESTS_6_S:.0f} requests",
            ratio(single * REQUESTS_OURS, theirs * REQUESTS_6_S),
            "≤ 0.5",
            single * REQUESTS_OURS <= 0.5 * theirs * REQUESTS_6_S,
        ),
    ]
    return Report(rows, [table])


if __name__ == "__main__":
    sys.exit(run(measure))

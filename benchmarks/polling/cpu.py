"""What waiting costs: CPU of one event loop for each waiting task, fleet against one GET for each task.

The other side is the best that a provider does: an aiohttp session for the wait of each task (databricks). The lines
around it show a new session for each look (dbt-cloud), and one for all tasks, which no provider has. All look at each
of 1,000 (list) or 500 (single reads) generations every 5 s, so that a row compares the price of a look. Without a
list fewer looks make the rest of the difference; how many is told by ``benchmarks.polling.simulate``.

Run: ``python -m benchmarks.polling.cpu``. It needs ``httpx-aiohttp``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx

from airflow_provider_seedance.client.http import AsyncSeedanceClient
from airflow_provider_seedance.client.settings import ClientSettings
from airflow_provider_seedance.polling.clock import WallClock
from airflow_provider_seedance.polling.fleet import Fleet
from airflow_provider_seedance.polling.latency import Latencies
from airflow_provider_seedance.polling.pace import Pace
from airflow_provider_seedance.polling.watch import Watch
from benchmarks.polling.stand_in import generation_id, requests_so_far, running

INTERVAL = 5.0
HEADERS = {"Authorization": "Bearer sk-bench", "Accept": "application/json"}
#: Looks at one generation until its end is seen, and the median lag of that, by ``benchmarks.polling.simulate``.
LOOKS_OURS, LOOKS_10_S, LOOKS_6_S = 7.9, 15.4, 26.0

Waiting = Callable[[str, list[str]], Awaitable[None]]


async def with_shared_session(url: str, ids: list[str]) -> None:
    """One task for each generation, one session for all."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def look(path: str) -> None:
            async with session.get(path) as answer:
                json.loads(await answer.read())

        await _each(ids, lambda name: look(f"{url}/evolink/v1/tasks/{name}"))


async def with_new_sessions(url: str, ids: list[str]) -> None:
    """One task for each generation, and a session for each look."""

    async def look(path: str) -> None:
        async with aiohttp.ClientSession(headers=HEADERS) as session, session.get(path) as answer:
            json.loads(await answer.read())

    await _each(ids, lambda name: look(f"{url}/evolink/v1/tasks/{name}"))


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


async def _each(ids: list[str], look: Callable[[str], Awaitable[None]]) -> None:
    async def wait(name: str, delay: float) -> None:
        await asyncio.sleep(delay)
        while True:
            await look(name)
            await asyncio.sleep(INTERVAL)

    await asyncio.gather(*(wait(name, INTERVAL * place / len(ids)) for place, name in enumerate(ids)))


def fleet_of(vendor: str, *, aiohttp_below: bool) -> Waiting:
    """Our fleet, as the triggers use it."""

    async def wait(url: str, ids: list[str]) -> None:
        settings = ClientSettings.of(vendor=vendor, api_key="sk-bench", host=f"{url}/{vendor}")
        async with _client(settings, aiohttp_below=aiohttp_below) as client:
            fleet = Fleet(
                client, latencies=Latencies(), clock=WallClock(), sleep=asyncio.sleep, max_lag=INTERVAL
            )
            fleet._pace = Pace(rate=100.0)  # as after an hour in which the vendor refused nothing
            # Not new any more, so that looks come every five seconds.
            watch = Watch(started=time.time() - 60, deadline=time.time() + 3_600)
            try:
                await asyncio.gather(*(fleet.watch(name, watch, lambda seen: None) for name in ids))
            finally:
                await fleet.close()

    return wait


@asynccontextmanager
async def _client(settings: ClientSettings, *, aiohttp_below: bool) -> AsyncIterator[AsyncSeedanceClient]:
    client = AsyncSeedanceClient(settings, attempts=1)
    if not aiohttp_below:
        client._kept = httpx.AsyncClient(limits=httpx.Limits(max_connections=settings.max_concurrency))
    yield client


async def measure(waiting: Waiting, url: str, tasks: int, seconds: float) -> tuple[float, float]:
    """CPU microseconds for each look, and requests in ``INTERVAL``, once all are waiting."""
    ids = [generation_id(time.time() + 3_600, number) for number in range(tasks)]
    side = asyncio.ensure_future(waiting(url, ids))
    await asyncio.sleep(2 * INTERVAL)
    requests, cpu, start = requests_so_far(url), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    cpu = time.process_time() - cpu
    rounds = (time.monotonic() - start) / INTERVAL
    requests = requests_so_far(url) - requests
    side.cancel()
    await asyncio.gather(side, return_exceptions=True)
    per_round = requests / rounds
    looks = rounds * tasks if per_round < tasks / 2 else requests
    return cpu / looks * 1e6, per_round


SIDES: tuple[tuple[str, Waiting, int], ...] = (
    ("a GET for each task, new aiohttp session each", with_new_sessions, 500),
    ("a GET for each task, a session for its wait", with_a_session_each, 500),
    ("a GET for each task, one aiohttp session", with_shared_session, 500),
    ("fleet, single reads, httpx", fleet_of("evolink", aiohttp_below=False), 500),
    ("fleet, single reads, httpx-aiohttp", fleet_of("evolink", aiohttp_below=True), 500),
    ("fleet, list, httpx", fleet_of("modelark", aiohttp_below=False), 1_000),
    ("fleet, list, httpx-aiohttp", fleet_of("modelark", aiohttp_below=True), 1_000),
)


def main() -> int:
    """Print the medians; the exit code says whether the limits are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each side is measured")
    arguments = parser.parse_args()
    cost = {}
    print(f"each generation seen every {INTERVAL:g} s; medians of {arguments.runs} runs")
    with running() as url:
        for name, waiting, tasks in SIDES:
            runs = [
                asyncio.run(measure(waiting, url, tasks, arguments.seconds)) for _ in range(arguments.runs)
            ]
            cost[name], requests = (statistics.median(part) for part in zip(*runs, strict=True))
            print(
                f"{name:48}{cost[name]:8.0f} us CPU a look{requests:9.1f} requests a round for {tasks}",
                flush=True,
            )
    per_task, single, listed = (cost[SIDES[place][0]] for place in (1, 4, 6))
    with_list, without = listed / per_task, single * LOOKS_OURS / (per_task * LOOKS_6_S)
    print(f"with list: {with_list:.2f} of one GET for each task (to reach: at most 0.1)")
    print(f"without, at the same median lag of 3 s: {without:.2f} (to reach: at most 0.5)")
    print(
        f"without, against fixed 10 s and its lag of 5 s: {single * LOOKS_OURS / (per_task * LOOKS_10_S):.2f}"
    )
    return int(with_list > 0.1 or without > 0.5)


if __name__ == "__main__":
    sys.exit(main())

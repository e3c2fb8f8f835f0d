"""Thousands of waiting triggers on one event loop: how long they block it.

The loop is this process's own, with Airflow's trigger classes but without Airflow's runner, whose own pauses would hide
ours (:mod:`benchmarks.triggerer` has both). Triggers start fifty at a time, as the runner starts them, and the
vendor takes 0.1 s for an answer. The other side is a trigger that calls a blocking client, as openai's does.

A pause counts by the CPU time spent in it too: a busy machine takes the loop's time away, but not that.

Run: ``python -m benchmarks.polling.loop``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="seedance-bench-"))

import httpx
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.runtime import background_log
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger
from benchmarks.polling.stand_in import generation_id, running
from benchmarks.report import Report, Row, Table, ratio, run
from benchmarks.triggerer.sides import Idle

DELAY = 0.1
TOGETHER = 50
TRIGGERS, BLOCKING, TROUBLED, RUNS = 5_000, 100, 1_000, 3
#: Seconds that are watched once all have started.
WAITING = 15.0
BEAT, LIMIT = 0.001, 0.05
#: Seconds in which the first trigger has imported what all need, on a busy machine too.
IMPORTING = 6.0


class Gap(NamedTuple):
    """How long the loop was away, seconds.

    :param wall: by the clock.
    :param cpu: CPU time spent meanwhile.
    :param collecting: the part of it in which Python collected garbage.
    """

    wall: float
    cpu: float
    collecting: float


@dataclass
class Heartbeat:
    """Gaps between beats of the loop."""

    gaps: list[Gap] = field(default_factory=list)
    _collected: float = 0.0
    _thread: int = 0

    async def beat(self) -> None:
        self._thread = threading.get_ident()
        gc.callbacks.append(self._collect)
        try:
            while True:
                wall, cpu, collected = time.perf_counter(), time.thread_time(), self._collected
                await asyncio.sleep(BEAT)
                self.gaps.append(
                    Gap(
                        time.perf_counter() - wall - BEAT,
                        time.thread_time() - cpu,
                        self._collected - collected,
                    )
                )
        finally:
            gc.callbacks.remove(self._collect)

    def _collect(self, phase: str, info: object) -> None:
        # A collection that another thread begins may let the loop run before it ends, and is not the loop's.
        if threading.get_ident() == self._thread:
            self._collected += time.thread_time() if phase == "stop" else -time.thread_time()


def waiting(number: int, conn_id: str = "bench") -> SeedanceGenerationTrigger:
    """A trigger of ours."""
    now = time.time()
    return SeedanceGenerationTrigger(conn_id, generation_id(now + 3_600, number), now, now + 3_600)


@contextmanager
def lines_counted() -> Iterator[list[str]]:
    """The lines that triggers hand over meanwhile, instead of being shown."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger(background_log.__name__)
    log.addHandler(handler)
    log.propagate, log.level = False, logging.INFO
    yield lines
    log.removeHandler(handler)
    log.propagate = True


async def fired(trigger: BaseTrigger) -> None:
    async for _ in trigger.run():
        return


async def started(make: Callable[[int], BaseTrigger], count: int) -> list[asyncio.Task[None]]:
    """That many triggers, fifty a pass."""
    tasks = []
    for first in range(0, count, TOGETHER):
        tasks += [
            asyncio.create_task(fired(make(number))) for number in range(first, min(first + TOGETHER, count))
        ]
        await asyncio.sleep(0.02)
    return tasks


async def blocks(make: Callable[[int], BaseTrigger], count: int, seconds: float) -> Heartbeat:
    """The heartbeat while they arrive, wait, and are cancelled. The first one comes before: it pays the imports."""
    first = asyncio.create_task(fired(make(count)))
    await asyncio.sleep(IMPORTING)
    heartbeat = Heartbeat()
    beat = asyncio.create_task(heartbeat.beat())
    tasks = await started(make, count)
    await asyncio.sleep(seconds)
    beat.cancel()
    for task in (first, *tasks):
        task.cancel()
    await asyncio.gather(first, beat, *tasks, return_exceptions=True)
    return heartbeat


class Blocking(BaseTrigger):
    """Polls with a blocking client."""

    def __init__(self, url: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.url = url

    def serialize(self) -> tuple[str, dict[str, object]]:
        return "bench.Blocking", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        with httpx.Client() as client:
            while client.get(f"{self.url}/evolink/v1/tasks/g-9999999999-1").is_success:  # noqa: ASYNC110, ASYNC212
                await asyncio.sleep(5.0)
        yield TriggerEvent({})  # type: ignore[no-untyped-call]


class Longest(NamedTuple):
    """The longest gap, seconds: by CPU time without Python's collections and with them, and by the clock."""

    own: float
    cpu: float
    wall: float


def longest(make: Callable[[int], BaseTrigger], count: int, runs: int, seconds: float) -> Longest:
    """Medians over the runs."""
    found = []
    for _ in range(runs):
        gaps = asyncio.run(blocks(make, count, seconds)).gaps
        own = max(gap.cpu - gap.collecting for gap in gaps)
        found.append((own, max(gap.cpu for gap in gaps), max(gap.wall for gap in gaps)))
    return Longest(*(statistics.median(part) for part in zip(*found, strict=True)))


def measure() -> Report:
    with running(DELAY) as stand_in:
        connection = {"conn_type": "seedance", "password": "sk-bench", "extra": {"vendor": "modelark"}}
        os.environ["AIRFLOW_CONN_BENCH"] = json.dumps({**connection, "host": f"{stand_in.url}/modelark"})
        ours = longest(waiting, TRIGGERS, RUNS, WAITING)
        alone = longest(lambda number: Idle(), TRIGGERS, RUNS, WAITING)
        theirs = longest(lambda number: Blocking(stand_in.url), BLOCKING, 1, 5.0)
        os.environ["AIRFLOW_CONN_LOST"] = json.dumps({**connection, "host": "http://127.0.0.1:9"})
        with lines_counted() as lines_told:
            troubled = longest(lambda number: waiting(number, "lost"), TROUBLED, RUNS, WAITING)
    rows = [
        Row(
            f"event loop's longest block with {TRIGGERS:,} waiting triggers",
            f"{1000 * ours.own:.0f} ms of CPU",
            f"{1000 * theirs.wall:,.0f} ms ({BLOCKING} with a blocking client)",
            ratio(ours.own, theirs.wall),
            "< 50 ms",
            ours.own < LIMIT,
        ),
        Row(
            "the same with Python's collections of all that Airflow has loaded",
            f"{1000 * ours.cpu:.0f} ms of CPU",
            f"{1000 * alone.cpu:.0f} ms ({TRIGGERS:,} that do nothing)",
            ratio(ours.cpu, alone.cpu),
            "< 50 ms",
            ours.cpu < LIMIT,
        ),
        Row(
            f"event loop's longest block with {TROUBLED:,} waiting triggers in trouble, told in the log",
            f"{1000 * troubled.own:.0f} ms of CPU",
            f"{1000 * theirs.wall:,.0f} ms ({BLOCKING} with a blocking client)",
            ratio(troubled.own, theirs.wall),
            "< 50 ms",
            troubled.own < LIMIT and len(lines_told) >= TROUBLED,
        ),
    ]
    lines = [
        (name, *(f"{1000 * part:,.0f} ms" for part in side))
        for name, side in (
            (f"{TRIGGERS:,} of ours", ours),
            (f"{TRIGGERS:,} that do nothing", alone),
            (f"{TROUBLED:,} of ours in trouble", troubled),
            (f"{BLOCKING} with a blocking client", theirs),
        )
    ]
    title = (
        "The longest gap of the event loop while triggers start and wait: CPU time without Python's garbage collection,"
        f" with it, and by the clock of a machine that does other things too. Medians of {RUNS} runs. A full"
        " collection goes through all objects, most of which are Airflow's modules; it comes once or twice while"
        " thousands of triggers arrive."
    )
    return Report(rows, [Table(title, ("triggers", "CPU", "with collections", "by the clock"), lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

"""Polls and lag of the schedule against fixed 10 s, over latencies drawn from published figures; nothing is sent.

Run: ``python -m benchmarks.polling.simulate``.
"""

from __future__ import annotations

import heapq
import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.models import Pending, Status
from airflow_provider_seedance.polling.latency import Latencies
from airflow_provider_seedance.polling.schedule import MAX_LAG, History, pause_alone

#: Model id, resolution, seconds of video, median latency in seconds: measured, reported and claimed figures.
CELLS = (
    ("seedance-2-0", "720p", 5, 125.0),
    ("seedance-2-0", "480p", 10, 90.0),
    ("seedance-2-0", "720p", 10, 120.0),
    ("seedance-2-0", "1080p", 10, 180.0),
    ("seedance-2-0", "4k", 10, 300.0),
    ("seedance-2-0-mini", "720p", 5, 48.0),
    ("seedance-2-0-mini", "480p", 10, 45.0),
    ("seedance-2-0-mini", "720p", 10, 70.0),
    ("seedance-2-0-fast", "720p", 5, 35.0),
    ("seedance-2-0-fast", "480p", 10, 60.0),
    ("seedance-2-0-fast", "720p", 6, 60.0),
    ("seedance-2-0-fast", "720p", 10, 90.0),
    ("seedance-1-5-pro", "480p", 10, 80.0),
    ("seedance-1-5-pro", "720p", 10, 100.0),
    ("seedance-1-5-pro", "1080p", 10, 150.0),
    ("seedance-1-0-pro", "480p", 10, 70.0),
    ("seedance-1-0-pro", "720p", 10, 85.0),
    ("seedance-1-0-pro", "1080p", 10, 115.0),
    ("seedance-1-0-pro", "1080p", 5, 46.0),
)
#: The measured range of 2.0 at 720p, 90 to 170 s, read as the middle 80 %.
SPREAD = 0.25
STUCK, DEADLINE = 0.01, 3_600.0
IN_FLIGHT = 100


@dataclass(frozen=True)
class Tells:
    """What a vendor tells while it works."""

    name: str
    details: bool = False
    estimate: bool = False
    progress: bool = False


@dataclass
class Wait:
    """One simulated generation. Its percentage grows with its run and begins after a tenth of it."""

    cell: tuple[str, str, int, float]
    started: float
    ends: float
    tells: Tells
    history: History
    looked: float | None = None
    polls: int = 0

    def seen(self, now: float) -> Pending:
        model, resolution, seconds, median = self.cell
        queue = (self.ends - self.started) / 10
        running = now >= self.started + queue
        done = 100 * (now - self.started - queue) / (self.ends - self.started - queue)
        return Pending(
            vendor="vendor",
            generation_id="g",
            model=model,
            status=Status.RUNNING if running else Status.QUEUED,
            resolution=resolution if self.tells.details else None,
            duration=seconds if self.tells.details else None,
            estimated_seconds=median * 1.3 if self.tells.estimate else None,
            progress=int(max(done, 0)) if self.tells.progress else None,
        )


Schedule = Callable[[Wait, float, float], float]


def simulate(
    tells: Tells, pause: Schedule, latencies: Latencies, *, videos: int, seed: int = 1
) -> list[Wait]:
    """Runs ``videos`` waits, ``IN_FLIGHT`` at a time, until each has been seen to end or given up.

    :returns: the waits, each with the time of its last look.
    """
    rng = random.Random(seed)
    queue: list[tuple[float, int, Wait]] = []
    waits: list[Wait] = []

    def submit(now: float) -> None:
        if len(waits) < videos:
            cell = rng.choice(CELLS)
            run = cell[3] * math.exp(rng.gauss(0.0, SPREAD))
            ends = now + (run if rng.random() >= STUCK else 10 * DEADLINE)
            wait = Wait(cell, now, ends, tells, History(now))
            waits.append(wait)
            heapq.heappush(queue, (now + 1.0, len(waits), wait))

    for _ in range(IN_FLIGHT):
        submit(rng.uniform(0.0, 60.0))
    while queue:
        now, number, wait = heapq.heappop(queue)
        wait.polls += 1
        before, cell, wait.looked = wait.looked, wait.history.cell, now
        if now < wait.ends:
            wait.history = wait.history.and_now(wait.seen(now), now)
        if now >= wait.ends or now >= wait.started + DEADLINE:
            if now >= wait.ends and before is not None:
                latencies.learn(cell, (before + now) / 2 - wait.started)
            submit(now)
        else:
            again = min(now + pause(wait, now, rng.random()), wait.started + DEADLINE)
            heapq.heappush(queue, (again, number, wait))
    return waits


def report(name: str, waits: list[Wait]) -> str:
    """One line: polls for each finished video (those for stuck ones included), and the lag of their ends."""
    lags = sorted(wait.looked - wait.ends for wait in waits if wait.looked and wait.looked >= wait.ends)
    polls = sum(wait.polls for wait in waits) / len(lags)
    half, most = statistics.median(lags), lags[int(len(lags) * 0.95)]
    shown = (
        f"{polls:6.1f} polls a video   lag median {half:5.1f} s   p95 {most:5.1f} s   worst {lags[-1]:5.1f} s"
    )
    return f"{name:42} {shown}"


def main(videos: int = 10_000) -> None:
    print(report("fixed 10 s", simulate(Tells(""), lambda *_: 10.0, Latencies(), videos=videos)))
    print(report("fixed 6 s", simulate(Tells(""), lambda *_: 6.0, Latencies(), videos=videos)))
    for tells in (
        Tells("model, resolution and length told", details=True),
        Tells("model and estimate told", estimate=True),
        Tells("model and progress told", progress=True),
        Tells("only the model told"),
    ):
        latencies = Latencies()

        def pause(wait: Wait, now: float, chance: float, known: Latencies = latencies) -> float:
            expected = known.expected(wait.history.cell, wait.history.estimate)
            return pause_alone(wait.history, expected, now=now, chance=chance, max_lag=MAX_LAG)

        print(report(tells.name, simulate(tells, pause, latencies, videos=videos)))
        fresh = Latencies()

        def unlearned(wait: Wait, now: float, chance: float, known: Latencies = fresh) -> float:
            expected = known.expected(wait.history.cell, wait.history.estimate)
            return pause_alone(wait.history, expected, now=now, chance=chance, max_lag=MAX_LAG)

        print(
            report(
                "  a cold process, nothing learned yet", simulate(tells, unlearned, Latencies(), videos=1_000)
            )
        )


if __name__ == "__main__":
    main()

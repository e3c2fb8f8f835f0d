"""Polls and lag of the schedule against fixed 10 s, over latencies drawn from published figures; nothing is sent.

Run: ``python -m benchmarks.polling.simulate``.
"""

from __future__ import annotations

import heapq
import math
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.schedule import MAX_LAG, PollHistory, pause_before_single_request
from airflow_provider_seedance.models import Pending, Status
from benchmarks.report import Report, Row, Table, ratio, run

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


TELLS = (
    Tells("model, resolution and length told", details=True),
    Tells("model and estimate told", estimate=True),
    Tells("model and progress told", progress=True),
    Tells("only the model told"),
)
VIDEOS = 10_000
PARTS = (0.5, 0.95, 1.0)


@dataclass
class Wait:
    """One simulated generation. Its percentage grows with its run and begins after a tenth of it."""

    cell: tuple[str, str, int, float]
    started: float
    ends: float
    tells: Tells
    history: PollHistory
    last_poll: float | None = None
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
    tells: Tells, pause: Schedule, latency_model: LatencyModel, *, videos: int, seed: int = 1
) -> list[Wait]:
    """Runs ``videos`` waits, ``IN_FLIGHT`` at a time, until each has been seen to end or given up.

    :returns: the waits, each with the time of its last poll.
    """
    rng = random.Random(seed)
    queue: list[tuple[float, int, Wait]] = []
    waits: list[Wait] = []

    def submit(now: float) -> None:
        if len(waits) < videos:
            cell = rng.choice(CELLS)
            run = cell[3] * math.exp(rng.gauss(0.0, SPREAD))
            ends = now + (run if rng.random() >= STUCK else 10 * DEADLINE)
            wait = Wait(cell, now, ends, tells, PollHistory(now))
            waits.append(wait)
            heapq.heappush(queue, (now + 1.0, len(waits), wait))

    for _ in range(IN_FLIGHT):
        submit(rng.uniform(0.0, 60.0))
    while queue:
        now, number, wait = heapq.heappop(queue)
        wait.polls += 1
        before, cell, wait.last_poll = wait.last_poll, wait.history.latency_key, now
        if now < wait.ends:
            wait.history = wait.history.with_answer(wait.seen(now), now)
        if now >= wait.ends or now >= wait.started + DEADLINE:
            if now >= wait.ends and before is not None:
                latency_model.observe(cell, (before + now) / 2 - wait.started)
            submit(now)
        else:
            again = min(now + pause(wait, now, rng.random()), wait.started + DEADLINE)
            heapq.heappush(queue, (again, number, wait))
    return waits


@dataclass(frozen=True)
class Found:
    """Polls for each finished video, those for stuck ones included, and the sorted lags of their ends, seconds."""

    polls: float
    lags: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.lags)


def found(waits: list[Wait]) -> Found:
    lags = sorted(
        wait.last_poll - wait.ends for wait in waits if wait.last_poll and wait.last_poll >= wait.ends
    )
    return Found(sum(wait.polls for wait in waits) / len(lags), lags)


def fixed(seconds: float) -> Found:
    return found(simulate(Tells(""), lambda *_: seconds, LatencyModel(), videos=VIDEOS))


def adaptive(tells: Tells, videos: int, *, learns: bool) -> Found:
    """Ours.

    :param learns: whether what it has seen counts for those that come later.
    """
    latency_model = LatencyModel()

    def pause(wait: Wait, now: float, random_number: float) -> float:
        expected = latency_model.predict(wait.history.latency_key, wait.history.vendor_estimate)
        return pause_before_single_request(
            wait.history, expected, now=now, random=random_number, max_lag=MAX_LAG
        )

    return found(simulate(tells, pause, latency_model if learns else LatencyModel(), videos=videos))


def measure() -> Report:
    fixed_10, fixed_6 = fixed(10.0), fixed(6.0)
    sides = {"fixed 10 s": fixed_10, "fixed 6 s": fixed_6}
    rows = []
    for tells in TELLS:
        ours = adaptive(tells, VIDEOS, learns=True)
        sides[tells.name] = ours
        sides[f"{tells.name}, nothing learned yet"] = adaptive(tells, VIDEOS // 10, learns=False)
        rows.append(
            Row(
                f"polls a video, median lag: {tells.name}",
                f"{ours.polls:.1f}, {ours.median:.1f} s",
                f"{fixed_10.polls:.1f}, {fixed_10.median:.1f} s (fixed 10 s)",
                f"{ratio(ours.polls, fixed_10.polls)}, {ratio(ours.median, fixed_10.median)}",
                "≤ 8, ≤ 3 s",
                ours.polls <= 8 and ours.median <= 3,
            )
        )
    lines = [
        (
            name,
            f"{side.polls:.1f}",
            *(f"{side.lags[int(part * (len(side.lags) - 1))]:.1f} s" for part in PARTS),
        )
        for name, side in sides.items()
    ]
    head = ("schedule, and what the vendor tells", "polls a video", "lag median", "95 %", "longest")
    return Report(rows, [Table(f"{VIDEOS:,} simulated videos, {STUCK:.0%} of them stuck.", head, lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

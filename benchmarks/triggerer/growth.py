"""What waiting costs as more tasks wait, 10 to 10,000, in Airflow's real triggerer; and 10,000 that end.

Beside each count stands a triggerer with as many triggers that do nothing, which is what Airflow itself takes. The
vendor is one with a list. At the largest count the vendor's clock then jumps to where the first one ends, and all end
within five minutes. An event is seen when its trigger fires, and again when Airflow has scheduled the task.

Run: ``python -m benchmarks.triggerer.growth``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from airflow_provider_seedance.core.polling.schedule import MAX_LAG
from benchmarks.polling.stand_in import end_of, running
from benchmarks.report import Report, Row, Table, ratio, run
from benchmarks.triggerer.real import WINDOW, WINDOWS, Event, Site, Usage

COUNTS = (10, 100, 1_000, 10_000)
MOST = COUNTS[-1]
#: Seconds until a triggerer takes what it will take from then on: each wait has told its log of its status by then.
SETTLES = 60.0
#: When the generations end by the vendor's clock, seconds from now, and within how many.
AHEAD, SPREAD = 4 * 3_600.0, 300.0
#: Above Airflow's own, bytes a waiting trigger.
MEMORY_LIMIT = 25_000


def measure() -> Report:
    alone, ours = {}, {}
    with running() as stand_in, tempfile.TemporaryDirectory() as home:
        site = Site(Path(home), stand_in)
        from benchmarks.triggerer import sides

        for count in COUNTS:
            with site.triggerer(sides.idle(number) for number in range(count)) as triggerer:
                alone[count] = triggerer.settled(count, SETTLES)
            first = time.time() + AHEAD
            ends = (first + SPREAD * number / count for number in range(count))
            with site.triggerer(sides.modelark(number, end) for number, end in enumerate(ends)) as triggerer:
                ours[count] = triggerer.settled(count, SETTLES)
                if count == MOST:
                    ahead = first - time.time()
                    stand_in.advance(ahead)
                    events = triggerer.events(count)
    return report(alone, ours, events, ahead)


def report(alone: dict[int, Usage], ours: dict[int, Usage], events: list[Event], ahead: float) -> Report:
    """:param ahead: of the vendor's clock when generations ended, seconds."""
    ends = [end_of(event.payload["generation_id"]) - ahead for event in events]
    fired = sorted(event.fired - end for event, end in zip(events, ends, strict=True) if event.fired)
    scheduled = sorted(event.scheduled - end for event, end in zip(events, ends, strict=True))
    memory = (ours[MOST].memory - alone[MOST].memory) / MOST
    rows = [
        Row(
            f"{MOST:,} waiting tasks end: the latest one scheduled",
            f"{scheduled[-1]:.1f} s, median {median(scheduled):.1f} s",
            f"the bound is {MAX_LAG:.0f} s",
            ratio(scheduled[-1], MAX_LAG),
            "within the bound",
            scheduled[-1] <= MAX_LAG,
        ),
        Row(
            f"memory a waiting trigger, of {MOST:,}",
            f"{ours[MOST].memory / MOST / 1000:.1f} kB",
            f"{alone[MOST].memory / MOST / 1000:.1f} kB (Airflow alone)",
            ratio(ours[MOST].memory, alone[MOST].memory),
            "≤ 25 kB more",
            memory <= MEMORY_LIMIT,
        ),
    ]
    growth = [
        (
            f"{count:,}",
            f"{3_600 * ours[count].cpu:.0f}",
            f"{3_600 * alone[count].cpu:.0f}",
            f"{60 * ours[count].requests:.0f}",
            f"{ours[count].memory / 1e6:.0f} MB",
            f"{alone[count].memory / 1e6:.0f} MB",
            f"{1000 * ours[count].blocked:.0f} ms",
        )
        for count in COUNTS
    ]
    head = (
        "waiting tasks",
        "CPU-s an hour",
        "Airflow alone",
        "requests a minute",
        "memory",
        "Airflow alone",
        "longest block",
    )
    title = (
        "What a triggerer takes as more tasks wait at a vendor with a list; medians of"
        f" {WINDOWS} windows of {WINDOW:.0f} s."
    )
    lags = [
        (name, *(f"{found[int(part * (len(found) - 1))]:.1f} s" for part in (0.5, 0.95, 1.0)))
        for name, found in (
            (f"the trigger fires ({len(fired):,} are known)", fired),
            ("Airflow has scheduled the task", scheduled),
        )
    ]
    ended = f"{MOST:,} waiting tasks that end within {SPREAD:.0f} s: from the end until"
    return Report(rows, [Table(title, head, growth), Table(ended, ("", "median", "95 %", "longest"), lags)])


if __name__ == "__main__":
    sys.exit(run(measure))

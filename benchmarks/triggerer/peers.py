"""The same wait in Airflow's real triggerer: this provider's trigger, four others', and one that does nothing.

Every side has as many tasks waiting, and a triggerer of its own, one after the other. All others ask for each task
every five seconds; so does ours where the vendor has a list, and else it keeps its own schedule, whose median lag is
that of six seconds. It costs a triggerer more than the request: Airflow writes each line that a trigger logs.

Run: ``python -m benchmarks.triggerer.peers``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.polling.stand_in import running
from benchmarks.report import Report, Row, Table, ratio, run
from benchmarks.triggerer.real import WINDOW, WINDOWS, Site, StandsStill, Usage

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

TASKS = 1_000
#: Seconds until a triggerer takes what it will take from then on; ours learns how fast it may ask.
SETTLES = 60.0
TICK = 5.0
#: A fixed interval with the median lag of our schedule, by ``benchmarks.polling.simulate``.
SAME_LAG = 6.0
ALONE, LIST, NO_LIST = "Airflow alone", "seedance, list", "seedance, no list"


def measure() -> Report:
    with running() as stand_in, tempfile.TemporaryDirectory() as home:
        site = Site(Path(home), stand_in)
        from benchmarks.triggerer import sides

        makes: dict[str, Callable[[int], BaseTrigger]] = {
            ALONE: sides.idle,
            LIST: sides.modelark,
            NO_LIST: sides.evolink,
            "databricks": sides.databricks,
            "dbt-cloud": sides.dbt_cloud,
            "openai": sides.openai,
            "common-ai": sides.common_ai,
        }
        usages, still = {}, []
        for name, make in makes.items():
            with site.triggerer(make(number) for number in range(TASKS)) as triggerer:
                try:
                    usages[name] = triggerer.settled(TASKS, SETTLES if name == NO_LIST else SETTLES / 4)
                except StandsStill:
                    # Others' triggers write a line with each look.
                    if name in (ALONE, LIST, NO_LIST):
                        raise
                    still.append(name)
    return report(usages, still)


def report(usages: dict[str, Usage], still: list[str]) -> Report:
    """The best of the others is the one that takes least.

    :param still: sides with which the triggerer stood still.
    """
    best = min(set(usages) - {ALONE, LIST, NO_LIST}, key=lambda name: usages[name].cpu)
    listed, single, other = usages[LIST], usages[NO_LIST], usages[best]
    slower = other.cpu * TICK / SAME_LAG
    rows = [
        Row(
            "requests in 5 s for 1,000 waiting tasks, list",
            f"{listed.requests * TICK:.0f}",
            f"{other.requests * TICK:.0f} ({best})",
            ratio(listed.requests, other.requests),
            "≤ 10",
            round(listed.requests * TICK) <= 10,
        ),
        Row(
            "triggerer's CPU for 1,000 waiting tasks, list",
            f"{100 * listed.cpu:.1f} % of a core",
            f"{100 * other.cpu:.1f} % ({best})",
            ratio(listed.cpu, other.cpu),
            "≤ 0.1",
            listed.cpu <= 0.1 * other.cpu,
        ),
        Row(
            "the same without a list, at equal median lag",
            f"{100 * single.cpu:.1f} % of a core",
            f"{100 * slower:.1f} % ({best})",
            ratio(single.cpu, slower),
            "≤ 0.5",
            single.cpu <= 0.5 * slower,
        ),
    ]
    head = ("side", "CPU", "of it the loop's", "requests a second", "memory a task", "longest block")
    lines = [
        (
            name,
            f"{100 * one.cpu:.1f} %",
            f"{100 * one.loop:.1f} %",
            f"{one.requests:.1f}",
            f"{(one.memory - usages[ALONE].memory) / TASKS / 1000:.0f} kB",
            f"{1000 * one.blocked:.0f} ms",
        )
        for name, one in usages.items()
    ]
    lines += [(name, "stands still", "", "", "", "") for name in still]
    title = (
        f"{TASKS:,} tasks wait in Airflow's triggerer. CPU is a part of one core, of both its processes and of the one"
        " with the event loop; memory is what they hold above Airflow alone; the longest block is what the triggerer"
        f" itself tells, which is nothing below 10 ms. Medians of {WINDOWS} windows of {WINDOW:.0f} s."
    )
    return Report(rows, [Table(title, head, lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

"""From a generation's end at the vendor to the resumed task: with callbacks, and with polling alone.

A real Airflow on this machine makes the same videos twice, at the emulator in real time. The moment of the end is the
vendor's own; a task is resumed when Airflow has scheduled it. When it then runs depends on scheduler and workers alone.

Run: ``python -m benchmarks.webhooks``.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

from airflow_provider_seedance.emulator import Emulator, serve
from benchmarks.report import Report, Row, Table, ratio, run
from dev.emulator import connections
from dev.environment import free_port
from dev.processes import signals_end_the_block
from dev.stack import Stack, airflow

#: With a list, and without one.
VENDORS = ("modelark", "evolink")
#: Of each vendor.
VIDEOS = 8
DEFAULT_TIMEOUT = 900.0
TO_REACH = {True: 2.0, False: 3.0}

DAG = f"""
import time
from airflow.sdk import DAG
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

class Timed(SeedanceGenerateVideoOperator):
    def execute_complete(self, context, event, **carried):
        resumed = time.time()
        return {{**super().execute_complete(context, event, **carried), "resumed": resumed}}

with DAG("timed", schedule=None, max_active_tasks=64):
    for vendor in {VENDORS!r}:
        Timed.partial(
            task_id=vendor, seedance_conn_id=f"seedance_{{vendor}}", model="seedance-2.0-mini",
            duration=4, resolution="480p", aspect_ratio="16:9",
        ).expand(prompt=["A fox looks up"] * {VIDEOS})
"""


@dataclass(frozen=True)
class Lags:
    """What one run took, by vendor.

    :param seconds: from each end to the resumption.
    :param running: from each end to the first thing that the resumed task does.
    :param requests: status requests, those of the resumed tasks included.
    """

    seconds: dict[str, list[float]]
    running: dict[str, list[float]]
    requests: dict[str, int]

    @property
    def all(self) -> list[float]:
        return [lag for lags in self.seconds.values() for lag in lags]


def lags(*, webhooks: bool) -> Lags:
    """Those of one run, in an Airflow of its own."""
    with (
        signals_end_the_block(),
        tempfile.TemporaryDirectory() as name,
        serve(rate=1.0, slots=10_000) as emulator,
    ):
        home = Path(name)
        (home / "dags").mkdir()
        (home / "dags" / "timed.py").write_text(DAG, encoding="utf-8")
        port = free_port()
        settings = {"SEEDANCE__CALLBACK_BASE_URL": f"http://127.0.0.1:{port}" if webhooks else ""}
        with airflow(
            home, dags=[home / "dags"], connections=connections(emulator.url), settings=settings, port=port
        ) as stack:
            return _measured(stack, emulator)


def _measured(stack: Stack, emulator: Emulator) -> Lags:
    stack.api.wait_for_dag("timed")
    started = stack.api.trigger("timed")
    for _ in stack.api.follow(started, timeout=DEFAULT_TIMEOUT):
        stack.processes.check()
    ledger = emulator.ledger()
    ended = {entry["generation_id"]: entry["finished_at"] for entry in ledger["generations"]}
    seconds: dict[str, list[float]] = {vendor: [] for vendor in VENDORS}
    running: dict[str, list[float]] = {vendor: [] for vendor in VENDORS}
    path = f"/dags/{started.dag_id}/dagRuns/{started.run_id}/taskInstances"
    for task in stack.api.call("GET", path)["task_instances"]:
        vendor = task["task_id"]
        result = stack.api.xcom(started, vendor, map_index=task["map_index"])
        end = ended[result["generation_id"]]
        seconds[vendor].append(datetime.fromisoformat(task["scheduled_when"]).timestamp() - end)
        running[vendor].append(result["resumed"] - end)
    requests = {
        vendor: sum(ledger["requests"][vendor][kind] for kind in ("get", "list")) for vendor in VENDORS
    }
    return Lags(seconds, running, requests)


def measure() -> Report:
    both = {webhooks: lags(webhooks=webhooks) for webhooks in (True, False)}
    medians = {webhooks: median(found.all) for webhooks, found in both.items()}
    row = Row(
        "finish at the vendor to task resumed, median",
        f"{medians[True]:.1f} s (with webhooks)",
        f"{medians[False]:.1f} s (polling alone)",
        ratio(medians[True], medians[False]),
        f"≤ {TO_REACH[True]:.0f} s; ≤ {TO_REACH[False]:.0f} s",
        all(medians[webhooks] <= limit for webhooks, limit in TO_REACH.items()),
    )
    lines = [
        (
            vendor,
            "webhooks" if webhooks else "polling",
            f"{median(found.seconds[vendor]):.1f} s",
            f"{quantiles(found.seconds[vendor], n=10)[-1]:.1f} s",
            f"{median(found.running[vendor]):.1f} s",
            f"{found.requests[vendor] / VIDEOS:.1f}",
        )
        for webhooks, found in both.items()
        for vendor in VENDORS
    ]
    title = f"{VIDEOS} videos of each vendor; status requests are the triggerer's, the receiver's and the task's own."
    head = (
        "vendor",
        "way",
        "median",
        "nine of ten within",
        "median until it runs",
        "status requests a video",
    )
    return Report([row], [Table(title, head, lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

"""Airflow's processor time for each video: one batch task against a mapped deferrable task for each.

A real Airflow on this machine runs both, one after the other, and both land each video. What counts is the processor
time of all its processes, less what they take when there is nothing to do. What a mapped task costs does not depend on
how many there are, so there are fewer of them. Nobody looks at the pictures of the videos, as without the extra
``media``: decoding them takes the same of both, and is no part of Airflow's.

Run: ``python -m benchmarks.batch.mapped``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from airflow_provider_seedance.emulator import serve
from benchmarks.report import Report, Row, Table, ratio, run
from dev.emulator import connections
from dev.stack import Stack, airflow

MAPPED, ROWS = 40, 500
SMALL = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}
#: Seconds that Airflow gets for coming to rest, and for what follows a run.
RESTS, AFTER = 20.0, 10.0
IDLE, DEFAULT_TIMEOUT = 30.0, 1_800.0

DAGS = f"""
import sys
from airflow.sdk import DAG
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

sys.modules["av"] = None

with DAG("mapped", schedule=None, params={{"output": ""}}, max_active_tasks=64):
    SeedanceGenerateVideoOperator.partial(
        task_id="clip", destination="{{{{ params.output }}}}/{{generation_id}}.mp4", **{SMALL!r}
    ).expand(prompt=["A fox looks up"] * {MAPPED})

with DAG("batch", schedule=None, params={{"output": ""}}):
    SeedanceGenerateBatchOperator(
        task_id="clips", requests=["A fox looks up"] * {ROWS}, max_active={ROWS}, defaults={SMALL!r},
        destination="{{{{ params.output }}}}/{{generation_id}}.mp4",
    )
"""


@dataclass(frozen=True)
class Used:
    """What a run took.

    :param cpu: processor seconds beyond the idle Airflow's.
    :param videos: how many it landed.
    """

    cpu: float
    videos: int

    @property
    def each(self) -> float:
        """Milliseconds a video."""
        return 1000 * self.cpu / self.videos


def processor_seconds() -> float:
    """Of all processes below this one, those that have ended included."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            total += used.user + used.system + used.children_user + used.children_system
    return total


def used_by(stack: Stack, dag_id: str, output: Path, idle: float) -> Used:
    """:param idle: processor seconds that Airflow takes in each second anyway."""
    began, before = time.monotonic(), processor_seconds()
    started = stack.api.trigger(dag_id, {"output": str(output)})
    for _ in stack.api.follow(started, timeout=DEFAULT_TIMEOUT):
        stack.processes.check()
    time.sleep(AFTER)
    used = processor_seconds() - before - idle * (time.monotonic() - began)
    return Used(used, len(list(output.glob("*.mp4"))))


def measure() -> Report:
    with (
        tempfile.TemporaryDirectory() as name,
        serve(rate=30.0, slots=10_000) as emulator,
    ):
        home = Path(name)
        dags = home / "dags"
        dags.mkdir()
        (dags / "benchmark.py").write_text(DAGS, encoding="utf-8")
        with airflow(home, dags=[dags], connections=connections(emulator.url)) as stack:
            for dag_id in ("mapped", "batch"):
                stack.api.wait_for_dag(dag_id)
            time.sleep(RESTS)
            before = processor_seconds()
            time.sleep(IDLE)
            idle = (processor_seconds() - before) / IDLE
            mapped, batch = (used_by(stack, dag_id, home / dag_id, idle) for dag_id in ("mapped", "batch"))
    row = Row(
        f"Airflow's CPU a video, {ROWS} in one batch task",
        f"{batch.each:.0f} ms",
        f"{mapped.each:.0f} ms (mapped deferrable tasks)",
        ratio(batch.each, mapped.each),
        "≤ 0.05",
        batch.videos == ROWS and batch.each <= 0.05 * mapped.each,
    )
    lines = [
        (name, f"{used.videos} of {wanted}", f"{used.cpu:.1f} s", f"{used.each:.0f} ms")
        for name, used, wanted in (("mapped tasks", mapped, MAPPED), ("one batch task", batch, ROWS))
    ]
    title = f"CPU of all of Airflow's processes beyond the {idle:.3f} s a second that they take when idle."
    return Report([row], [Table(title, ("way", "videos landed", "CPU", "CPU a video"), lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

"""``make chaos``: many videos through a cluster where everything dies now and then, and what must hold at the end."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from airflow_provider_seedance.emulator import Emulator, serve
from dev.api import Run, RunTimeout
from dev.chaos.accidents import Accidents
from dev.chaos.books import read_ledger
from dev.chaos.evidence import gather
from dev.chaos.progress import Progress, StallDetector, read_progress
from dev.chaos.relay import relay
from dev.chaos.report import Circumstances, summary
from dev.chaos.schedule import describe, schedule
from dev.chaos.verdict import FINAL, Evidence, judge
from dev.cluster import cluster
from dev.emulator import VENDORS, connection, connections
from dev.processes import ProcessDied, signals_end_the_block
from dev.stack import Stack, StackError

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".airflow" / "chaos"
DAG_ID = "chaos_videos"
#: Videos of one DAG run. Airflow's scheduler checks all waiting tasks of a run in each of its turns, so that a run with
#: many takes it longer than all the tasks take the workers.
_RUN_VIDEOS = 50
#: Vendor seconds per second: a video takes some 20 s.
_RATE = 4.0
#: A run in which nothing changes for so long is given up; on a slow machine it may take as long as it likes.
_STALL_SECONDS = 600.0
#: Seconds between two counts of what was submitted and landed, and between two looks at Airflow's tasks.
_COUNT_SECONDS, _LOOK_SECONDS = 2.0, 20.0
#: How quickly Airflow notices that something died; its defaults are minutes.
_SETTINGS = {
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "SCHEDULER__TASK_QUEUED_TIMEOUT": "45",
    "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "20",
    "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 0 if every promise was kept."""
    options = _parser().parse_args(arguments)
    if options.dry_run:
        for event in schedule(options.seed, videos=options.videos, proxies=options.proxies):
            print(describe(event))
        return 0
    shutil.rmtree(HOME, ignore_errors=True)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {text}", flush=True)

    try:
        with signals_end_the_block():
            conditions, evidence = _run(options.videos, options.seed, options.proxies, say)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 130
    except (ProcessDied, RunTimeout, StackError, OSError, httpx.HTTPError) as fault:
        print(f"\nThe run could not be judged: {fault}\nLogs: {HOME.relative_to(PROJECT)}/logs")
        return 2
    return _tell(conditions, evidence)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    add, environment = parser.add_argument, os.environ.get
    add(
        "--videos",
        type=int,
        default=int(environment("CHAOS_VIDEOS", "100")),
        help="default: CHAOS_VIDEOS, or 100",
    )
    add("--seed", type=int, default=int(environment("CHAOS_SEED", "1")), help="default: CHAOS_SEED, or 1")
    add(
        "--proxies",
        action="store_true",
        default=environment("CHAOS_PROXIES", "") not in ("", "0"),
        help="let proxies answer reads with HTML pages (default: CHAOS_PROXIES)",
    )
    add(
        "--dry-run",
        action="store_true",
        help="print the accidents by the share of the run, and start nothing",
    )
    return parser


def _run(videos: int, seed: int, proxies: bool, say: Callable[[str], None]) -> tuple[Circumstances, Evidence]:
    """One run from the first process to the last, and what it left behind."""
    begun = time.monotonic()
    say("Starting PostgreSQL, Redis, Airflow with two workers and two triggerers, and the emulator")
    with (
        serve(rate=_RATE, seed=seed) as emulator,
        relay(("127.0.0.1", httpx.URL(emulator.url).port or 0)) as primary,
        cluster(
            HOME,
            dags=[Path(__file__).parent / "dags"],
            connections={**connections(emulator.url), "seedance_primary": connection("toapis", primary.url)},
            settings=_SETTINGS,
        ) as stack,
    ):
        stack.api.wait_for_dag(DAG_ID)
        runs = [stack.api.trigger(DAG_ID, conf) for conf in _confs(videos)]
        say(f"Airflow runs at {stack.url}; {videos} videos are ordered, seed {seed}")
        events = schedule(seed, videos=videos, proxies=proxies)
        accidents = Accidents(events, stack.processes, emulator, primary, say)
        _live_through(accidents, emulator, stack, runs, videos=videos, say=say)
        say("The ledger is settled and read")
        rows = read_ledger(stack.environment, tuple(f"seedance_{vendor}" for vendor in VENDORS))
        evidence = gather(stack.api, runs, emulator.ledger(), rows, HOME / "landed")
    conditions = Circumstances(
        seed=seed,
        videos=videos,
        seconds=time.monotonic() - begun,
        date=datetime.now(timezone.utc).date().isoformat(),
        versions=_versions(),
        kills=accidents.killed,
        faults=accidents.struck,
        proxies=proxies,
    )
    return conditions, evidence


def _confs(videos: int) -> list[dict[str, Any]]:
    """The params of each run."""
    return [
        {"output": str(HOME), "first": first, "videos": min(_RUN_VIDEOS, videos - first)}
        for first in range(0, videos, _RUN_VIDEOS)
    ]


def _tell(conditions: Circumstances, evidence: Evidence) -> int:
    """Print and keep the summary; 0 if every promise was kept."""
    statements = judge(evidence)
    text = summary(conditions, evidence, statements)
    (HOME / "summary.txt").write_text(f"{text}\n", encoding="utf-8")
    print(f"\n{text}\n\nLogs and files: {HOME.relative_to(PROJECT)}")
    return 0 if all(statement.holds for statement in statements) else 1


def _live_through(
    accidents: Accidents,
    emulator: Emulator,
    stack: Stack,
    runs: Sequence[Run],
    *,
    videos: int,
    say: Callable[[str], None],
) -> None:
    """Let the accidents happen until every task has ended, or nothing changes for too long."""
    stall, over, tasks = StallDetector(_STALL_SECONDS), False, Counter[tuple[str, str | None]]()
    next_count = next_look = 0.0
    progress = Progress(videos)
    while not over and not stall.is_stalled((progress, *sorted(tasks.items(), key=str)), time.monotonic()):
        now = time.monotonic()
        if now > next_count:
            next_count = now + _COUNT_SECONDS
            failed = sum(count for (name, state), count in tasks.items() if _has_failed(name, state))
            progress = read_progress(videos, emulator.ledger(), HOME / "landed", failed)
            accidents.note_faults()
        accidents.step(now, progress.share)
        stack.processes.check()
        if now > next_look:
            next_look = now + _LOOK_SECONDS
            over, tasks = _look(stack, runs, tasks, say)
        time.sleep(0.2)
    accidents.note_faults()
    if not over:
        say(f"given up: nothing has changed for {_STALL_SECONDS:.0f} s")


def _has_failed(task_id: str, state: str | None) -> bool:
    return task_id.endswith(".generate") and state in FINAL and state != "success"


def _look(
    stack: Stack, runs: Sequence[Run], before: Counter[tuple[str, str | None]], say: Callable[[str], None]
) -> tuple[bool, Counter[tuple[str, str | None]]]:
    """Whether the runs are over, and their tasks by id and state; says how far they are.

    An API server that is too busy to answer leaves what was known before.
    """
    try:
        tasks = [task for run in runs for task in stack.api.tasks(run)]
        run_states = [stack.api.state(run) for run in runs]
    except httpx.TransportError as fault:
        say(f"the API server does not answer: {type(fault).__name__}")
        return False, before
    states = Counter(task.state for task in tasks)
    counts = (f"{name} {states[name]}" for name in ("deferred", "running", "success", "failed"))
    say("  ".join(counts) + f"  of {len(tasks)} tasks")
    over = all(state in ("success", "failed") for state in run_states) and all(
        task.state in FINAL for task in tasks
    )
    return over, Counter((task.task_id, task.state) for task in tasks)


def _versions() -> dict[str, str]:
    names = ("apache-airflow", "apache-airflow-providers-celery", "celery", "airflow-provider-seedance")
    return {"Python": platform.python_version(), **{name: version(name) for name in names}}


if __name__ == "__main__":
    sys.exit(main())

"""``make chaos``: many videos through a cluster where everything dies now and then, and what must hold at the end."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

import httpx

from airflow_provider_seedance.emulator import serve
from dev.api import Run, RunTimeout
from dev.chaos.accidents import Accidents
from dev.chaos.evidence import gather
from dev.chaos.report import Circumstances, summary
from dev.chaos.schedule import schedule
from dev.chaos.verdict import FINAL, Evidence, judge
from dev.cluster import cluster
from dev.emulator import connections
from dev.processes import ProcessDied, signals_end_the_block
from dev.stack import Stack, StackError

PROJECT = Path(__file__).resolve().parents[2]
HOME = PROJECT / ".airflow" / "chaos"
DAG_ID = "chaos_videos"
#: Vendor seconds per second: a video takes some 20 s.
_RATE = 4.0
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


def main() -> int:
    """Run it; 0 if every promise was kept."""
    videos, seed = int(os.environ.get("CHAOS_VIDEOS", "100")), int(os.environ.get("CHAOS_SEED", "1"))
    shutil.rmtree(HOME, ignore_errors=True)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.1f} s  {text}", flush=True)

    try:
        with signals_end_the_block():
            conditions, evidence = _run(videos, seed, say)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 130
    except (ProcessDied, RunTimeout, StackError, OSError, httpx.HTTPError) as fault:
        print(f"\nThe run could not be judged: {fault}\nLogs: {HOME.relative_to(PROJECT)}/logs")
        return 2
    return _tell(conditions, evidence)


def _run(videos: int, seed: int, say: Callable[[str], None]) -> tuple[Circumstances, Evidence]:
    """One run from the first process to the last, and what it left behind."""
    begun = time.monotonic()
    say("Starting PostgreSQL, Redis, Airflow with two workers and two triggerers, and the emulator")
    with (
        serve(rate=_RATE, seed=seed) as emulator,
        cluster(
            HOME,
            dags=[Path(__file__).parent / "dags"],
            connections=connections(emulator.url),
            settings=_SETTINGS,
        ) as stack,
    ):
        stack.api.wait_for_dag(DAG_ID)
        run = stack.api.trigger(DAG_ID, {"output": str(HOME), "videos": videos})
        say(f"Airflow runs at {stack.url}; {videos} videos are ordered, seed {seed}")
        events = schedule(seed, videos=videos, seconds=_expected(videos))
        accidents = Accidents(events, stack.processes, emulator, say)
        _live_through(accidents, stack, run, videos=videos, say=say)
        evidence = gather(stack.api, run, emulator.ledger(), HOME / "landed")
    conditions = Circumstances(
        seed=seed,
        videos=videos,
        seconds=time.monotonic() - begun,
        date=datetime.now(timezone.utc).date().isoformat(),
        versions=_versions(),
        kills=accidents.killed,
        faults=accidents.struck,
    )
    return conditions, evidence


def _tell(conditions: Circumstances, evidence: Evidence) -> int:
    """Print and keep the summary; 0 if every promise was kept."""
    statements = judge(evidence)
    text = summary(conditions, evidence, statements)
    (HOME / "summary.txt").write_text(f"{text}\n", encoding="utf-8")
    print(f"\n{text}\n\nLogs and files: {HOME.relative_to(PROJECT)}")
    return 0 if all(statement.holds for statement in statements) else 1


def _live_through(
    accidents: Accidents, stack: Stack, run: Run, *, videos: int, say: Callable[[str], None]
) -> None:
    """Let the accidents happen until every task has ended, or it takes too long."""
    begun = time.monotonic()
    looked = counted = 0.0
    while (now := time.monotonic() - begun) < _timeout_seconds(videos):
        accidents.step(now)
        stack.processes.check()
        if now > counted + 5:
            counted = now
            accidents.note_faults()
        if now > looked + 10:
            looked = now
            if _progress(stack, run, say):
                break
        time.sleep(0.2)
    accidents.note_faults()


def _progress(stack: Stack, run: Run, say: Callable[[str], None]) -> bool:
    """Whether the run is over; says how far it is."""
    tasks = stack.api.tasks(run)
    counts = {
        state: sum(task.state == state for task in tasks)
        for state in ("deferred", "running", "success", "failed")
    }
    say("  ".join(f"{state} {count}" for state, count in counts.items()) + f"  of {len(tasks)} tasks")
    return stack.api.state(run) in ("success", "failed") and all(task.state in FINAL for task in tasks)


def _expected(videos: int) -> float:
    """Seconds over which the accidents are spread."""
    return 40.0 + 2.5 * videos


def _timeout_seconds(videos: int) -> float:
    """Seconds after which a run is given up."""
    return 300.0 + 6.0 * videos


def _versions() -> dict[str, str]:
    names = ("apache-airflow", "apache-airflow-providers-celery", "celery", "airflow-provider-seedance")
    return {"Python": platform.python_version(), **{name: version(name) for name in names}}


if __name__ == "__main__":
    sys.exit(main())

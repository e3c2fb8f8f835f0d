"""``make demo``: a real Airflow makes clips through the emulator, or one clip at a real vendor.

The files come to ``demo-output`` in the working directory.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.errors import SeedanceError
from dev.api import AirflowApi, Run, RunTimeout
from dev.clips import read_clips, table
from dev.emulator import VENDORS, connections
from dev.ledger import SETTINGS, sqlite_ledger
from dev.page import write_page
from dev.paid import Declined, PaidClip, paid_clip
from dev.processes import ProcessDied, signals_end_the_block
from dev.progress import Progress, stages
from dev.stack import StackError, airflow

EXAMPLE_DAGS = Path(__file__).resolve().parent.parent / "example_dags"
OUTPUT = Path("demo-output")
HOME = Path(".airflow", "demo")
_RATE = 60.0  # vendor seconds per second


class DemoFailed(RuntimeError):
    """The DAG run did not end well."""


@dataclass(frozen=True)
class Plan:
    """What to run, and what it makes: one clip per task group."""

    dag_id: str
    conf: Mapping[str, Any]
    groups: Sequence[str]
    connections: Mapping[str, Mapping[str, Any]]
    about: str
    timeout: float
    #: What the vendors say about each group's generation, where someone can be asked.
    ask_vendors: Callable[[], dict[str, str]]


def main() -> int:
    """Run the demo; 0 if all went well."""
    begun = time.monotonic()
    progress = Progress(lambda: time.monotonic() - begun, _print)
    paid = None
    try:
        with signals_end_the_block():
            if paid := paid_clip(os.environ):
                paid.confirm(os.environ, sys.stdin, _print)
                _make(_paid_plan(paid), progress)
            else:
                _free_demo(progress)
    except KeyboardInterrupt:
        _print("\nStopped. Nothing is left running on this machine.")
        if paid:
            _print(f"A clip that was submitted already goes on at {paid.vendor}, and is charged.")
        return 130
    except (Declined, SeedanceError) as reason:
        _print(str(reason))
        return 1
    except (DemoFailed, ProcessDied, RunTimeout, StackError, OSError, httpx.HTTPError) as fault:
        _print(f"\nThe demo failed: {fault}\nLogs: {HOME}/logs")
        return 1
    return 0


def _free_demo(progress: Progress) -> None:
    with serve(rate=_RATE) as emulator:
        progress.say(f"The emulator of {len(VENDORS)} vendors runs at {emulator.url}")
        _make(_free_plan(emulator), progress)


def _free_plan(emulator: Emulator) -> Plan:
    def ask_vendors() -> dict[str, str]:
        return {entry["vendor"]: entry["status"] for entry in emulator.ledger()["generations"]}

    return Plan(
        dag_id="seedance_demo",
        conf={"output": str(OUTPUT.absolute()), "samples": emulator.sample_url("").rstrip("/")},
        groups=VENDORS,
        connections=connections(emulator.url),
        about="Made by one Airflow DAG through four vendors' protocols. The vendors are emulated: the pictures "
        "are placeholders, the costs are what the real vendors would have charged.",
        timeout=300,
        ask_vendors=ask_vendors,
    )


def _paid_plan(paid: PaidClip) -> Plan:
    return Plan(
        dag_id="seedance_demo_paid",
        conf={"output": str(OUTPUT.absolute()), **paid.conf},
        groups=("paid",),
        connections={"seedance_default": paid.connection},
        about=f"Made by an Airflow DAG at {paid.vendor}.",
        timeout=3600,
        ask_vendors=dict,
    )


def _make(plan: Plan, progress: Progress) -> None:
    _clear()
    progress.say("Starting Airflow: API server, scheduler, triggerer and DAG processor")
    found = {**plan.connections, **sqlite_ledger(HOME)}
    with airflow(HOME, dags=[EXAMPLE_DAGS], connections=found, settings=SETTINGS) as stack:
        progress.say(f"Airflow runs at {stack.url}")
        stack.api.wait_for_dag(plan.dag_id)
        run = stack.api.trigger(plan.dag_id, plan.conf)
        progress.say(f"DAG {plan.dag_id} is triggered")
        for tasks in stack.api.follow(run, timeout=plan.timeout):
            stack.processes.check()
            progress.show(stages(tasks, plan.ask_vendors()))
        if stack.api.state(run) != "success":
            raise DemoFailed("\n  ".join(["these tasks failed:", *failures(stack.api, run)]))
        clips = read_clips(stack.api, run, plan.groups)
    page = write_page(clips, OUTPUT, about=plan.about)
    progress.say("Done; Airflow is stopped")
    _print(f"\n{table(clips, below=Path.cwd())}\n\nWatch them: {page}")


def failures(api: AirflowApi, run: Run) -> list[str]:
    """What each failed task of the run says."""
    return [
        f"{task.task_id}: {api.error(run, task) or 'see its log'}"
        for task in api.tasks(run)
        if task.state == "failed"
    ]


def _clear() -> None:
    """What an earlier demo left would be taken for this one's."""
    for leftover in (HOME, OUTPUT / "landed", OUTPUT / "published"):
        shutil.rmtree(leftover, ignore_errors=True)
    (OUTPUT / "index.html").unlink(missing_ok=True)
    OUTPUT.mkdir(exist_ok=True)


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""A real Airflow for a whole test session: scheduler, triggerer, DAG processor, API server and LocalExecutor.

Each test that uses it carries ``@pytest.mark.xdist_group("stack")``: then all of them run in one worker and share it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import httpx
import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from dev.api import Run
from dev.emulator import VENDORS, connection
from dev.environment import free_port
from dev.processes import signals_end_the_block
from dev.stack import Stack, airflow
from tests.airflow.home import DAGS, EXAMPLES

T = TypeVar("T")

#: Vendor seconds in a second: a generation takes some 6 s, which is when triggers fire at the earliest.
RATE = 20
#: Seconds for a DAG run.
DEFAULT_TIMEOUT = 150
#: What is looked for wherever it must not be.
MARKED_KEY = "sk-marked-6d1f0a9c4e7b"
USED_EXAMPLES = (
    "text_to_video.py",
    "full_pipeline.py",
    "chained_shots.py",
    "wait_for.py",
    "with_approval.py",
)


@dataclass(frozen=True)
class TestedStack(Stack):
    """A running Airflow, and the emulator that its connections ``seedance_<vendor>`` lead to."""

    emulator: Emulator

    def trigger(self, dag_id: str, **conf: str) -> Run:
        """Start a run as soon as the DAG is there; ``conf`` sets those of its params that it has."""
        self.api.wait_for_dag(dag_id)
        params = self.api.call("GET", f"/dags/{dag_id}/details")["params"]
        wanted = {name: value for name, value in conf.items() if name in params}
        return unlocked(lambda: self.api.trigger(dag_id, wanted))

    def succeed(self, run: Run) -> None:
        """Wait for the run's end; if it is a bad one, fail with what the tasks raised."""
        if self.api.finish(run, timeout=DEFAULT_TIMEOUT) == "success":
            return
        failed = [task for task in self.api.tasks(run) if task.state == "failed"]
        pytest.fail("\n".join(f"{task}: {self.api.error(run, task)}" for task in failed))


def unlocked(change: Callable[[], T]) -> T:
    """What ``change`` returns. Airflow on SQLite answers 500 while another of its processes writes, before it has
    changed anything; so then it is asked again."""
    deadline = time.monotonic() + DEFAULT_TIMEOUT
    while True:
        try:
            return change()
        except httpx.HTTPStatusError as fault:
            if "database is locked" not in fault.response.text or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestedStack]:
    """The stack, with the main examples and the DAGs of the tests."""
    home = tmp_path_factory.mktemp("stack")
    folder = home / "dags"
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in USED_EXAMPLES:
        shutil.copy(EXAMPLES / name, folder)
    with serve(rate=RATE, link_seconds=1e9) as emulator:
        connections = {
            f"seedance_{vendor}": {**connection(vendor, emulator.url), "password": MARKED_KEY}
            for vendor in VENDORS
        }
        signed = connection("toapis", emulator.url)
        signed["extra"] = {**signed["extra"], "webhook_secret": "whsec-emulator"}
        connections["seedance_toapis_signed"] = {**signed, "password": MARKED_KEY}
        port = free_port()
        settings = {
            "SEEDANCE__CALLBACK_BASE_URL": f"http://127.0.0.1:{port}",
            # A triggerer that was killed is missed after this many seconds.
            "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
            # One DAG waits for another's asset.
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        }
        with (
            signals_end_the_block(),
            airflow(home, dags=[folder], connections=connections, settings=settings, port=port) as running,
        ):
            yield TestedStack(**vars(running), emulator=emulator)

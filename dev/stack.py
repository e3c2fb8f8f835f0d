"""A real Airflow on this machine: API server, scheduler, triggerer and DAG processor as child processes."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.api import AirflowApi
from dev.environment import airflow_environment, free_port
from dev.processes import Processes

#: The API server reads the logs from the same disk, so nobody needs to serve them.
_PARTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
}


class StackError(RuntimeError):
    """The stack could not be brought up."""


@dataclass(frozen=True)
class Stack:
    """A running Airflow; the names in ``processes`` are those that :func:`airflow` lists."""

    home: Path
    url: str
    api: AirflowApi
    environment: Mapping[str, str]
    processes: Processes

    def start(self, name: str, *command: str) -> int:
        """Start ``airflow <command>`` as a further part, and return its process id."""
        return self.processes.start(name, airflow_command(*command), self.environment)


@contextmanager
def airflow(
    home: Path,
    *,
    dags: Sequence[Path],
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    database: str | None = None,
    executor: str = "LocalExecutor",
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    parts: Sequence[str] = tuple(_PARTS),
    timeout: float = 300.0,
) -> Iterator[Stack]:
    """Run Airflow until the block is left; then no process of it is left either.

    Its parts are named ``api-server``, ``scheduler``, ``triggerer`` and ``dag-processor``, and write to
    ``<home>/logs/<name>.log``.

    :param home: AIRFLOW_HOME; made if need be, kept afterwards.
    :param dags: folders with DAG files.
    :param connections: Airflow connections in their JSON form, by id.
    :param database: SQLAlchemy URL; without it an SQLite file in ``home``.
    :param executor: the executor's name.
    :param settings: further Airflow settings, as ``SECTION__KEY``.
    :param port: of the web UI and API; any free one without it.
    :param parts: which are started; the API server is always among them.
    :param timeout: seconds until everything must be up.
    :raises StackError: if it is not.
    :raises ProcessDied: if a part ends while starting.
    """
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    # Four processes would write the default configuration at the same time.
    (home / "airflow.cfg").touch()
    port = port or free_port()
    environment = airflow_environment(
        home,
        dags=[folder.resolve() for folder in dags],
        port=port,
        # Who finds the database locked waits for a minute: on a busy disk a commit takes seconds.
        database=database or f"sqlite:///{home / 'airflow.db'}?timeout=60",
        executor=executor,
        connections=connections or {},
        settings=settings or {},
    )
    if database:
        _migrate(environment)
    elif not (home / "airflow.db").exists():
        fresh_sqlite(home, environment)
    url = f"http://127.0.0.1:{port}"
    with Processes(home / "logs") as processes, AirflowApi(url) as api:
        for name in parts:
            processes.start(name, airflow_command(*_PARTS[name]), environment)
        _wait_until_healthy(api, processes, parts, timeout)
        if "scheduler" in parts:
            api.warm_up()
        yield Stack(home, url, api, environment, processes)


def airflow_command(*arguments: str) -> list[str]:
    """The command line of Airflow in this interpreter's environment."""
    return [sys.executable, "-m", "airflow", *arguments]


def _wait_until_healthy(api: AirflowApi, processes: Processes, parts: Sequence[str], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    wanted = ["metadatabase", *(part.replace("-", "_") for part in parts if part != "api-server")]
    while True:
        processes.check()
        seen = api.health()
        if all(seen.get(part) == "healthy" for part in wanted):
            return
        if time.monotonic() > deadline:
            raise StackError(
                f"Airflow is not up after {timeout:g} s: {seen or 'the API server does not answer'}"
            )
        time.sleep(0.2)


def fresh_sqlite(home: Path, environment: Mapping[str, str]) -> None:
    """Put a migrated database into ``home``, made once for this virtual environment and Airflow version."""
    cached = Path(sys.prefix, "var", f"airflow-{importlib.metadata.version('apache-airflow-core')}.db")
    if not cached.exists():
        _migrate(environment)
        _write_ahead(home / "airflow.db")
        _keep(home / "airflow.db", cached)
        return
    shutil.copyfile(cached, home / "airflow.db")


def _write_ahead(database: Path) -> None:
    """Readers and one writer at a time: without it, four processes on one SQLite file often meet a lock."""
    connection = sqlite3.connect(database)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _keep(database: Path, cached: Path) -> None:
    try:
        cached.parent.mkdir(exist_ok=True)
        half = cached.with_suffix(f".{os.getpid()}")
        shutil.copyfile(database, half)
        half.replace(cached)
    except OSError:
        # A read-only environment costs a few seconds at every start, and nothing else.
        return


def _migrate(environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        airflow_command("db", "migrate"), env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StackError(f"airflow db migrate failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")

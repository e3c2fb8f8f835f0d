"""Airflow's real triggerer with triggers of choice: its database, its two processes, and what they take.

Rows are put into the database as the scheduler puts them: a deferred task instance for each trigger, all of one mapped
task. The database is an SQLite file that only the triggerer uses while it runs.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.polling.stand_in import StandIn
from dev.environment import airflow_environment, free_port
from dev.processes import Processes
from dev.stack import airflow_command

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

DAG_ID, TASK_ID = "benchmark", "wait"
#: Triggers that are new to the triggerer at a time, as many as Airflow gives it unless a setting says otherwise. Of
#: 10,000 at once its event loop says nothing for half a minute, even if the triggers do nothing.
AT_ONCE = 1_000
#: The triggerer tells when its event loop came back this late from a pause of so many seconds.
NOTICED, PAUSE = 0.11, 0.1
#: Seconds until all triggers must have started, or fired.
DEFAULT_TIMEOUT = 600.0
WINDOWS, WINDOW = 3, 10.0
_SETTINGS = {
    "LOGGING__LOGGING_LEVEL": "WARNING",
    "TRIGGERER__BLOCKED_MAIN_THREAD_WARNING_THRESHOLD": str(NOTICED),
}
#: The triggerer itself logs as much as it does elsewhere.
_TELLS = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO"}
#: What the triggerer tells after half a minute of it.
_STANDS_STILL = b"event loop appears deadlocked"
_BLOCKED = re.compile(rb"async thread was blocked for ([\d.]+) seconds")


@dataclass(frozen=True)
class Usage:
    """What a triggerer takes.

    :param cpu: processor seconds a second, of both its processes: one runs the triggers, one keeps the books.
    :param loop: those of the first alone.
    :param requests: to the stand-in, a second.
    :param memory: bytes that both processes hold for themselves.
    :param blocked: the longest that the event loop was away, seconds; 0 below 0.01, which it does not tell.
    """

    cpu: float
    loop: float
    requests: float
    memory: float
    blocked: float


@dataclass(frozen=True)
class Event:
    """That a trigger fired.

    :param fired: when, epoch seconds; ``None`` if Airflow had closed the trigger's log before it wrote that down.
    :param scheduled: when Airflow had scheduled its task.
    """

    payload: dict[str, Any]
    fired: float | None
    scheduled: float


class StandsStill(RuntimeError):
    """Airflow's triggerer waits for its log to be read, by a process that waits for the triggerer."""


class Triggerer:
    """A running one.

    :param logs: where each of its triggers writes a log.
    """

    def __init__(self, processes: Processes, pid: int, logs: Path, stand_in: StandIn) -> None:
        self._processes = processes
        self._books = psutil.Process(pid)
        self._logs = logs
        self._stand_in = stand_in

    def settled(self, count: int, settles: float) -> Usage:
        """What it takes once so many triggers wait: the medians of several windows, and the longest block of all.

        :param settles: seconds from the last start until it takes what it will take from then on.
        :raises TimeoutError: if they do not start.
        :raises StandsStill: if the triggerer does.
        """
        self.wait_for(count)
        time.sleep(settles)
        windows = [self._wait_for_row(WINDOW) for _ in range(WINDOWS)]
        typical = Usage(*(median(part) for part in zip(*map(astuple, windows), strict=True)))
        return replace(typical, blocked=max(window.blocked for window in windows))

    def events(self, count: int) -> list[Event]:
        """All of them, once Airflow has scheduled so many tasks.

        :raises TimeoutError: if it does not.
        """
        self._until(lambda: len(_scheduled()), count, pause=10.0)
        return [Event(payload, self._fired(number), when) for number, payload, when in _scheduled()]

    def wait_for(self, count: int) -> None:
        """Until so many triggers have started: each says so in its log.

        :raises TimeoutError: if they do not.
        :raises StandsStill: if the triggerer does.
        """
        self._until(lambda: len(os.listdir(self._logs)) if self._logs.exists() else 0, count)

    def _until(self, reached: Callable[[], int], count: int, pause: float = 1.0) -> None:
        deadline = time.monotonic() + DEFAULT_TIMEOUT
        while (so_far := reached()) < count:
            self._check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{so_far:,} of {count:,} triggers after {DEFAULT_TIMEOUT:.0f} s")
            time.sleep(pause)

    def _check(self) -> None:
        self._processes.check()
        if _STANDS_STILL in self._processes.log("triggerer").read_bytes():
            raise StandsStill("the triggerer's two processes wait for each other")

    def _wait_for_row(self, seconds: float) -> Usage:
        both = [self._books, *self._books.children()]
        log = self._processes.log("triggerer")
        told, asked, began = log.stat().st_size, self._stand_in.requests_so_far(), time.monotonic()
        before = [_processor_seconds(process) for process in both]
        time.sleep(seconds)
        used = [_processor_seconds(process) - then for process, then in zip(both, before, strict=True)]
        passed = time.monotonic() - began
        self._check()
        requests = self._stand_in.requests_so_far() - asked
        blocks = [float(late) - PAUSE for late in _BLOCKED.findall(log.read_bytes()[told:])]
        memory = sum(process.memory_full_info().uss for process in both)
        return Usage(sum(used) / passed, used[1] / passed, requests / passed, memory, max([0.0, *blocks]))

    def _fired(self, number: int) -> float | None:
        (log,) = (self._logs / f"map_index={number}").iterdir()
        for line in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
            if line["event"] == "Trigger fired event":
                return datetime.fromisoformat(line["timestamp"]).timestamp()
        return None


class Site:
    """A place for triggerers: AIRFLOW_HOME with a migrated database and a DAG in it.

    Airflow's settings go into this process's environment, so a process makes one site only.

    :param stand_in: what the connections of all triggers lead to.
    """

    def __init__(self, home: Path, stand_in: StandIn) -> None:
        (home / "airflow.cfg").touch()
        settings = airflow_environment(
            home,
            dags=[],
            port=free_port(),
            database=f"sqlite:///{home / 'airflow.db'}",
            executor="LocalExecutor",
            connections=stand_in.connections(),
            settings=_SETTINGS,
        )
        self._environment = {
            **settings,
            "SSL_CERT_FILE": str(stand_in.certificate),
            # The triggerer finds the triggers of this folder from the checkout.
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        os.environ.update(self._environment)
        # Each trigger's log is a file that stays open.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        subprocess.run(airflow_command("db", "migrate"), check=True, capture_output=True)
        with closing(sqlite3.connect(home / "airflow.db")) as database:
            database.execute("PRAGMA journal_mode=WAL")  # readers and one writer at a time
        _add_dag()
        self._home = home
        self._stand_in = stand_in
        self._runs = 0

    @contextmanager
    def triggerer(self, triggers: Iterable[BaseTrigger]) -> Iterator[Triggerer]:
        """A triggerer for these alone, until the block is left; all of them but the last have started by then."""
        self._runs += 1
        run_id, waiting = f"run-{self._runs}", list(triggers)
        _begin(run_id)
        _defer(run_id, waiting[:AT_ONCE])
        logs = self._home / "logs"
        command = airflow_command("triggerer", "--skip-serve-logs", "--capacity", str(len(waiting) + 1))
        with Processes(logs / run_id) as processes:
            pid = processes.start("triggerer", command, {**self._environment, **_TELLS})
            their_logs = logs / f"dag_id={DAG_ID}" / f"run_id={run_id}" / f"task_id={TASK_ID}"
            triggerer = Triggerer(processes, pid, their_logs, self._stand_in)
            for before in range(AT_ONCE, len(waiting), AT_ONCE):
                triggerer.wait_for(before)
                _defer(run_id, waiting[before : before + AT_ONCE], before)
            yield triggerer


def _processor_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def _scheduled() -> list[tuple[int, dict[str, Any], float]]:
    """Number, payload and epoch second of each task that an event has scheduled."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState
    from sqlalchemy import select

    columns = (TaskInstance.map_index, TaskInstance.next_kwargs, TaskInstance.scheduled_dttm)
    with create_session() as session:
        found = session.execute(select(*columns).where(TaskInstance.state == TaskInstanceState.SCHEDULED))
        return [(number, kwargs["event"], when.timestamp()) for number, kwargs, when in found]


def _add_dag() -> None:
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from airflow.utils.session import create_session

    with DAG(DAG_ID, schedule=None) as dag:
        EmptyOperator(task_id=TASK_ID)
    plain = LazyDeserializedDAG.from_dag(dag)
    with create_session() as session:
        session.add(DagBundleModel(name=DAG_ID))
        session.flush()
        SerializedDAG.bulk_write_to_db(DAG_ID, None, [plain], session=session)
        SerializedDagModel.write_dag(plain, bundle_name=DAG_ID, session=session)


def _begin(run_id: str) -> None:
    """A run without tasks, and none of any other run."""
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(TaskInstance))
        session.execute(delete(Trigger))
        dag = SerializedDagModel.get_dag(DAG_ID, session=session)
        assert dag
        dag.create_dagrun(
            run_id=run_id,
            run_after=datetime.now(timezone.utc),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
            session=session,
        )
        session.execute(delete(TaskInstance))


def _defer(run_id: str, triggers: Sequence[BaseTrigger], before: int = 0) -> None:
    """Further tasks of the run, each of which waits for one of these.

    :param before: how many it has by now.
    """
    from airflow.models.dag_version import DagVersion
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.trigger import Trigger
    from airflow.utils.session import create_session
    from airflow.utils.state import TaskInstanceState

    with create_session() as session:
        dag = SerializedDagModel.get_dag(DAG_ID, session=session)
        version = DagVersion.get_latest_version(DAG_ID, session=session)
        assert dag
        assert version
        for number, trigger in enumerate(triggers, start=before + 1):
            instance = TaskInstance(
                dag.get_task(TASK_ID),
                dag_version_id=version.id,
                run_id=run_id,
                state=TaskInstanceState.DEFERRED,
                map_index=number,
            )
            instance.trigger = Trigger.from_object(trigger)
            session.add(instance)

"""A small client for the REST API of an Airflow that the stack has started."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

FINAL = frozenset({"success", "failed"})
_LOG_HEAD = frozenset({"event", "timestamp", "level", "logger"})


class RunTimeout(RuntimeError):
    """A DAG run was not over in time."""


@dataclass(frozen=True)
class Task:
    """One task instance as the API tells it; ``state`` is ``None`` before it is scheduled."""

    task_id: str
    map_index: int
    state: str | None
    try_number: int


@dataclass(frozen=True)
class Run:
    """A DAG run's address."""

    dag_id: str
    run_id: str


class AirflowApi:
    """Talks to one API server, whose users are all admins.

    :param url: scheme, host and port.
    """

    def __init__(self, url: str) -> None:
        # Proxies are for the world outside, not for a server on this machine.
        self._client = httpx.Client(base_url=url, timeout=120, trust_env=False)

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def health(self) -> dict[str, str]:
        """The state of each part; empty while the server itself does not answer."""
        try:
            response = self._client.get("/api/v2/monitor/health")
        except httpx.TransportError:
            return {}
        if response.status_code != 200:
            return {}
        return {part: str(about.get("status")) for part, about in response.json().items()}

    def warm_up(self) -> None:
        """Let the server build what it otherwise builds while the first task waits, which takes seconds."""
        self._client.get("/execution/health", timeout=60).raise_for_status()

    def call(self, method: str, path: str, **details: Any) -> Any:
        """The JSON answer to one request below ``/api/v2``.

        :raises httpx.HTTPStatusError: if the answer is an error.
        """
        if "authorization" not in self._client.headers:
            token = self._client.get("/auth/token").raise_for_status().json()["access_token"]
            self._client.headers["authorization"] = f"Bearer {token}"
        return self._client.request(method, f"/api/v2{path}", **details).raise_for_status().json()

    def import_errors(self) -> dict[str, str]:
        """DAG files that could not be loaded, with their tracebacks."""
        answer = self.call("GET", "/importErrors")
        return {error["filename"]: error["stack_trace"] for error in answer["import_errors"]}

    def wait_for_dag(self, dag_id: str, *, timeout: float = 60.0) -> None:
        """Return when the DAG has been parsed.

        :raises RunTimeout: after ``timeout`` seconds, with what could not be imported.
        """
        deadline = time.monotonic() + timeout
        while True:
            listed = self.call("GET", "/dags", params={"dag_id_pattern": dag_id, "limit": 100})["dags"]
            if any(dag["dag_id"] == dag_id for dag in listed):
                return
            if time.monotonic() > deadline:
                raise RunTimeout(
                    f"no DAG {dag_id} after {timeout:g} s; import errors: {self.import_errors()}"
                )
            time.sleep(0.2)

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run; every DAG is paused at first."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> Run:
        """Unpause the DAG and start a run; ``conf`` overrides the DAG's params."""
        self.unpause(dag_id)
        body = {"logical_date": None, "conf": dict(conf or {})}
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        return Run(dag_id, run["dag_run_id"])

    def state(self, run: Run) -> str:
        """The run's state: ``queued``, ``running``, ``success`` or ``failed``."""
        return str(self.call("GET", _path(run))["state"])

    def tasks(self, run: Run) -> list[Task]:
        """Where each task instance of the run stands."""
        found: list[Task] = []
        while True:
            page = {"limit": 100, "offset": len(found)}
            answer = self.call("GET", f"{_path(run)}/taskInstances", params=page)
            found += [
                Task(task["task_id"], task["map_index"], task["state"], task["try_number"])
                for task in answer["task_instances"]
            ]
            if not answer["task_instances"] or len(found) >= answer["total_entries"]:
                return found

    def follow(self, run: Run, *, timeout: float, every: float = 0.5) -> Iterator[list[Task]]:
        """The run's tasks again and again, the last time when the run is over.

        :raises RunTimeout: after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            over = self.state(run) in FINAL
            yield self.tasks(run)
            if over:
                return
            if time.monotonic() > deadline:
                raise RunTimeout(f"{run.dag_id} {run.run_id} not over after {timeout:g} s: {self.tasks(run)}")
            time.sleep(every)

    def finish(self, run: Run, *, timeout: float = 120.0) -> str:
        """Wait for the run's end and return its state.

        :raises RunTimeout: after ``timeout`` seconds.
        """
        for _ in self.follow(run, timeout=timeout):
            pass
        return self.state(run)

    def log(self, run: Run, task: Task) -> str:
        """The log of a task's last try, a line an event."""
        return "\n".join(_log_line(entry) for entry in self._log_entries(run, task))

    def error(self, run: Run, task: Task) -> str | None:
        """The exception that ended a task's last try."""
        raised = [
            f"{fault['exc_type']}: {fault['exc_value']}"
            for entry in self._log_entries(run, task)
            for fault in (entry.get("error_detail") or [])[:1]
        ]
        return raised[-1] if raised else None

    def _log_entries(self, run: Run, task: Task) -> list[dict[str, Any]]:
        answer = self.call(
            "GET",
            f"{_path(run)}/taskInstances/{task.task_id}/logs/{task.try_number}",
            params={"map_index": task.map_index, "full_content": True},
            headers={"accept": "application/json"},
        )
        return [entry for entry in answer["content"] if isinstance(entry, dict)]

    def xcom(self, run: Run, task_id: str, *, key: str = "return_value", map_index: int = -1) -> Any:
        """What a task returned or pushed."""
        answer = self.call(
            "GET",
            f"{_path(run)}/taskInstances/{task_id}/xcomEntries/{key}",
            params={"map_index": map_index, "deserialize": False, "stringify": False},
        )
        return answer["value"]

    def stored_state(self, run: Run, task: Task) -> dict[str, Any]:
        """What a task keeps in the task state store (Airflow 3.3 and later), by key."""
        path = f"{_path(run)}/taskInstances/{task.task_id}/state-store"
        answer = self.call("GET", path, params={"map_index": task.map_index})
        return {entry["key"]: entry["value"] for entry in answer["task_state_store"]}


def _path(run: Run) -> str:
    return f"/dags/{run.dag_id}/dagRuns/{run.run_id}"


def _log_line(entry: Mapping[str, Any]) -> str:
    extra = {key: value for key, value in entry.items() if key not in _LOG_HEAD}
    return f"{entry.get('level', '')} {entry.get('event', '')}" + (f" {extra}" if extra else "")

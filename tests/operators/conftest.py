"""Operators before a running emulator, without Airflow's database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.emulator import Emulator
from tests.airflow.asset_events import asset_server
from tests.airflow.fixtures import Connect, Time, connect, emulator, passing, running_emulator
from tests.airflow.running import TaskRun

__all__ = ["Connect", "TaskRun", "asset_server", "connect", "emulator", "passing", "running_emulator"]

#: Vendor seconds after which everything that was ordered has ended.
LONG = 20_000.0
#: A video that is quickly rendered.
SMALL = {"prompt": "A fox looks up", "duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}


@pytest.fixture
def generating(emulator: Emulator, passing: Time) -> Callable[..., TaskRun]:
    """Makes the task that generates a small video; arguments override or add. Vendor time passes when it defers."""
    from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

    def made(conn_id: str, **arguments: Any) -> TaskRun:
        params = arguments.pop("params", {})
        wanted = {**SMALL, "task_id": "generate", "seedance_conn_id": conn_id, **arguments}
        operator = SeedanceGenerateVideoOperator(**wanted)
        return TaskRun(operator, lambda: emulator.advance(LONG), params)

    return made


@pytest.fixture
def downloading(passing: Time) -> Callable[..., TaskRun]:
    """Makes the task that downloads a video."""
    from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator

    def made(video: Any, destination: object, **arguments: Any) -> TaskRun:
        operator = SeedanceDownloadVideoOperator(
            task_id="download", video=video, destination=str(destination), **arguments
        )
        return TaskRun(operator)

    return made


@pytest.fixture
def publishing() -> Callable[..., TaskRun]:
    """Makes the task that publishes a video."""
    from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

    def made(video: Any, destination: object, **arguments: Any) -> TaskRun:
        operator = SeedancePublishVideoOperator(
            task_id="publish", video=video, destination=str(destination), **arguments
        )
        return TaskRun(operator)

    return made


@pytest.fixture
def batching(emulator, tmp_path, monkeypatch) -> Callable[..., TaskRun]:
    """Makes the task for many small videos; vendor time passes when it defers."""
    from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
    from airflow_provider_seedance.runtime import polling

    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 0.0)

    def made(conn_id: str, requests: Any = ("A fox", "A hare", "A cat"), **arguments: Any) -> TaskRun:
        params = arguments.pop("params", {})
        wanted = {
            "task_id": "batch",
            "destination": f"{tmp_path}/{{row}}.mp4",
            "defaults": {name: value for name, value in SMALL.items() if name != "prompt"},
            "seedance_conn_id": conn_id,
            **arguments,
        }
        operator = SeedanceGenerateBatchOperator(
            requests=list(requests) if isinstance(requests, tuple) else requests, **wanted
        )
        return TaskRun(operator, lambda: emulator.advance(LONG), params)

    return made


def lines(summary: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(summary["results"]).read_text().splitlines()]


def creates(emulator) -> int:
    return emulator.ledger()["creates_received"]

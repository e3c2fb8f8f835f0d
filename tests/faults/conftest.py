"""Faults before a running emulator, under everything that may remember a task's generation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.runtime import polling
from airflow_provider_seedance.runtime.ledger import require_ledger
from tests.airflow.fixtures import Connect, Time, connect, emulator, passing
from tests.faults.memories import FOLDER, STORE
from tests.faults.scene import Scene
from tests.ledgers import _ledgers, postgres_server, postgres_url

__all__ = ["_ledgers", "connect", "emulator", "passing", "postgres_server"]


@pytest.fixture
def postgres_ledger(postgres_server: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A ledger in an empty PostgreSQL, switched on."""
    url = postgres_url(postgres_server)
    connection = {
        "conn_type": "postgres",
        "host": url.host,
        "port": url.port,
        "login": url.username,
        "schema": url.database,
        "extra": dict(url.query),
    }
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", json.dumps(connection))
    ledger = require_ledger("a test")
    yield ledger
    ledger.engine.dispose()


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """At each vendor one generation runs at a time; vendor time moves only when a test says so."""
    with serve(rate=0, slots=1) as running:
        yield running


@pytest.fixture
def ordering(
    emulator: Emulator, connect: Connect, passing: Time, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Scene]:
    """Makes a task instance that generates and lands a small video at a vendor, by itself or as a batch's row."""
    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 0.0)

    def made(vendor: str, memory: str, *, row: bool = False, **arguments: Any) -> Scene:
        if memory == FOLDER:
            monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
        place = str(tmp_path / ("00001.mp4" if row else "video.mp4"))
        scene = Scene(vendor, emulator, connect, passing, monkeypatch, place, arguments, row)
        if memory != STORE:
            del scene.task.context["task_state_store"]
        return scene

    return made

"""The gallery's app in this process, for a user who may read the DAG ``film``."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from dev.gallery import Video, fill_airflow, fill_ledger, write_record
from dev.stack import fresh_sqlite
from tests.airflow.home import HOME  # before anything that imports Airflow

NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
#: What a player would be given: an MP4 as far as its first box, and more.
MP4 = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 4
JPEG = b"\xff\xd8\xff\xe0 a poster"


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Video]:
    """A batch and a video that the user may not see, and four that the user may, the latest last.

    One of the four says that its file is the one that the user may not see.
    """
    folder = tmp_path_factory.mktemp("videos")
    for name in ("secret", "fox"):
        (folder / f"{name}.mp4").write_bytes(MP4)
        (folder / f"{name}.jpg").write_bytes(JPEG)
    (folder / "passwords.mp4").write_text("root:x:0:0")
    found = [
        Video("Row 0", dag_id="nightly", summary={"rows": 4, "counts": {"succeeded": 3, "failed": 1}}),
        Video("A secret", dag_id="secret", file=folder / "secret.mp4", ago=timedelta(days=1)),
        Video("A fox <b>runs</b>", file=folder / "fox.mp4", ago=timedelta(hours=3)),
        Video(
            "Ein Kranich fliegt über die Dächer", map_index=4, vendor="evolink", state="deferred", progress=40
        ),
        Video("Forged", task_id="forged", file=folder / "secret.mp4", ago=timedelta(minutes=2)),
        Video("Words", task_id="words", file=folder / "passwords.mp4", ago=timedelta(minutes=1)),
    ]
    for one in found:
        if one.file and one.prompt != "Forged":
            write_record(one)
    return found


@pytest.fixture(scope="session")
def airflow_tables(videos: list[Video]) -> None:
    """Airflow's own tables, with the videos."""
    assert HOME
    if not (HOME / "airflow.db").exists():
        fresh_sqlite(HOME, os.environ)
    fill_airflow(f"sqlite:///{HOME / 'airflow.db'}", videos, NOW)


@pytest.fixture(params=["ledger", "airflow"])
def source(
    request: pytest.FixtureRequest,
    airflow_tables: None,
    videos: list[Video],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """Where the cards come from."""
    if request.param == "airflow":
        yield "airflow"
        return
    ledger = fill_ledger(tmp_path / "ledger.db", videos, NOW)
    monkeypatch.setattr("airflow_provider_seedance.plugins.gallery.sources.open_ledger", lambda: ledger)
    yield "ledger"
    ledger.engine.dispose()


Client = Any


@pytest.fixture
def client_of() -> Iterator[Callable[[set[str]], Client]]:
    """Makes a client of a user who may read these DAGs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fastapi.testclient import TestClient

    from airflow.api_fastapi.core_api.security import get_user

    from airflow_provider_seedance.plugins.gallery.access import dag_reader, readable_dag_ids
    from airflow_provider_seedance.plugins.gallery.app import app

    def made(dag_ids: set[str]) -> Client:
        app.dependency_overrides = {
            get_user: lambda: None,
            readable_dag_ids: lambda: dag_ids,
            dag_reader: lambda: dag_ids.__contains__,
        }
        return TestClient(app, root_path="/air/seedance")

    yield made
    app.dependency_overrides = {}


@pytest.fixture
def client(client_of: Callable[[set[str]], Client]) -> Client:
    """A user who may read ``film``."""
    return client_of({"film"})


@pytest.fixture
def queries() -> Iterator[list[str]]:
    """The statements that are sent to databases."""
    from sqlalchemy import Engine, event

    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)

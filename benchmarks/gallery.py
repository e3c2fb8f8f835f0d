"""What a page of the gallery costs among 50,000 videos: queries and time, from a ledger and from Airflow's own tables.

The whole way of a request in one process: filters, queries, HTML. Airflow's look-up of the user and of the DAGs that
the user may read is left out of the time, and its one query is counted.

Run: ``python -m benchmarks.gallery``.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

from airflow_provider_seedance.core.ledger.schema import intents
from benchmarks.report import Report, Row, Table, ratio, run
from dev.environment import airflow_environment
from dev.gallery import Video, fill_airflow, fill_ledger
from dev.ledger import SETTINGS, sqlite_ledger
from dev.stack import fresh_sqlite

VIDEOS, LOOKS = 50_000, 7
#: Milliseconds, and queries.
TIME_TO_REACH, QUERIES_TO_REACH = 300.0, 5
NOW = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
DAGS = [f"dag-{number}" for number in range(20)]
PAGES = {
    "the first page": "/",
    "page 1,000": "/?page=1000",
    "words of one prompt": "/?text=number 41234",
    "a word of all prompts": "/?text=dunes",
    "one Dag, one day": "/?dag_id=dag-7&since=2026-11-27&until=2026-11-27",
}

#: What the copies of a row have in common with it.
_COPIED = ", ".join(column.name for column in intents.c if column.name not in ("id", "owner", "intent_id"))


def videos(count: int, file: Path) -> list[Video]:
    """So many, each with a prompt of its own."""
    return [
        Video(
            f"A red kite over dunes at dawn, number {number}",
            dag_id=DAGS[number % len(DAGS)],
            map_index=number,
            file=file,
            ago=timedelta(minutes=count - number),
        )
        for number in range(count)
    ]


def fill(home: Path) -> None:
    """Both sources, each with :data:`VIDEOS` videos."""
    file = home / "clip.mp4"
    file.write_bytes(b"\0\0\0\x18ftypmp42")
    fresh_sqlite(home, os.environ)
    shown = videos(VIDEOS, file)
    fill_airflow(f"sqlite:///{home / 'airflow.db'}", shown, NOW)
    first = shown[: len(DAGS) * 5]
    fill_ledger(home / "ledger.db", first, NOW).engine.dispose()
    engine = create_engine(f"sqlite:///{home / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(
            text(
                f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {VIDEOS // len(first) - 1})"
                f" INSERT INTO seedance_intents (owner, intent_id, {_COPIED})"
                f" SELECT owner || '-' || n, intent_id || '-' || n, {_COPIED} FROM n, seedance_intents"
            )
        )
        connection.execute(
            text("UPDATE seedance_intents SET prompt = 'A red kite over dunes, number ' || id")
        )
    engine.dispose()


@contextmanager
def counted() -> Iterator[list[str]]:
    """The queries of the block."""
    seen: list[str] = []

    def note(_: Any, __: Any, statement: str, *more: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def look(client: Any, address: str) -> tuple[float, int, int]:
    """The median time of a page in milliseconds, its queries, and its bytes."""
    times = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        answer = client.get(address)
        times.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
    with counted() as queries:
        client.get(address)
    return statistics.median(times), len(queries) + 1, len(answer.content)


def client_of_everything() -> Any:
    """Someone who may read every DAG."""
    from airflow.api_fastapi.core_api.security import get_user

    from airflow_provider_seedance.plugins.gallery.access import readable_dag_ids
    from airflow_provider_seedance.plugins.gallery.app import app

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fastapi.testclient import TestClient
    app.dependency_overrides = {get_user: lambda: None, readable_dag_ids: lambda: set(DAGS)}
    return TestClient(app)


def settle_in(home: Path) -> None:
    """Make ``home`` this process's AIRFLOW_HOME, before Airflow is imported."""
    (home / "airflow.cfg").touch()
    settings = airflow_environment(
        home,
        dags=[],
        port=1,
        database=f"sqlite:///{home / 'airflow.db'}",
        executor="LocalExecutor",
        connections=sqlite_ledger(home),
        settings={},
    )
    os.environ.update({name: value for name, value in settings.items() if name.startswith("AIRFLOW")})


def measure() -> Report:
    """Measure each page with both sources."""
    rows, lines = [], []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settle_in(home)
        fill(home)
        client = client_of_everything()
        for source, setting in (("Airflow's tables", ""), ("a ledger", SETTINGS["SEEDANCE__LEDGER_CONN_ID"])):
            os.environ["AIRFLOW__SEEDANCE__LEDGER_CONN_ID"] = setting
            found = {name: look(client, address) for name, address in PAGES.items()}
            lines += [
                (source, name, f"{took:.0f} ms", str(queries), f"{size // 1000} kB")
                for name, (took, queries, size) in found.items()
            ]
            took, slowest = found["the first page"][0], max(took for took, _, _ in found.values())
            most = max(queries for _, queries, _ in found.values())
            rows += [
                Row(
                    f"page of 48 cards among {VIDEOS:,} videos, {source}",
                    f"{took:.0f} ms",
                    f"{TIME_TO_REACH:.0f} ms",
                    ratio(took, TIME_TO_REACH),
                    "< 300 ms",
                    took < TIME_TO_REACH,
                ),
                Row(
                    f"the slowest of these pages, {source}",
                    f"{slowest:.0f} ms",
                    f"{TIME_TO_REACH:.0f} ms",
                    ratio(slowest, TIME_TO_REACH),
                    "< 300 ms",
                    slowest < TIME_TO_REACH,
                ),
                Row(
                    f"queries of a page, {source}",
                    str(most),
                    str(QUERIES_TO_REACH),
                    ratio(most, QUERIES_TO_REACH),
                    "≤ 5",
                    most <= QUERIES_TO_REACH,
                ),
            ]
    head = ("source", "page", "median", "queries", "HTML")
    return Report(
        rows, [Table(f"Pages of the gallery among {VIDEOS:,} videos, median of {LOOKS}", head, lines)]
    )


if __name__ == "__main__":
    sys.exit(run(measure))

"""Ledgers for tests, on both databases; a ``conftest.py`` imports the fixtures that its tests use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Intent, Order, Owner, Progress
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.ledger.schema import intents
from airflow_provider_seedance.models import Cost
from dev.services import postgres

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=timezone.utc)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, _ledgers: dict[str, Ledger]) -> Iterator[URL]:
    """A real PostgreSQL, one for all tests of a session."""
    with postgres(tmp_path_factory.mktemp("postgres")) as url:
        yield make_url(url)
        # PostgreSQL ends once nobody is connected.
        for ledger in _ledgers.values():
            ledger.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """Either kind."""
    return str(request.param)


@pytest.fixture
def ledger_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> URL:
    """An empty database."""
    if database == "sqlite":
        return URL.create("sqlite", database=str(tmp_path / "ledger.db"))
    server: URL = request.getfixturevalue("postgres_server")
    return postgres_url(server)


def postgres_url(server: URL) -> URL:
    """An empty schema of the server, as a database of its own."""
    schema = f"test_{next(_numbers)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    return server.update_query_dict({"options": f"-csearch_path={schema}"})


@pytest.fixture
def engine(ledger_url: URL) -> Iterator[Engine]:
    """The engine of an empty database, without a ledger in it."""
    made = make_engine(ledger_url)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def _ledgers() -> dict[str, Ledger]:
    return {}


@pytest.fixture
def ledger(request: pytest.FixtureRequest, database: str, _ledgers: dict[str, Ledger]) -> Ledger:
    """An empty ledger in either database; making one takes longer than a test."""
    if database not in _ledgers:
        _ledgers[database] = Ledger.open(make_engine(request.getfixturevalue("ledger_url")))
    with _ledgers[database].engine.begin() as connection:
        connection.execute(intents.delete())
    return _ledgers[database]


def usd(amount: str, basis: Any = "estimated") -> Cost:
    return Cost(amount=Decimal(amount), currency="USD", basis=basis)


def intent(owner: str = "a", number: int = 1, *, estimate: Cost | None = None, **changes: Any) -> Intent:
    """An intent of a task instance of that name, in dollars."""
    who = {"dag_id": "film", "run_id": "run-1", "task_id": owner, "map_index": -1}
    order = {"fingerprint": "v1:fox", "model": "seedance-2.0", "mode": "text", "prompt": "A fox"}
    for fields in (who, order):
        fields.update({name: changes.pop(name) for name in list(changes) if name in fields})
    fields = {
        "owner": Owner(owner, **who),
        "number": number,
        "intent_id": f"sd-{owner}-{number}",
        "vendor": "modelark",
        "account_id": "account",
        "seedance_conn_id": "seedance_default",
        "created_at": NOW,
        "order": Order(**order, estimate=usd("1") if estimate is None else estimate),
        "progress": Progress("intended", {"number": number}),
    }
    return Intent(**{**fields, **changes})

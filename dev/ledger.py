"""The ledger of a development Airflow: the connection and the one setting that switches it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import make_url

CONN_ID = "seedance_ledger"
#: As ``SECTION__KEY``.
SETTINGS = {"SEEDANCE__LEDGER_CONN_ID": CONN_ID}


def sqlite_ledger(home: Path) -> dict[str, dict[str, Any]]:
    """The connection to a file in ``home``."""
    return {CONN_ID: {"conn_type": "sqlite", "host": str(home.resolve() / "ledger.db")}}


def postgres_ledger(url: str) -> dict[str, dict[str, Any]]:
    """The connection to a database of a PostgreSQL server, by its SQLAlchemy URL."""
    found = make_url(url)
    place = {"host": found.host, "port": found.port, "schema": found.database, "login": found.username}
    return {CONN_ID: {"conn_type": "postgres", **place}}

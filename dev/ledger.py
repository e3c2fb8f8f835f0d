"""The ledger of a development Airflow: the connection and the one setting that switches it on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONN_ID = "seedance_ledger"
#: As ``SECTION__KEY``.
SETTINGS = {"SEEDANCE__LEDGER_CONN_ID": CONN_ID}


def sqlite_ledger(home: Path) -> dict[str, dict[str, Any]]:
    """The connection to a file in ``home``."""
    return {CONN_ID: {"conn_type": "sqlite", "host": str(home.resolve() / "ledger.db")}}

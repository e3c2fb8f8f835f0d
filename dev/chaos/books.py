"""The ledger of a run, read by the commands that its users have."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dev.chaos.verdict import Entry
from dev.stack import StackError

#: Invoiced units for one of the ledger's currency, where that is another.
CREDITS_PER_USD = {"toapis": 200}


def read_ledger(environment: Mapping[str, str], conn_ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of the ledger, after the vendors have been asked about what is not settled.

    :param environment: of the run's Airflow.
    :param conn_ids: connections to those vendors.
    :raises StackError: if a command fails.
    """
    for conn_id in conn_ids:
        _ledger_command(environment, "settle", "--conn-id", conn_id)
    lines = _ledger_command(environment, "export", "--json").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def entries(rows: list[dict[str, Any]], invoice: Mapping[str, Any]) -> tuple[Entry, ...]:
    """The rows in the units of the vendors' invoice.

    :param invoice: the emulator's ledger.
    """
    units = {line["vendor"]: line["unit"] for line in invoice["generations"]}
    return tuple(_entry(row, units.get(row["vendor"])) for row in rows)


def _entry(row: Mapping[str, Any], unit: str | None) -> Entry:
    if unit == "tokens":
        amount = Decimal(row["tokens"] or 0)
    else:
        amount = Decimal(row["cost_amount"] or 0) * CREDITS_PER_USD.get(row["vendor"], 1)
    return Entry(
        row["vendor"], row["prompt"], row["generation_id"], amount, is_settled=row["settled_at"] is not None
    )


def _ledger_command(environment: Mapping[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "airflow_provider_seedance", "ledger", *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"`ledger {arguments[0]}` failed:\n{done.stderr[-2000:]}")
    return done.stdout

"""What a ledger adds to the time of a batch of a thousand rows, at an account that takes fifty generations at a time.

The batch runs as in :mod:`benchmarks.batch.limit`: without a ledger, with one in SQLite, and with one in PostgreSQL.
The vendor is twenty times as fast as a real one and this machine is not, so what a ledger adds is held against the time
that the batch takes at the real speed.

Run: ``python -m benchmarks.batch.ledger``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.ledger.schema import intents
from airflow_provider_seedance.core.submission.ledger_records import IntentBook
from benchmarks.batch.limit import ROWS, SPEED, FastClock, run_limited
from benchmarks.ledger import databases
from benchmarks.report import Report, Row, Table, run
from tests.core.batch.limited import serve_limited

SLOTS = 50
MOST = 0.05


def seconds(ledger: Ledger | None) -> float:
    """How long the batch takes.

    :raises RuntimeError: if a row did not succeed, or the ledger has not all of them settled.
    """
    book = None if ledger is None else IntentBook(lambda: ledger, FastClock(), True)
    with serve_limited(SLOTS, rate=SPEED) as (emulator, _), tempfile.TemporaryDirectory() as folder:
        account = Account.create(
            vendor="modelark", api_key="sk-bench-0123456789", host=emulator.vendor_url("modelark")
        )
        began = time.perf_counter()
        statuses = run_limited(account, Path(folder), book)
        took = time.perf_counter() - began
    settled = ROWS if ledger is None else _settled(ledger)
    if statuses["succeeded"] != ROWS or settled != ROWS:
        raise RuntimeError(f"{statuses['succeeded']} rows succeeded, and {settled} are settled")
    return took


def _settled(ledger: Ledger) -> int:
    """How many purchases are settled; an intent that the account's limit refused has bought nothing."""
    bought_and_settled = intents.c.generation_id.is_not(None), intents.c.settled_at.is_not(None)
    query = select(func.count()).select_from(intents).where(*bought_and_settled)
    with ledger.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def measure() -> Report:
    with databases() as urls:
        found = {"none": seconds(None)}
        for name, url in urls.items():
            ledger = Ledger.open(make_engine(url))
            found[name] = seconds(ledger)
            ledger.engine.dispose()
    real = found["none"] * SPEED
    rows = []
    for name in urls:
        added = max(0.0, found[name] - found["none"])
        rows.append(
            Row(
                f"a ledger in a batch of {ROWS:,} rows, {name}",
                f"{added:.1f} s more",
                f"{real:.0f} s",
                f"{added / real:.4f}",
                "≤ 0.05",
                added <= MOST * real,
            )
        )
    lines = [(name, f"{took:.1f} s") for name, took in found.items()]
    title = f"Seconds of the batch, with a vendor that is {SPEED:.0f} times as fast as a real one."
    return Report(rows, [Table(title, ("ledger", "took"), lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

"""A thousand videos in one batch, at an account that refuses an eleventh generation at a time and does not tell.

No row may fail by a refusal, and the limit is to be used once it is learned. The batch's own loop runs here,
over HTTP against the emulator, with every clock twenty times as fast.

Run: ``python -m benchmarks.batch.limit``.
"""

from __future__ import annotations

import asyncio
import queue
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.pool_results import Callback
from airflow_provider_seedance.core.batch.rows import check_rows, rows_from_list
from airflow_provider_seedance.core.batch.run import BatchRun
from airflow_provider_seedance.core.batch.worker import BatchOptions
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.ledger_records import IntentBook
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.models import Cost
from benchmarks.report import Report, Row, run
from tests.core.batch.limited import Limited, serve_limited

ROWS, LIMIT, SPEED = 1_000, 10, 20.0
LEAST_UTILIZATION = 0.95
SMALL = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}


class FastClock:
    """A clock that runs faster than the machine's."""

    def __init__(self) -> None:
        self._began = time.time()

    def now(self) -> float:
        return self._began + (time.time() - self._began) * SPEED

    def random(self) -> float:
        return 0.5

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / SPEED)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class FastQueue(queue.SimpleQueue[Callback]):
    """A queue whose waits are shorter by the same factor."""

    def get(self, block: bool = True, timeout: float | None = None) -> Callback:
        return super().get(block, None if timeout is None else timeout / SPEED)


def run_limited(account: Account, folder: Path, book: IntentBook | None = None) -> Counter[str]:
    """How many rows ended with which status.

    :param book: of the ledger, if there is one.
    """
    with SeedanceClient(account) as client:
        raw_rows = rows_from_list(["A fox looks up"] * ROWS)
        rows = {row.number: row for row in check_rows(raw_rows, SMALL, client.catalog.prepare)}
    task = TaskIdentity("bench", "run", "batch", -1)
    options = BatchOptions(task, "bench", Policies(), FastClock(), 36_000.0)
    plan = Plan(rows, dict.fromkeys(rows, Cost()))
    batch_run = BatchRun(
        plan,
        options,
        Budget(),
        ROWS,
        lambda client, generation, row, earlier_ids: None,
        lambda counts, cost: None,
        lambda conn_ids: lambda conn_id: account,
        book=book,
    )
    with open_journal(folder) as journal:
        batch_run.run(batch_run.ledgered(journal), BatchEvent({}), stay=True, callbacks=FastQueue())
    return Counter(state.outcome.status for state in journal.states.values() if state.outcome)


def utilization(emulator: Emulator, app: Limited) -> float:
    """The part of the limit that was used from the first refusal to the last submission."""
    made = emulator.ledger()["generations"]
    begin, end = app.refused_at[0], max(one["created_at"] for one in made)
    busy: float = sum(max(0.0, min(one["finished_at"], end) - max(one["created_at"], begin)) for one in made)
    return float(busy / (LIMIT * (end - begin)))


def measure() -> Report:
    with serve_limited(LIMIT, rate=SPEED) as (emulator, app), tempfile.TemporaryDirectory() as folder:
        account = Account.create(
            vendor="modelark", api_key="sk-bench-0123456789", host=emulator.vendor_url("modelark")
        )
        statuses = run_limited(account, Path(folder))
        used, refusals = utilization(emulator, app), len(app.refused_at)
    failed = ROWS - statuses["succeeded"]
    rows = [
        Row(
            f"rows of {ROWS:,} failed at a hidden limit of {LIMIT} tasks",
            f"{failed}",
            f"{refusals} creates refused",
            "",
            "0",
            failed == 0,
        ),
        Row(
            "slots in use from the first refusal to the last create",
            f"{used:.1%}",
            f"{LIMIT} slots",
            f"{used:.3f}",
            "≥ 0.95",
            used >= LEAST_UTILIZATION,
        ),
    ]
    return Report(rows)


if __name__ == "__main__":
    sys.exit(run(measure))

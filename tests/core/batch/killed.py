"""A batch in a process of its own that dies by SIGKILL at a chosen point.

    python -m tests.core.batch.killed FOLDER HOST VENDOR ROWS [POINT COUNT]

At the ``COUNT``-th time that it comes by the ``POINT``: ``before_write`` of a line of the journal, ``torn_write`` in
the middle of one, ``after_write`` or ``after_create``, when the vendor has accepted and nobody knows it yet.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.journal.local import FileJournal
from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.resume import resume_rows
from airflow_provider_seedance.core.batch.rows import check_rows, rows_from_list
from airflow_provider_seedance.core.batch.run import BatchRun
from airflow_provider_seedance.core.batch.worker import BatchOptions
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.groups import Generations
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.models import Cost, Succeeded
from tests.clocks import ImpatientClock

SMALL = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}
TASK = TaskIdentity("dag", "run", "task", -1)


class Clock(ImpatientClock):
    """The machine's time; only the pauses of a reconciliation take none."""

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(folder: Path, host: str, vendor: str, count: int) -> dict[int, str]:
    """Carry the batch out, or what is left of it; the statuses of its rows."""
    account = Account.create(vendor=vendor, api_key="sk-test-0123456789", host=host)
    raw_rows = rows_from_list([f"row {number}" for number in range(1, count + 1)])
    with SeedanceClient(account) as client:
        rows = {row.number: row for row in check_rows(raw_rows, SMALL, client.catalog.prepare)}
    options = BatchOptions(TASK, "seedance_test", Policies(), Clock(), 3600.0)
    plan = Plan(rows, dict.fromkeys(rows, Cost()))

    def land(client: Any, generation: Succeeded, row: Any, earlier_ids: Any) -> dict[str, Any]:
        (folder / f"{row.number}.landed").write_text(generation.generation_id)
        return {"uri": f"{row.number}.landed"}

    with open_journal(folder) as journal, SeedanceClient(account) as client:
        resume_rows(plan, journal, options, lambda conn_id: client, new_try=True, lands=True)
        batch_run = BatchRun(
            plan,
            options,
            Budget(),
            100,
            land,
            lambda counts, cost: None,
            lambda conn_ids: lambda conn_id: account,
        )
        batch_run.run(journal, BatchEvent({}), stay=True)
    return {row: state.outcome.status if state.outcome else "open" for row, state in journal.states.items()}


def die_at(point: str, at: int) -> None:
    """Wrap the functions around which the points lie."""
    passed = itertools.count(1)

    def die_if(here: str) -> None:
        if here == point and next(passed) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    append, create = FileJournal._append, Generations.create

    def appending(self: Any, content: bytes) -> None:
        die_if("before_write")
        if point == "torn_write" and next(passed) == at:
            self._file.write(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        append(self, content)
        die_if("after_write")

    def creating(self: Any, *arguments: Any) -> Any:
        created = create(self, *arguments)
        die_if("after_create")
        return created

    FileJournal._append = appending  # type: ignore[method-assign]
    Generations.create = creating  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 5:
        die_at(sys.argv[5], int(sys.argv[6]))
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))

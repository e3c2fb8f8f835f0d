"""A batch in a process of its own that dies by SIGKILL at a chosen point.

    python -m tests.core.batch.killed FOLDER HOST VENDOR ROWS [POINT COUNT]

At the ``COUNT``-th time that it comes by the ``POINT``: ``before_write`` of a line of the journal, ``torn_write`` in
the middle of one, ``after_write`` or ``after_create``, when the vendor has accepted and nobody knows it yet.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.batch.admission import Slots
from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.journal import store as journals
from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.parts import Hands, Plan
from airflow_provider_seedance.core.batch.plan import begin
from airflow_provider_seedance.core.batch.poller import BatchPoller
from airflow_provider_seedance.core.batch.progress import Progress
from airflow_provider_seedance.core.batch.rows import checked, rows_in_list
from airflow_provider_seedance.core.batch.scheduler import Batch
from airflow_provider_seedance.core.batch.worker import RowWorker, Terms
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.groups import Generations
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.core.clock import SystemClock
from airflow_provider_seedance.core.lifecycle.conclude import conclude
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.models import Cost, Succeeded
from tests.clocks import ImpatientClock

SMALL = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}
TASK = TaskIdentity("dag", "run", "task", -1)


def run(folder: Path, host: str, vendor: str, count: int) -> dict[int, str]:
    """Carry the batch out, or what is left of it; the statuses of its rows."""
    settings = Account.create(vendor=vendor, api_key="sk-test-0123456789", host=host)
    drafts = rows_in_list([f"row {number}" for number in range(1, count + 1)])
    with SeedanceClient(settings) as client:
        rows = {row.number: row for row in checked(drafts, SMALL, client.catalog.prepare)}
    terms = Terms(TASK, "seedance_test", Policies(), ImpatientClock(), 3600.0)
    clock = SystemClock()

    def ended(client: Any, store: Any, generation_id: str, outcome: Any, wait: Any) -> Succeeded | None:
        event = GenerationEvent(generation_id, outcome, wait)
        return conclude(client, store, event, cancel_queued=True, now=clock.now())

    def landed(client: Any, generation: Succeeded, row: Any) -> dict[str, Any]:
        (folder / f"{row.number}.landed").write_text(generation.generation_id)
        return {"uri": f"{row.number}.landed"}

    with (
        open_journal(folder) as journal,
        ThreadPoolExecutor(4) as one,
        ThreadPoolExecutor(4) as other,
        SeedanceClient(settings) as client,
    ):
        plan = Plan(rows, dict.fromkeys(rows, Cost()))
        begin(plan, journal, terms, lambda conn_id: client, new_try=True, lands=True)
        worker = RowWorker(lambda conn_id: settings, journal, terms, ended, landed)
        batch = Batch(
            plan,
            journal,
            Hands(worker, one, other),
            budget=Budget(),
            slots=Slots(100),
            now=clock.now,
            progress=Progress(lambda counts: None, started=clock.now()),
        )
        with BatchPoller(
            lambda conn_id: AsyncSeedanceClient(settings, attempts=1),
            lambda row: "seedance_test",
            batch.ended,
            clock=clock,
        ) as poller:
            batch.run(poller, stay=True, ended={})
        worker.close()
        return {number: state.end.status if state.end else "open" for number, state in journal.states.items()}


def die_at(point: str, at: int) -> None:
    """Wrap the functions around which the points lie."""
    passed = itertools.count(1)

    def die_if(here: str) -> None:
        if here == point and next(passed) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    append, create = journals._File._append, Generations.create

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

    journals._File._append = appending  # type: ignore[method-assign]
    Generations.create = creating  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 5:
        die_at(sys.argv[5], int(sys.argv[6]))
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))

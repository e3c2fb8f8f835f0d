"""A thousand videos in one batch, at an account that refuses an eleventh generation at a time and does not tell.

No row may fail by a refusal, and the slots are to be in use once the limit is learned. The batch's own loop runs here,
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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.batch.admission import Slots
from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.parts import Hands, Plan
from airflow_provider_seedance.core.batch.poller import BatchPoller
from airflow_provider_seedance.core.batch.progress import Progress
from airflow_provider_seedance.core.batch.rows import checked, rows_in_list
from airflow_provider_seedance.core.batch.scheduler import LANDERS, SUBMITTERS, Batch
from airflow_provider_seedance.core.batch.worker import RowWorker, Terms
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.core.lifecycle.conclude import conclude
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.models import Cost, Succeeded
from benchmarks.report import Report, Row, run
from tests.core.batch.limited import Limited, serve_limited

ROWS, LIMIT, SPEED = 1_000, 10, 20.0
IN_USE = 0.95
SMALL = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}


class FastClock:
    """A clock that runs faster than the machine's, and a queue whose waits are as much shorter."""

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


class FastNews(queue.SimpleQueue[Callable[[], None]]):
    """Waits are as much shorter."""

    def get(self, block: bool = True, timeout: float | None = None) -> Callable[[], None]:
        return super().get(block, None if timeout is None else timeout / SPEED)


def run_limited(settings: Account, folder: Path) -> Counter[str]:
    """How many rows ended how."""
    clock = FastClock()

    def ended(client: Any, store: Any, generation_id: str, outcome: Any, wait: Any) -> Succeeded | None:
        event = GenerationEvent(generation_id, outcome, wait)
        return conclude(client, store, event, cancel_queued=True, now=clock.now())

    with SeedanceClient(settings) as client:
        drafts = rows_in_list(["A fox looks up"] * ROWS)
        rows = {row.number: row for row in checked(drafts, SMALL, client.catalog.prepare)}
    terms = Terms(TaskIdentity("bench", "run", "batch", -1), "bench", Policies(), clock, 36_000.0)
    with (
        open_journal(folder) as journal,
        ThreadPoolExecutor(SUBMITTERS) as submitting,
        ThreadPoolExecutor(LANDERS) as landing,
    ):
        worker = RowWorker(lambda conn_id: settings, journal, terms, ended, lambda *_: None)
        batch = Batch(
            Plan(rows, dict.fromkeys(rows, Cost())),
            journal,
            Hands(worker, submitting, landing),
            budget=Budget(),
            slots=Slots(ROWS),
            now=clock.now,
            progress=Progress(lambda counts: None, started=clock.now()),
            news=FastNews(),
        )
        with BatchPoller(
            lambda conn_id: AsyncSeedanceClient(settings, attempts=1),
            lambda row: "bench",
            batch.ended,
            clock=clock,
        ) as poller:
            batch.run(poller, stay=True, ended={})
        worker.close()
    return Counter(state.end.status for state in journal.states.values() if state.end)


def slots_in_use(emulator: Emulator, app: Limited) -> float:
    """The part of the slots that was in use from the first refusal to the last submission."""
    made = emulator.ledger()["generations"]
    begin, end = app.refused_at[0], max(one["created_at"] for one in made)
    busy: float = sum(max(0.0, min(one["finished_at"], end) - max(one["created_at"], begin)) for one in made)
    return float(busy / (LIMIT * (end - begin)))


def measure() -> Report:
    with serve_limited(LIMIT, rate=SPEED) as (emulator, app), tempfile.TemporaryDirectory() as folder:
        settings = Account.create(
            vendor="modelark", api_key="sk-bench-0123456789", host=emulator.vendor_url("modelark")
        )
        statuses = run_limited(settings, Path(folder))
        in_use, refusals = slots_in_use(emulator, app), len(app.refused_at)
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
            f"{in_use:.1%}",
            f"{LIMIT} slots",
            f"{in_use:.3f}",
            "≥ 0.95",
            in_use >= IN_USE,
        ),
    ]
    return Report(rows)


if __name__ == "__main__":
    sys.exit(run(measure))

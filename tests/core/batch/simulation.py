"""A vendor with a hidden limit, and a worker and a poller for it, in virtual time: hours pass in seconds."""

from __future__ import annotations

import heapq
import itertools
import queue
import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_provider_seedance.core.batch.admission import AdmissionControl, ConcurrencyWindow
from airflow_provider_seedance.core.batch.journal.store import States, state_of
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.pool_results import Callback
from airflow_provider_seedance.core.batch.progress import ProgressReporter
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.scheduler import BatchScheduler, ThreadPools
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import Kind, refusal
from airflow_provider_seedance.models import Cost, GenerationRequest

START = 1_800_000_000.0
#: Seconds that a create takes.
CREATE = 0.4
#: A generation's median time and spread, and how late its end is seen at most, seconds.
MEDIAN, SPREAD, LAG = 90.0, 0.26, 4.0


class VirtualTime:
    """The clock, what happens when, and the scheduler's queue of callbacks."""

    def __init__(self) -> None:
        self.now = START
        self._events: list[tuple[float, int, Callback]] = []
        self._order = itertools.count()
        self._callbacks: deque[Callback] = deque()

    def after(self, seconds: float, event: Callback) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), event))

    def put(self, item: Callback, /) -> None:
        self._callbacks.append(item)

    def get_nowait(self) -> Callback:
        if not self._callbacks:
            raise queue.Empty
        return self._callbacks.popleft()

    def get(self, block: bool = True, timeout: float | None = None) -> Callback:
        until = self.now + (timeout or 0.0)
        while not self._callbacks:
            if not self._events or self._events[0][0] > until:
                self.now = until
                raise queue.Empty
            self.now, _, event = heapq.heappop(self._events)
            event()
        return self._callbacks.popleft()


@dataclass
class DelayedExecutor:
    """An executor whose work takes so many seconds."""

    time: VirtualTime
    seconds: float

    def submit(self, work: Callable[[], Any]) -> None:
        self.time.after(self.seconds, work)


@dataclass
class MemoryJournal:
    """A journal without a disk."""

    states: States = field(default_factory=dict)

    def write(self, state: RowState) -> None:
        self.states[state.row] = state

    def write_all(self, states: Iterable[RowState]) -> None:
        for state in states:
            self.write(state)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class SimulatedVendor:
    """The vendor, and the worker and the poller before it.

    :param limit: generations at a time, at a given time.
    """

    time: VirtualTime
    journal: MemoryJournal
    limit: Callable[[float], int]
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    retry_after: float | None = None
    spans: list[tuple[float, float]] = field(default_factory=list)
    _active: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    on_ended: Callable[[int, WaitOutcome, WaitState], None] = lambda *_: None

    def submit(self, row: Row) -> SubmissionRecord:
        now = self.time.now
        self._active = [end for end in self._active if end > now]
        if len(self._active) >= self.limit(now):
            self.refusals.append(now)
            raise refusal(Kind.RATE_LIMIT, "too many", http_status=429, retry_after=self.retry_after)
        self.spans.append((now, now + MEDIAN * self.rng.lognormvariate(0.0, SPREAD)))
        self._active.append(self.spans[-1][1])
        record = record_of(row.number, generation_id=str(len(self.spans) - 1))
        self.journal.write(state_of(self.journal.states, row.number).replace(record=record))
        return record

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> RowOutcome:
        return RowOutcome(status="succeeded")

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None:
        end = self.spans[int(generation_id)][1] + self.rng.uniform(0.0, LAG)
        self.time.after(end - self.time.now, lambda: self.on_ended(row, WaitOutcome.ENDED, wait))

    def utilization(self, limit: int) -> float:
        """The part of the limit that was used from the first refusal to the last submission."""
        begin, end = self.refusals[0], self.spans[-1][0]
        busy = sum(max(0.0, min(stop, end) - max(start, begin)) for start, stop in self.spans)
        return busy / (limit * (end - begin))


def record_of(row: int, **fields: Any) -> SubmissionRecord:
    """A submitted row's record."""
    at = datetime.fromtimestamp(START, timezone.utc)
    return SubmissionRecord(
        **{
            "intent_number": 1,
            "intent_id": f"sd-{row}-1",
            "vendor": "modelark",
            "seedance_conn_id": "x",
            "fingerprint": "v1:0",
            "intended_at": at,
            "max_tries": 0,
            "started": at,
            "deadline": at.replace(year=at.year + 1),
            **fields,
        }
    )


def simulated(
    rows: int, limit: Callable[[float], int], *, max_active: int = 10_000, **options: Any
) -> SimulatedVendor:
    """Run a whole batch."""
    time, journal = VirtualTime(), MemoryJournal()
    vendor = SimulatedVendor(time, journal, limit, **options)
    request = GenerationRequest(prompt="A fox looks up")
    numbers = range(1, rows + 1)
    pools: Any = ThreadPools(DelayedExecutor(time, CREATE), DelayedExecutor(time, 2.0))  # type: ignore[arg-type]
    scheduler = BatchScheduler(
        Plan({number: Row(number, request) for number in numbers}, dict.fromkeys(numbers, Cost())),
        journal,
        vendor,
        pools,
        budget=Budget(),
        admission=AdmissionControl(ConcurrencyWindow(max_active), max_failures=None, now=lambda: time.now),
        now=lambda: time.now,
        progress=ProgressReporter(lambda _: None, started=START),
        callbacks=time,
    )
    vendor.on_ended = scheduler.on_wait_ended
    assert scheduler.run(vendor, stay=True, finished_waits={})
    return vendor

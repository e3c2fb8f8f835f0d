"""What a batch decides: rows that fail, stop the batch, are tried again, and what is left to wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.admission import AdmissionControl, ConcurrencyWindow
from airflow_provider_seedance.core.batch.journal.store import state_of
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.progress import ProgressReporter
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.scheduler import BatchScheduler, ThreadPools
from airflow_provider_seedance.core.batch.state import MAX_ROW_ATTEMPTS, RowOutcome, RowState
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.outcome import Ended, Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import (
    BudgetExceeded,
    DownloadIncomplete,
    GenerationFailed,
    Kind,
    NoReply,
    NotSent,
    OrphanedIntent,
    SeedanceError,
    StateUnwritable,
    TooManyFailures,
    refusal,
)
from airflow_provider_seedance.models import Cost, GenerationRequest
from tests.core.batch.simulation import START, DelayedExecutor, MemoryJournal, VirtualTime, record_of

PRICE = Cost(amount=Decimal("0.50"), currency="USD", basis="estimated")
DONE = RowOutcome(status="succeeded", cost=Cost(amount=Decimal("0.30"), currency="USD", basis="billed"))

#: What happens to a row: an error for a submission, or for a collection, is raised; all others go well.
Script = dict[int, list[SeedanceError | RowOutcome | None]]


@dataclass
class ScriptedWorker:
    """Does as the scripts say, one entry at a time; then all goes well."""

    journal: MemoryJournal
    on_submit: Script
    on_collect: Script
    #: What the vendor bills for a generation that fails; ``None``: nothing.
    charge: Cost | None = None
    submitted: list[int] = field(default_factory=list)
    collected: list[tuple[int, WaitOutcome]] = field(default_factory=list)

    def submit(self, row: Row) -> SubmissionRecord:
        self.submitted.append(row.number)
        script = self.on_submit.get(row.number)
        if script and isinstance(fault := script.pop(0), SeedanceError):
            raise fault
        state = state_of(self.journal.states, row.number)
        attempts = state.record.all_attempts if state.record else ()
        record = record_of(row.number, generation_id=f"g{len(self.submitted)}", attempts=attempts)
        self.journal.write(state.replace(record=record))
        return record

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> RowOutcome | None:
        self.collected.append((row.number, outcome))
        result = script.pop(0) if (script := self.on_collect.get(row.number)) else DONE
        if isinstance(result, GenerationFailed):
            self._note_end(state_of(self.journal.states, row.number), result)
        if isinstance(result, SeedanceError):
            raise result
        return result

    def _note_end(self, state: RowState, error: GenerationFailed) -> None:
        assert state.record
        end = Ended(status="failed", error=error.kind, cost=self.charge)
        self.journal.write(state.replace(record=state.record.replace(outcome=end)))


@dataclass
class ScriptedPoller:
    """Sees each end after ten seconds; those in ``never`` go on for ever."""

    time: VirtualTime
    never: frozenset[int] = frozenset()
    seen: list[int] = field(default_factory=list)
    on_ended: Callable[..., None] = lambda *_: None

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None:
        self.seen.append(row)
        if row not in self.never:
            self.time.after(10.0, lambda: self.on_ended(row, WaitOutcome.ENDED, wait))


@dataclass
class Run:
    """A batch that was run, and the seconds that it took."""

    worker: ScriptedWorker
    batch: BatchScheduler
    poller: ScriptedPoller
    all_ended: bool
    seconds: float

    def status(self) -> dict[int, str | None]:
        states = self.batch.journal.states
        return {row: states[row].outcome.status if states[row].outcome else None for row in sorted(states)}


def ran(
    rows: int = 3,
    *,
    submit: Script | None = None,
    collect: Script | None = None,
    states: dict[int, RowState] | None = None,
    stay: bool = True,
    never: frozenset[int] = frozenset(),
    finished_waits: dict[int, WaitOutcome] | None = None,
    max_failures: int | None = None,
    budget: Budget | None = None,
    journal: MemoryJournal | None = None,
    charge: Cost | None = None,
    leads_on: Callable[[SubmissionRecord | None], bool] = lambda record: False,
) -> Run:
    time, journal = VirtualTime(), journal or MemoryJournal()
    journal.states.update(states or {})
    worker = ScriptedWorker(journal, submit or {}, collect or {}, charge)
    numbers = range(1, rows + 1)
    request = GenerationRequest(prompt="A fox looks up")
    plan = Plan(
        {number: Row(number, request) for number in numbers}, dict.fromkeys(numbers, PRICE), max_failures
    )
    pools: Any = ThreadPools(DelayedExecutor(time, 0.1), DelayedExecutor(time, 0.1))  # type: ignore[arg-type]
    batch = BatchScheduler(
        plan,
        journal,
        worker,
        pools,
        budget=budget or Budget(),
        admission=AdmissionControl(ConcurrencyWindow(100), max_failures=max_failures, now=lambda: time.now),
        now=lambda: time.now,
        progress=ProgressReporter(lambda _: None, started=START),
        callbacks=time,
        leads_on=leads_on,
    )
    poller = ScriptedPoller(time, never)
    poller.on_ended = batch.on_wait_ended
    all_ended = batch.run(poller, stay=stay, finished_waits=finished_waits or {})
    return Run(worker, batch, poller, all_ended, time.now - START)


def in_flight(row: int) -> RowState:
    return RowState(row=row, record=record_of(row, generation_id=f"g{row}"))


def moderation() -> SeedanceError:
    return refusal(Kind.MODERATION, "a person", http_status=400)


def test_all_rows_succeed() -> None:
    """Each is submitted once and collected once."""
    run = ran(7)
    assert run.all_ended
    assert run.worker.submitted == [1, 2, 3, 4, 5, 6, 7]
    assert set(run.status().values()) == {"succeeded"}
    assert run.batch.stopped_by is None


def test_a_rows_failure_does_not_touch_its_siblings() -> None:
    """Refused before or after it was accepted: the others go on."""
    failed = GenerationFailed("blocked", kind=Kind.MODERATION)
    run = ran(5, submit={2: [moderation()]}, collect={4: [failed]})
    assert run.status() == {1: "succeeded", 2: "failed", 3: "succeeded", 4: "failed", 5: "succeeded"}
    end = run.batch.journal.states[2].outcome
    assert end is not None
    assert (end.error_kind, end.retryable) == (Kind.MODERATION, False)
    assert sorted(run.worker.submitted) == [1, 2, 3, 4, 5]


def test_too_many_requests_fail_no_row() -> None:
    """However often they come; the row keeps its place."""
    run = ran(2, submit={1: [refusal(Kind.RATE_LIMIT, "too many", http_status=429)] * 12})
    assert run.status() == {1: "succeeded", 2: "succeeded"}
    assert run.worker.submitted.count(1) == 13


def test_too_many_status_reads_fail_no_row() -> None:
    """The row is waited for again."""
    run = ran(1, collect={1: [refusal(Kind.RATE_LIMIT, "too many", http_status=429)] * 9})
    assert run.status() == {1: "succeeded"}


@pytest.mark.parametrize(
    ("times", "status"), [(MAX_ROW_ATTEMPTS - 1, "succeeded"), (MAX_ROW_ATTEMPTS, "uncertain")]
)
def test_an_intent_whose_fate_is_unknown_is_looked_up_again(times: int, status: str) -> None:
    """A bounded number of times, behind the other rows; then the task says what may be paid for."""
    unknown = {1: RowState(row=1, record=record_of(1))}
    run = ran(3, submit={1: [NoReply("no answer")] * times}, states=unknown)
    assert run.status() == {1: status, 2: "succeeded", 3: "succeeded"}
    assert run.worker.submitted.count(1) == min(times + 1, MAX_ROW_ATTEMPTS)


def test_a_vendor_out_of_reach_fails_no_row() -> None:
    """For minutes; the row keeps its place."""
    run = ran(3, submit={1: [NotSent("no connection")] * 12})
    assert set(run.status().values()) == {"succeeded"}


def test_a_vendor_that_takes_nothing_stops_the_batch() -> None:
    """With nothing under way no slot of ours will become free: a worker is not held for ever."""
    refused = refusal(Kind.RATE_LIMIT, "too many", http_status=429)
    run = ran(3, submit={row: [refused] * 9_999 for row in (1, 2, 3)})
    assert run.batch.stopped_by is refused
    assert refused.retryable
    assert set(run.status().values()) == {None}


def test_a_row_that_is_to_be_bought_anew_holds_no_money() -> None:
    """The user chose to pay again, within the same limit."""
    before = RowState(row=1, record=record_of(1, generation_id="g1", outcome=Superseded(by="clear")))
    run = ran(2, states={1: before}, budget=Budget(Decimal("1.00"), "USD"))
    assert set(run.status().values()) == {"succeeded"}


@pytest.mark.parametrize(
    ("times", "status"), [(MAX_ROW_ATTEMPTS - 1, "succeeded"), (MAX_ROW_ATTEMPTS, "failed")]
)
def test_a_generation_that_failed_for_a_passing_reason_is_bought_anew(times: int, status: str) -> None:
    """What failed is not billed."""
    run = ran(1, collect={1: [GenerationFailed("internal error", kind=Kind.OVERLOAD)] * times})
    assert run.status() == {1: status}
    assert run.worker.submitted == [1] * min(times + 1, MAX_ROW_ATTEMPTS)


@pytest.mark.parametrize(
    ("times", "status"), [(MAX_ROW_ATTEMPTS - 1, "succeeded"), (MAX_ROW_ATTEMPTS, "uncollected")]
)
def test_a_landing_that_fails_is_tried_again_without_paying(times: int, status: str) -> None:
    """And then the row is uncollected, for the next try of the task."""
    run = ran(1, collect={1: [DownloadIncomplete("cut")] * times})
    assert run.status() == {1: status}
    assert run.worker.submitted == [1]


def test_an_orphan_is_uncertain() -> None:
    """It may be paid for, so it is not tried again, and its price stays set aside."""
    budget = Budget(Decimal(2), "USD")
    lost = OrphanedIntent("may have been bought")
    run = ran(2, submit={1: [lost]}, budget=budget, states={1: RowState(row=1, record=record_of(1))})
    assert run.status() == {1: "uncertain", 2: "succeeded"}
    assert budget.total == Decimal("0.80")


@pytest.mark.parametrize("kind", [Kind.BALANCE, Kind.AUTHENTICATION])
def test_what_concerns_the_account_stops_the_batch(kind: Kind) -> None:
    """No row fails by it; what is under way is finished."""
    run = ran(40, submit={row: [refusal(kind, "no", http_status=402)] * 9 for row in range(3, 41)})
    assert run.all_ended
    assert run.batch.stopped_by is not None
    assert run.batch.stopped_by.kind is kind
    assert list(run.status().values()) == ["succeeded"] * 2 + [None] * 38
    assert len(run.worker.submitted) < 8


def test_an_outage_without_end_stops_the_batch() -> None:
    """A vendor that is out of reach for a quarter of an hour does not use up all rows."""
    run = ran(500, submit={row: [NotSent("no connection")] * 99 for row in range(1, 501)})
    assert run.batch.stopped_by is not None
    assert run.batch.stopped_by.retryable
    assert set(run.status().values()) == {None}
    assert len(run.worker.submitted) < 100
    assert 900 < run.seconds < 1_000


@pytest.mark.parametrize(("limit", "stops"), [(None, False), (3, False), (2, True), (0, True)])
def test_more_failures_than_allowed_stop_the_batch(limit: int | None, stops: bool) -> None:
    """Cleanly: what was submitted is landed."""
    run = ran(60, submit={row: [moderation()] for row in (1, 2, 3)}, max_failures=limit)
    assert isinstance(run.batch.stopped_by, TooManyFailures) is stops
    assert run.all_ended
    not_submitted = sum(status is None for status in run.status().values())
    assert (not_submitted > 40) is stops
    assert len(run.worker.submitted) + not_submitted == 60


def test_max_cost_holds_over_what_is_under_way() -> None:
    """Two fit beside each other; what they really cost makes room for a third; no fourth and fifth fit."""
    run = ran(6, budget=Budget(Decimal("1.25"), "USD"))
    assert list(run.status().values()) == ["succeeded"] * 3 + [None] * 3
    assert isinstance(run.batch.stopped_by, BudgetExceeded)
    assert "row 4 may cost 0.50 USD" in str(run.batch.stopped_by)
    assert run.batch.budget.total == Decimal("0.90")


def test_what_an_earlier_try_spent_counts() -> None:
    """Under way at its estimate, finished at its cost, failed at nothing."""
    budget = Budget(Decimal(10), "USD")
    states = {
        1: in_flight(1),
        2: in_flight(2).replace(outcome=DONE),
        3: in_flight(3).replace(outcome=RowOutcome(status="failed")),
        4: RowState(row=4, record=record_of(4)),
    }
    ran(4, states=states, budget=budget, stay=False, never=frozenset({1, 4}))
    assert budget.total == Decimal("0.50") + Decimal("0.30") + Decimal("0.50")


def usd(amount: str, basis: Any = "billed") -> Cost:
    return Cost(amount=Decimal(amount), currency="USD", basis=basis)


def overload() -> SeedanceError:
    return GenerationFailed("internal error", kind=Kind.OVERLOAD)


@pytest.mark.parametrize("leads_on", [True, False])
def test_what_failures_were_billed_counts_against_max_cost(leads_on: bool) -> None:
    """Whether the next attempt is the plan's or a repetition: 3 rows, each of whose generations fails at 0.50 USD."""
    run = ran(
        3,
        collect={row: [overload()] * 99 for row in (1, 2, 3)},
        budget=Budget(Decimal("1.10"), "USD"),
        charge=usd("0.50"),
        leads_on=lambda record: leads_on,
    )
    assert isinstance(run.batch.stopped_by, BudgetExceeded)
    assert len(run.worker.submitted) == 2
    assert run.batch.budget.total == Decimal("1.00")


def test_what_an_earlier_try_was_billed_for_failures_counts() -> None:
    """A row that failed, and one that is to be tried again, each after a bill of 0.40 USD."""
    failed = record_of(1, outcome=Ended(status="failed", cost=usd("0.40")))
    states = {
        1: RowState(row=1, record=failed, outcome=RowOutcome(status="failed")),
        2: RowState(row=2, record=failed),
    }
    run = ran(3, states=states, budget=Budget(Decimal("1.20"), "USD"))
    assert isinstance(run.batch.stopped_by, BudgetExceeded)
    assert run.worker.submitted == []
    assert run.batch.budget.total == Decimal("0.80")


def test_a_success_counts_with_the_failures_before_it() -> None:
    run = ran(1, collect={1: [overload()]}, budget=Budget(Decimal(2), "USD"), charge=usd("0.50"))
    assert run.status() == {1: "succeeded"}
    assert run.batch.budget.total == Decimal("0.80")


@pytest.mark.parametrize(
    ("charge", "told"),
    [(usd("0.50"), "attempts without a video have cost 0.50 USD (billed)"), (None, "costs nothing")],
)
def test_the_log_tells_what_a_failed_row_costs(charge: Cost | None, told: str, caplog: Any) -> None:
    ran(1, collect={1: [GenerationFailed("blocked", kind=Kind.MODERATION)]}, charge=charge)
    assert told in caplog.text


def test_with_everything_submitted_it_leaves_if_it_may() -> None:
    """Waiting is the trigger's."""
    run = ran(5, stay=False, never=frozenset({2, 4}))
    assert not run.all_ended
    assert run.status()[2] is None
    assert run.worker.submitted == [1, 2, 3, 4, 5]


def test_it_goes_on_with_what_the_trigger_saw() -> None:
    """Those rows are collected, and the others are left to the trigger again."""
    states = {row: in_flight(row) for row in (1, 2, 3)}
    run = ran(
        3,
        states=states,
        stay=False,
        never=frozenset({1, 2, 3}),
        finished_waits={2: WaitOutcome.ENDED, 3: WaitOutcome.TIMED_OUT},
    )
    assert not run.all_ended
    assert run.worker.submitted == []
    assert run.worker.collected == [(2, WaitOutcome.ENDED), (3, WaitOutcome.TIMED_OUT)]
    assert run.poller.seen == [1]


def test_a_row_that_has_not_ended_after_all_is_waited_for_again() -> None:
    """A trigger that could not look says so of all."""
    run = ran(
        1, states={1: in_flight(1)}, collect={1: [None]}, finished_waits={1: WaitOutcome.STATUS_UNKNOWN}
    )
    assert run.status() == {1: "succeeded"}
    assert run.poller.seen == [1]


def test_a_batch_that_waits_for_money_leaves_too() -> None:
    """What is under way may cost less than was set aside; nobody needs to hold a worker for that."""
    run = ran(3, stay=False, never=frozenset({1, 2, 3}), budget=Budget(Decimal("1.00"), "USD"))
    assert not run.all_ended
    assert run.batch.stopped_by is None
    assert run.worker.submitted == [1, 2]


def test_a_journal_that_cannot_be_written_stops_the_batch() -> None:
    """Nothing is paid that nobody would remember."""

    class Full(MemoryJournal):
        def write(self, state: RowState) -> None:
            if len(self.states) and state.outcome:
                raise StateUnwritable("no space left")
            super().write(state)

    run = ran(30, journal=Full(), submit={row: [None] for row in range(1, 31)})
    assert isinstance(run.batch.stopped_by, StateUnwritable)
    assert run.batch.stopped_by.retryable


class Broken(dict):  # type: ignore[type-arg]
    """The submissions of rows, of which row 1 fails in a way that nobody foresaw."""

    def get(self, row: int, default: Any = None) -> Any:
        if row == 1:
            raise ZeroDivisionError("GET https://files.example.com/a.mp4?X-Tos-Signature=secret")
        return super().get(row, default)


def test_an_error_of_ours_is_one_rows_failure() -> None:
    """The batch survives it."""
    run = ran(2, submit=Broken({1: []}))
    assert run.status()[2] == "succeeded"
    assert run.status()[1] == "failed"


def test_an_error_of_ours_is_logged_without_links(caplog) -> None:
    ran(2, submit=Broken({1: []}))
    assert "ZeroDivisionError" in caplog.text
    assert "files.example.com" in caplog.text
    assert "secret" not in caplog.text

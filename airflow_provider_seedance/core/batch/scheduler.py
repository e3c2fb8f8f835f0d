"""Carrying a batch out: one thread decides, others submit and land, and a watcher tells what has ended."""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any

from airflow_provider_seedance.core.batch.admission import Slots
from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.decide import Next, after_collection, after_submission
from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.parts import Hands, News, Plan, PollsRows, TooManyFailures
from airflow_provider_seedance.core.batch.progress import Progress
from airflow_provider_seedance.core.batch.state import End, RowState, Stage, counts, stage
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.core.submission.record import StateUnwritable, SubmissionRecord
from airflow_provider_seedance.errors import BudgetExceeded, SeedanceError

log = logging.getLogger(__name__)

#: Creates under way at a time, and landings; each takes a thread and its client.
SUBMITTERS, LANDERS = 4, 4
#: How long nothing can be submitted before the batch stops trying, seconds.
TROUBLE_BUDGET = 900.0
#: At the longest between two looks at the clock, seconds.
TICK = 1.0


class Batch:
    """One try's work on a batch, or a part of it between two waits.

    :param journal: its states say where each row stands, and are kept up to date.
    :param slots: what is known of the vendor's limit.
    :param now: epoch seconds.
    :param progress: is told how many rows stand where.
    :param news: another queue than the usual one.
    """

    def __init__(
        self,
        plan: Plan,
        journal: Journal,
        hands: Hands,
        *,
        budget: Budget,
        slots: Slots,
        now: Callable[[], float],
        progress: Progress,
        news: News | None = None,
    ) -> None:
        self.plan = plan
        self.journal = journal
        self.budget = budget
        self.slots = slots
        #: Why nothing more is submitted; ``None`` while something may be.
        self.stopped_by: SeedanceError | None = None
        self._hands = hands
        self._now = now
        self._progress = progress
        self._news: News = news or queue.SimpleQueue()
        self._waiting: deque[int] = deque()
        self._submitting: dict[int, float] = {}
        self._in_flight: set[int] = set()
        self._landing: set[int] = set()
        self._collected: dict[int, int] = {}
        self._trouble_since: float | None = None
        self._failures = 0
        for row in plan.rows:
            # All keys from the start: other threads change the values while this one counts them.
            journal.states.setdefault(row, RowState(row=row))
            self._place(row)

    def ended(self, row: int, outcome: WaitOutcome, wait: WaitState) -> None:
        """For the watcher, from its thread: the wait for a row is over."""
        self._news.put(partial(self._on_end, row, outcome, wait))

    def run(self, poller: PollsRows, *, stay: bool, ended: Mapping[int, WaitOutcome]) -> bool:
        """Submit, wait and land until all rows have ended, or nothing more can be submitted now.

        :param stay: wait for what has been submitted; else leave once that is all that is left to do.
        :param ended: rows whose wait is over, as is known from elsewhere.
        :returns: whether all rows that were submitted have ended.
        """
        self._poller = poller
        for row in sorted(self._in_flight):
            if row in ended:
                self._on_end(row, ended[row], self._wait_of(row)[1])
            else:
                self._wait_for_row(row)
        self._check_failures()
        while True:
            self._submit_more()
            self._tell()
            if self._at_rest() and not (stay and self._in_flight):
                return not self._in_flight
            self._on_reply()

    def tell_now(self) -> None:
        """Tell how many rows stand where, whatever was told before."""
        self._progress.tell_now(self._counted())

    def _place(self, row: int) -> None:
        """Put a row where its state says."""
        state = state_of(self.journal.states, row)
        at = stage(state)
        if at is Stage.WAITING:
            self._waiting.append(row)
        elif at is Stage.IN_FLIGHT:
            self._in_flight.add(row)
        if state.may_be_billed:
            self.budget.reserve(row, self.plan.estimates[row])
        if state.end is not None:
            self._count(state.end, row)

    def _at_rest(self) -> bool:
        """Whether only the vendor has something to do."""
        if self._submitting or self._landing:
            return False
        if not self._waiting or self.stopped_by:
            return True
        return bool(self._in_flight) and not self._affordable()

    def _counted(self) -> dict[str, int]:
        return counts(len(self.plan.rows), (state_of(self.journal.states, row) for row in self.plan.rows))

    def _on_reply(self) -> None:
        """What others have done since; sleeps until there is something, or a second has passed."""
        try:
            self._news.get(timeout=TICK)()
            while True:
                self._news.get_nowait()()
        except queue.Empty:
            pass

    def _tell(self) -> None:
        self._progress.tell(self._counted, self._now())

    # Submitting

    def _submit_more(self) -> None:
        while self._waiting and self.stopped_by is None and len(self._submitting) < SUBMITTERS:
            if not self.slots.free(self._held(), self._now()):
                return
            if not self._affordable():
                if not self._held() and not self._landing:
                    self.stopped_by = self._unaffordable()
                return
            row = self._waiting.popleft()
            self.budget.reserve(row, self.plan.estimates[row])
            self._submitting[row] = self._now()
            work = partial(self._hands.worker.submit, self.plan.rows[row])
            self._give(self._hands.submitting, work, partial(self._on_submitted, row))

    def _held(self) -> int:
        return len(self._in_flight) + len(self._submitting)

    def _affordable(self) -> bool:
        row = self._waiting[0]
        return self.budget.fits(row, self.plan.estimates[row])

    def _unaffordable(self) -> BudgetExceeded:
        row = self._waiting[0]
        return BudgetExceeded(
            f"row {row} may cost {self.plan.estimates[row].amount} {self.budget.currency}, and"
            f" {self.budget.total} of max_cost {self.budget.limit} {self.budget.currency} are spent or set aside;"
            f" {len(self._waiting)} rows are not submitted",
            advice="Raise max_cost and clear the task; rows that are done are not paid for again.",
        )

    def _give(self, to: Executor, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        def carried_out() -> None:
            try:
                result = work()
            except SeedanceError as error:
                result = error
            except BaseException as fault:  # whatever it is, it is this row's, and the batch must hear of it
                log.exception("A row's work failed.")
                result = SeedanceError(f"it failed within the provider: {type(fault).__name__}: {fault}")
            self._news.put(partial(then, result))

        to.submit(carried_out)

    def _on_submitted(self, row: int, result: SubmissionRecord | SeedanceError) -> None:
        sent = self._submitting.pop(row)
        if isinstance(result, SeedanceError):
            self._not_submitted(row, result, sent)
            return
        self._trouble_since = None
        self._in_flight.add(row)
        self.slots = self.slots.accepted(len(self._in_flight))
        self._wait_for_row(row)

    def _not_submitted(self, row: int, error: SeedanceError, sent: float) -> None:
        state = state_of(self.journal.states, row)
        if not state.may_be_billed:
            self.budget.release(row)
        decision = after_submission(error, state)
        if isinstance(decision, End):
            self._end(row, decision)
        elif decision is Next.LATER:
            self._bear(error)
            self._write(state.replace(attempts=state.attempts + 1))
            self._waiting.append(row)
        else:
            self._waiting.appendleft(row)
            if decision is Next.STOP:
                log.error("Row %d: %s", row, error)
                self._stop(error)
            elif decision is Next.NO_ROOM:
                self._no_room(error, sent)
            else:
                self._bear(error)

    def _no_room(self, error: SeedanceError, sent: float) -> None:
        now, held = self._now(), len(self._in_flight)
        self.slots = self.slots.refused(held, sent=sent, now=now, retry_after=error.retry_after)
        if not self._held():
            self._check_trouble_budget(error)

    def _bear(self, error: SeedanceError) -> None:
        """After trouble that all rows may share: a pause, and in the end no more of it."""
        self.slots = self.slots.paused(self._now())
        self._check_trouble_budget(error)

    def _check_trouble_budget(self, error: SeedanceError) -> None:
        now = self._now()
        self._trouble_since = now if self._trouble_since is None else self._trouble_since
        if now - self._trouble_since > TROUBLE_BUDGET:
            self._stop(error)

    def _stop(self, error: SeedanceError) -> None:
        if self.stopped_by is None:
            log.error("Nothing more is submitted: %s", error)
            self.stopped_by = error

    # Waiting and landing

    def _wait_for_row(self, row: int) -> None:
        self._poller.wait_for(row, *self._wait_of(row))

    def _wait_of(self, row: int) -> tuple[str, WaitState]:
        record = state_of(self.journal.states, row).record
        assert record is not None
        assert record.generation_id is not None
        return record.generation_id, WaitState.from_record(record)

    def _on_end(self, row: int, outcome: WaitOutcome, wait: WaitState) -> None:
        self._in_flight.discard(row)
        self._landing.add(row)
        work = partial(self._hands.worker.collect, self.plan.rows[row], outcome, wait)
        self._give(self._hands.landing, work, partial(self._on_collected, row, outcome, wait))

    def _on_collected(
        self, row: int, outcome: WaitOutcome, wait: WaitState, result: End | SeedanceError | None
    ) -> None:
        self._landing.discard(row)
        if isinstance(result, End):
            self._end(row, result)
        elif result is None:
            self._wait_again(row)
        else:
            self._not_collected(row, result, outcome, wait)

    def _not_collected(self, row: int, error: SeedanceError, outcome: WaitOutcome, wait: WaitState) -> None:
        state, collected = state_of(self.journal.states, row), self._collected.get(row, 0)
        late = self._now() >= wait.deadline
        decision = after_collection(error, state, collected, late=late)
        if isinstance(decision, End):
            self._end(row, decision)
            return
        log.warning("Row %d: %s It is tried again.", row, error)
        if decision is Next.WAIT:
            self._wait_again(row)
        elif decision is Next.COLLECT:
            self._collected[row] = collected + 1
            self._on_end(row, outcome, wait)
        else:
            assert state.record is not None
            failed = Ended(status="failed", reason=error.message, error=error.kind)
            record = state.record.replace(outcome=state.record.outcome or failed)
            self._write(state.replace(attempts=state.attempts + 1, record=record))
            self.budget.release(row)
            self._waiting.append(row)

    def _wait_again(self, row: int) -> None:
        self._in_flight.add(row)
        self._wait_for_row(row)

    def _end(self, row: int, end: End) -> None:
        self._write(state_of(self.journal.states, row).ended(end))
        self._count(end, row)
        if end.reason:
            log.warning("Row %d has %s: %s", row, end.status, end.reason)
        self._check_failures()

    def _count(self, end: End, row: int) -> None:
        if end.status == "succeeded":
            self.budget.commit(row, end.cost)
        else:
            self._failures += 1
        if end.status == "failed":
            self.budget.release(row)

    def _check_failures(self) -> None:
        most = self.plan.max_failures
        if most is not None and self._failures > most:
            self._stop(
                TooManyFailures(
                    f"{self._failures} rows failed, and max_failures is {most}",
                    advice="See the results for the reasons; correct these rows, or raise max_failures.",
                )
            )

    def _write(self, state: RowState) -> None:
        try:
            self.journal.write(state)
        except StateUnwritable as error:
            # What is lost with it is found out again by the next try.
            self.journal.states[state.row] = state
            self._stop(error)

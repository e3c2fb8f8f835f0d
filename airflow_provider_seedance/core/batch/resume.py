"""Resuming a batch, after a kill too: for each row of its journal, whether to wait on, keep its end, or pay again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal

from airflow_provider_seedance.core.batch.decide import outcome_of_error
from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.listing import listing_clients
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState, RowStatus, resume_row
from airflow_provider_seedance.core.batch.worker import BatchOptions, identity_of_row
from airflow_provider_seedance.core.clock import utc_now
from airflow_provider_seedance.core.lifecycle.adopt import ask_each, connections_to_ask
from airflow_provider_seedance.core.submission.decide import Action, PriorSubmission
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.outcome import Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.resume import (
    ReadingClient,
    decide_with_vendor,
    recorded_client,
)
from airflow_provider_seedance.core.submission.submit import REGENERATE_HINT
from airflow_provider_seedance.errors import (
    Kind,
    OrphanedIntent,
    RecordedConnectionLost,
    SeedanceError,
    StaleState,
)
from airflow_provider_seedance.models import Succeeded

log = logging.getLogger(__name__)


def resume_rows(
    plan: Plan,
    journal: Journal,
    options: BatchOptions,
    open_client: Callable[[str], ReadingClient],
    *,
    new_try: bool,
    lands: bool,
    publishes: bool = False,
) -> set[int]:
    """Ask the policy about the rows of an earlier try, or of an earlier part of this one, and record what it says.

    :param open_client: makes the client of a connection, by its id.
    :param new_try: ask about every row; else, in the same try after a wait, about those that have changed.
    :param lands: whether videos are to be landed.
    :param publishes: whether they are to be published then.
    :returns: the rows whose video was seen to be finished.
    :raises StaleState: if rows have changed that may be billed, and the user did not choose to pay again.
    """
    clients = listing_clients(open_client, journal.states.values()) if new_try else open_client
    resumer = _RowResumer(options, clients, lands=lands, publishes=publishes)
    after: dict[int, RowState] = {}
    for number in sorted(plan.rows.keys() | journal.states.keys()):
        before, row = state_of(journal.states, number), plan.rows.get(number)
        if row is None:
            after[number] = resumer.drop(before)
        elif row.generation_id and row.generation_id != before.generation_id:
            after[number] = resumer.adopt(before, row)
        elif new_try or (before.record and _has_changed(before.record, row, options)):
            after[number] = resumer.resume(before, row)
    if resumer.stale:
        raise StaleState(
            f"{len(resumer.stale)} rows have changed, or are gone, since they were paid for, or may have been:"
            f" {_format_row_numbers(resumer.stale)}",
            advice="Put the rows back, at their places; or set on_stale_state='resubmit' to pay for the new ones too.",
        )
    if resumer.kept_at_clear:
        log.info("Rows that go on with what is paid for: %d.%s", resumer.kept_at_clear, REGENERATE_HINT)
    journal.write_all([state for number, state in after.items() if state != state_of(journal.states, number)])
    return resumer.finished


def _has_changed(record: SubmissionRecord, row: Row, options: BatchOptions) -> bool:
    """Whether the row's request is not the one on record any more, at the rung where that was."""
    return record.fingerprint != fingerprint(options.row_at(row, record.rung).request)


class _RowResumer:
    """Asks the policy about the rows, one by one, and collects what concerns them together."""

    def __init__(
        self,
        options: BatchOptions,
        open_client: Callable[[str], ReadingClient],
        *,
        lands: bool,
        publishes: bool,
    ) -> None:
        self._options = options
        self._open_client = open_client
        self._lands = lands
        self._publishes = publishes
        self.stale: list[int] = []
        self.finished: set[int] = set()
        #: Rows that a clear leaves with the generation that they have.
        self.kept_at_clear = 0

    def resume(self, state: RowState, row: Row) -> RowState:
        """The row as this try begins with it; its own error ends it and leaves the other rows alone."""
        if state.record is None:
            return state.replace(attempts_this_try=0, outcome=None)
        prior = self._prior(state, changed=_has_changed(state.record, row, self._options))
        recorded = [state.record]
        try:
            decision = decide_with_vendor(prior, self._open_client, recorded.append)
        except StaleState:
            self.stale.append(state.row)
            return state
        except SeedanceError as error:
            state = state.replace(record=recorded[-1])
            if self._options.leads_on(state.record):
                return state.replace(attempts_this_try=0, outcome=None)
            return self._after_error(error, state, prior, row)
        if prior.cleared and decision.action in (Action.REATTACH, Action.KEEP):
            self.kept_at_clear += 1
        if decision.action is Action.REATTACH and isinstance(decision.generation, Succeeded):
            self.finished.add(state.row)
        return self._apply(state.replace(record=recorded[-1]), decision.action, prior, row)

    def _after_error(
        self, error: SeedanceError, state: RowState, prior: PriorSubmission, row: Row
    ) -> RowState:
        """The row after the policy raised: it has ended, or the vendor could not be asked and the row goes on."""
        if not state.blocks_new_payment:
            failed_before = state.outcome is not None and state.outcome.status == "failed"
            return state if failed_before else self._end(state, error, "failed")
        lost = isinstance(error, (OrphanedIntent, RecordedConnectionLost)) or error.kind is Kind.NOT_FOUND
        if lost:
            return self._end(state, error, "uncollected" if state.generation_id else "uncertain")
        if prior.changed:
            raise error
        return self._apply(state, Action.REATTACH, prior, row)

    def _end(self, state: RowState, error: SeedanceError, status: RowStatus) -> RowState:
        log.warning("Row %d is %s at the start of this try: %s", state.row, status, error)
        return state.replace(outcome=outcome_of_error(error, status))

    def _apply(self, state: RowState, action: Action, prior: PriorSubmission, row: Row) -> RowState:
        return resume_row(
            state,
            action,
            cleared=prior.cleared,
            max_tries=self._options.task.max_tries,
            now=utc_now(self._options.clock),
            timeout=self._options.timeout_for(row),
        )

    def _prior(self, state: RowState, *, changed: bool) -> PriorSubmission:
        assert state.record is not None
        return PriorSubmission(
            state.record,
            changed=changed,
            cleared=self._options.task.max_tries > state.record.max_tries,
            policies=self._options.policies,
            result_stored=state.has_result(lands=self._lands, publishes=self._publishes),
        )

    def drop(self, state: RowState) -> RowState:
        """The state of a row that is gone, which counts as one that has changed; no new row takes its place."""
        if state.record is None or not state.record.blocks_new_payment:
            return state
        prior = self._prior(state, changed=True)
        try:
            decide_with_vendor(prior, self._open_client, lambda record: None)
        except StaleState:
            self.stale.append(state.row)
            return state
        by: Literal["clear", "change"] = "clear" if prior.cleared else "change"
        superseded = Superseded.after(state.record.outcome, by=by, reason="its row is gone")
        return state.replace(
            record=state.record.replace(outcome=superseded),
            outcome=state.outcome or RowOutcome(status="uncollected", reason="its row is gone"),
        )

    def adopt(self, before: RowState, row: Row) -> RowState:
        """The state of a row with a generation that its user has named.

        If the outcome of its latest intent is unknown, the generation is taken for the one of that intent.
        """
        assert row.generation_id is not None
        unknown = before.record if before.blocks_new_payment and not before.generation_id else None
        if unknown:
            try:
                intent, client = unknown, recorded_client(unknown, self._open_client)
            except RecordedConnectionLost as lost:
                return self._end(before, lost, "uncertain")
        else:
            conn_id, client = self._client_with(row.generation_id, before)
            intent = self._adopted_intent(before.record, row, client, conn_id)
        now = utc_now(self._options.clock)
        record = intent.replace(
            account_id=client.account_id,
            max_tries=self._options.task.max_tries,
            generation_id=row.generation_id,
            unread_reply=None,
            fingerprint=fingerprint(self._options.row_at(row, intent.rung).request),
            started=now,
            deadline=now + timedelta(seconds=self._options.timeout_for(row)),
        )
        return RowState(row=row.number, record=record)

    def _adopted_intent(
        self, before: SubmissionRecord | None, row: Row, client: ReadingClient, conn_id: str
    ) -> SubmissionRecord:
        """The intent of a generation that none on record has made."""
        task, clock = identity_of_row(self._options.task, row.number), self._options.clock
        number = before.intent_number + 1 if before else 1
        return SubmissionRecord(
            intent_number=number,
            intent_id=task.intent_id(number, random=clock.random()),
            vendor=client.vendor_name,
            seedance_conn_id=conn_id,
            fingerprint=fingerprint(row.request),
            intended_at=utc_now(clock),
            max_tries=task.max_tries,
            earlier_generation_ids=before.all_generation_ids if before else (),
            unbilled_intents=before.unbilled_intents + before.is_unbilled if before else 0,
            attempts=before.all_attempts if before else (),
            series=before.series if before else 1,
        )

    def _client_with(self, generation_id: str, before: RowState) -> tuple[str, ReadingClient]:
        """The connection that knows a generation, and its client; the only one that it can be is not asked."""
        recorded = (before.record.seedance_conn_id,) if before.record else ()
        possible = tuple(dict.fromkeys((*recorded, *self._options.plan.connections)))
        first, *others = connections_to_ask(generation_id, possible, before.record)
        if not others:
            return first, self._open_client(first)
        conn_id, client, _ = ask_each(generation_id, (first, *others), self._open_client)
        return conn_id, client


def _format_row_numbers(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")

"""What precedes the work of a batch: its rows and their prices checked, and earlier work taken up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.rows import (
    RawRow,
    Row,
    RowsInvalid,
    check_rows,
)
from airflow_provider_seedance.core.batch.state import (
    CHANGED,
    RowOutcome,
    RowState,
    resume_row,
    rows_elsewhere,
    stale_rows,
)
from airflow_provider_seedance.core.batch.worker import BatchOptions, identity_of_row
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import utc_now
from airflow_provider_seedance.core.submission.budget import check_budget
from airflow_provider_seedance.core.submission.decide import StaleState
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError
from airflow_provider_seedance.models import Cost


@dataclass(frozen=True)
class Plan:
    """What a batch is to do.

    :param estimates: the most that each row can cost.
    :param max_failures: with more failed rows than this, nothing more is submitted; ``None`` for no limit.
    """

    rows: Mapping[int, Row]
    estimates: Mapping[int, Cost]
    max_failures: int | None = None


def make_plan(
    client: SeedanceClient,
    raw_rows: Sequence[RawRow],
    defaults: Mapping[str, Any] | None,
    *,
    max_failures: int | None,
    max_cost: Any,
) -> Plan:
    """The plan of a batch, all of it checked.

    :param raw_rows: the rows as the user gave them.
    :param defaults: request fields for rows that leave them out.
    :raises RowsInvalid: naming every row that is refused, for its request or for its price.
    """
    rows = check_rows(raw_rows, defaults or {}, client.catalog.prepare, vendor=client.vendor_name)
    estimates = {row.number: client.estimate_cost(row.request) for row in rows}
    refused = {}
    for raw_row in raw_rows:
        try:
            check_budget(estimates[raw_row.number], max_cost, vendor=client.vendor_name)
        except BudgetExceeded as error:
            refused[raw_row.label] = f"{error.message}. {error.advice}"
    if refused:
        raise RowsInvalid(refused, len(raw_rows), vendor=client.vendor_name)
    return Plan({row.number: row for row in rows}, estimates, max_failures)


def begin(
    plan: Plan, journal: Journal, options: BatchOptions, *, vendor: str, new_try: bool, lands: bool
) -> None:
    """Put the rows of an earlier part of the work where this one is to go on with them.

    :param new_try: and not the same one after a wait: then what failed may be tried again.
    :param lands: whether videos are landed.
    :raises StaleState: if rows have changed whose money may be gone, and the user did not choose to pay again.
    :raises ConfigurationError: if rows are under way at another vendor.
    """
    prints = {number: fingerprint(row.request) for number, row in plan.rows.items()}
    stale = stale_rows(journal.states, prints)
    if stale and options.policies.on_stale_state == "fail":
        raise StaleState(
            f"{len(stale)} rows have changed, or are gone, since they were paid for, or may have been:"
            f" {_named(stale)}",
            advice="Put the rows back, at their places; or set on_stale_state='resubmit' to pay for the new ones too.",
        )
    if elsewhere := rows_elsewhere(journal.states, vendor):
        raise ConfigurationError(
            f"rows are under way at another vendor, and the connection now names {vendor}: {_named(elsewhere)}",
            advice="Put the connection back and clear the task; when these rows have ended, change it.",
        )
    after = {number: _given_up(journal.states[number]) for number in stale if number not in prints}
    for number, row in plan.rows.items():
        before = state_of(journal.states, number)
        record = before.record
        changed = record is not None and record.fingerprint != prints[number]
        if row.generation_id and row.generation_id != before.generation_id:
            after[number] = _adopted(record, row, options, vendor, prints[number])
        elif record and (new_try or changed):
            after[number] = _begun(before, record, row, options, changed=changed, lands=lands)
    journal.write_all([state for number, state in after.items() if state != state_of(journal.states, number)])


def _adopted(
    before: SubmissionRecord | None, row: Row, options: BatchOptions, vendor: str, fingerprint: str
) -> RowState:
    """A row with a generation that its user has named; an intent whose fate was unknown is that one's."""
    now = utc_now(options.clock)
    number = before.intent if before else 1
    earlier = before.earlier_generation_ids if before else ()
    if before and before.generation_id:
        number, earlier = number + 1, (*earlier, before.generation_id)
    record = SubmissionRecord(
        intent=number,
        intent_id=identity_of_row(options.task, row.number).intent_id(number),
        vendor=vendor,
        seedance_conn_id=options.seedance_conn_id,
        fingerprint=fingerprint,
        intended_at=now,
        max_tries=options.task.max_tries,
        generation_id=row.generation_id,
        started=now,
        deadline=now + timedelta(seconds=options.timeout_for(row)),
        earlier_generation_ids=earlier,
        unbilled_intents=before.unbilled_intents if before else 0,
    )
    return RowState(row=row.number, record=record)


def _begun(
    before: RowState, record: SubmissionRecord, row: Row, options: BatchOptions, *, changed: bool, lands: bool
) -> RowState:
    if changed:
        return before.replace(
            attempts=0, outcome=None, record=record.replace(outcome=record.outcome or CHANGED)
        )
    return resume_row(
        before,
        options.policies,
        max_tries=options.task.max_tries,
        now=utc_now(options.clock),
        timeout=options.timeout_for(row),
        lands=lands,
    )


def _given_up(state: RowState) -> RowState:
    """A row that is gone, by the user's choice to pay for what there is now."""
    return state.replace(outcome=state.outcome or RowOutcome(status="uncollected", reason="its row is gone"))


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")

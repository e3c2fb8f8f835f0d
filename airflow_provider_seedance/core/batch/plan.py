"""What precedes the work of a batch: its rows and its money, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.parts import Plan
from airflow_provider_seedance.core.batch.rows import (
    Draft,
    Row,
    RowsInvalid,
    checked,
    rows_in_file,
    rows_in_list,
    rows_in_text,
)
from airflow_provider_seedance.core.batch.state import (
    CHANGED,
    End,
    RowState,
    resume_row,
    rows_elsewhere,
    stale_rows,
)
from airflow_provider_seedance.core.batch.worker import Terms, identity_of_row
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import utc_now
from airflow_provider_seedance.core.storage.files import open_for_reading
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.budget import check_budget, money
from airflow_provider_seedance.core.submission.decide import StaleState
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, SeedanceError


def drafts_of(requests: Any, path_from_uri: PathFromUri) -> list[Draft]:
    """The rows as they were given: a list, a list that a template turned into text, or a file.

    :raises ConfigurationError: if it is none of these, or the file cannot be read.
    """
    if not isinstance(requests, str):
        if isinstance(requests, Mapping) or not isinstance(requests, Iterable):
            raise ConfigurationError(f"requests must be a list or the path of a file, not {requests!r}")
        return rows_in_list(requests)
    text = requests.strip()
    if text in ("", "None"):
        raise ConfigurationError("requests is empty: a list, or the path of a file, is needed")
    if text.startswith("["):
        return rows_in_list(rows_in_text(text))
    try:
        with open_for_reading(path_from_uri(text)) as file:
            content = file.read().decode("utf-8-sig")
    except SeedanceError:
        raise
    except Exception as fault:
        raise ConfigurationError(
            f"requests={text!r} cannot be read: {type(fault).__name__}: {fault}"
        ) from fault
    return rows_in_file(content, text)


def plan_of(
    client: SeedanceClient,
    drafts: Sequence[Draft],
    defaults: Mapping[str, Any] | None,
    *,
    max_failures: int | None,
    max_cost: Any,
) -> Plan:
    """What is to be done, all of it checked.

    :raises RowsInvalid: naming every row that is refused, for its request or for its price.
    """
    rows = checked(drafts, defaults or {}, client.catalog.prepare, vendor=client.vendor_name)
    estimates = {row.number: client.estimate_cost(row.request) for row in rows}
    refused = {}
    for draft in drafts:
        try:
            check_budget(estimates[draft.number], max_cost, vendor=client.vendor_name)
        except BudgetExceeded as error:
            refused[draft.place] = f"{error.message}. {error.advice}"
    if refused:
        raise RowsInvalid(refused, len(drafts), vendor=client.vendor_name)
    return Plan({row.number: row for row in rows}, estimates, max_failures)


def budget_of(max_cost: Any) -> Budget:
    """The money of a batch."""
    limit = money("max_cost", max_cost)
    return Budget(*limit) if limit else Budget()


def begin(plan: Plan, journal: Journal, terms: Terms, *, vendor: str, new_try: bool, lands: bool) -> None:
    """Put the rows of an earlier part of the work where this one is to go on with them.

    :param new_try: and not the same one after a wait: then what failed may be tried again.
    :param lands: whether videos are landed.
    :raises StaleState: if rows have changed whose money may be gone, and the user did not choose to pay again.
    :raises ConfigurationError: if rows are under way at another vendor.
    """
    prints = {number: fingerprint(row.request) for number, row in plan.rows.items()}
    stale = stale_rows(journal.states, prints)
    if stale and terms.policies.on_stale_state == "fail":
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
            after[number] = _adopted(record, row, terms, vendor, prints[number])
        elif record and (new_try or changed):
            after[number] = _begun(before, record, row, terms, changed=changed, lands=lands)
    journal.write_all([state for number, state in after.items() if state != state_of(journal.states, number)])


def _adopted(
    before: SubmissionRecord | None, row: Row, terms: Terms, vendor: str, fingerprint: str
) -> RowState:
    """A row with a generation that its user has named; an intent whose fate was unknown is that one's."""
    now = utc_now(terms.clock)
    number = before.intent if before else 1
    earlier = before.earlier_generation_ids if before else ()
    if before and before.generation_id:
        number, earlier = number + 1, (*earlier, before.generation_id)
    record = SubmissionRecord(
        intent=number,
        intent_id=identity_of_row(terms.task, row.number).intent_id(number),
        vendor=vendor,
        seedance_conn_id=terms.seedance_conn_id,
        fingerprint=fingerprint,
        intended_at=now,
        max_tries=terms.task.max_tries,
        generation_id=row.generation_id,
        started=now,
        deadline=now + timedelta(seconds=terms.timeout_of(row)),
        earlier_generation_ids=earlier,
        unbilled_intents=before.unbilled_intents if before else 0,
    )
    return RowState(row=row.number, record=record)


def _begun(
    before: RowState, record: SubmissionRecord, row: Row, terms: Terms, *, changed: bool, lands: bool
) -> RowState:
    if changed:
        return before.replace(attempts=0, end=None, record=record.replace(outcome=record.outcome or CHANGED))
    return resume_row(
        before,
        terms.policies,
        max_tries=terms.task.max_tries,
        now=utc_now(terms.clock),
        timeout=terms.timeout_of(row),
        lands=lands,
    )


def _given_up(state: RowState) -> RowState:
    """A row that is gone, by the user's choice to pay for what there is now."""
    return state.replace(end=state.end or End(status="uncollected", reason="its row is gone"))


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")

"""What precedes the work of a batch: its rows and its money, read and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_seedance.batch.crew import Terms
from airflow_provider_seedance.batch.journal import Journal
from airflow_provider_seedance.batch.parts import Plan
from airflow_provider_seedance.batch.purse import Purse
from airflow_provider_seedance.batch.rows import (
    Draft,
    Row,
    RowsInvalid,
    checked,
    rows_in_file,
    rows_in_list,
    rows_in_text,
)
from airflow_provider_seedance.batch.state import (
    RowState,
    Stage,
    renewed,
    rows_elsewhere,
    stage,
    stale_rows,
)
from airflow_provider_seedance.client.http import SeedanceClient
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, SeedanceError
from airflow_provider_seedance.lander import utc_now
from airflow_provider_seedance.landing.targets import open_for_reading
from airflow_provider_seedance.object_storage import open_target
from airflow_provider_seedance.operators.arguments import money
from airflow_provider_seedance.operators.budget import check_budget
from airflow_provider_seedance.submission.decide import StaleState
from airflow_provider_seedance.submission.fingerprint import fingerprint
from airflow_provider_seedance.submission.record import (
    SubmissionRecord,
)


def drafts_of(requests: Any) -> list[Draft]:
    """The rows as they were given: a list, a list that a template turned into text, or a file.

    :raises ConfigurationError: if it is none of these, or the file cannot be read.
    """
    if not isinstance(requests, str):
        if isinstance(requests, Mapping) or not isinstance(requests, Iterable):
            raise ConfigurationError(f"requests must be a list or the path of a file, not {requests!r}")
        return rows_in_list(requests)
    text = requests.strip()
    if text.startswith("["):
        return rows_in_list(rows_in_text(text))
    try:
        with open_for_reading(open_target(text)) as file:
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


def purse_of(max_cost: Any) -> Purse:
    """The money of a batch."""
    limit = money("max_cost", max_cost)
    return Purse(*limit) if limit else Purse()


def begin(plan: Plan, journal: Journal, terms: Terms, *, vendor: str) -> None:
    """Put the rows of an earlier try where this one is to go on with them.

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
    for number, row in plan.rows.items():
        if (before := journal.states.get(number)) and before.record:
            after = _begun(
                before, before.record, row, terms, changed=before.record.fingerprint != prints[number]
            )
            if after != before and stage(after) is Stage.FLYING:
                journal.write(after)
            journal.states[number] = after


def _begun(before: RowState, record: SubmissionRecord, row: Row, terms: Terms, *, changed: bool) -> RowState:
    if changed:
        return before.but(attempts=0, end=None, record=record.but(outcome=record.outcome or "changed"))
    return renewed(
        before,
        terms.policies,
        max_tries=terms.task.max_tries,
        now=utc_now(),
        patience=terms.patience(row),
    )


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")

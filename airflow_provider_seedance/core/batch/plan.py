"""What precedes the work of a batch: its rows and its money, read and checked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.core.batch.budget import Budget
from airflow_provider_seedance.core.batch.decide import end_of
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
from airflow_provider_seedance.core.batch.state import End, RowState, Status, resume_row
from airflow_provider_seedance.core.batch.worker import Terms, identity_of_row
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import utc_now
from airflow_provider_seedance.core.storage.files import open_for_reading
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.budget import check_budget, money
from airflow_provider_seedance.core.submission.decide import (
    Action,
    OrphanedIntent,
    PriorSubmission,
    RecordedConnectionLost,
    StaleState,
)
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.outcome import Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.resume import ReadingClient, resume
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, Kind, SeedanceError
from airflow_provider_seedance.models import Succeeded

log = logging.getLogger(__name__)


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


def begin(
    plan: Plan,
    journal: Journal,
    terms: Terms,
    open_client: Callable[[str], ReadingClient],
    *,
    new_try: bool,
    lands: bool,
) -> set[int]:
    """Put the rows of an earlier part of the work where this one is to go on with them.

    :param open_client: makes the client of a connection, by its id.
    :param new_try: and not the same one after a wait: then the policy is asked about every row, else about those that
        have changed.
    :param lands: whether videos are landed.
    :returns: the rows whose video was seen to be finished.
    :raises StaleState: if rows have changed that may be billed, and the user did not choose to pay again.
    """
    rows = _Rows(terms, open_client, lands=lands)
    after: dict[int, RowState] = {}
    for number in sorted(plan.rows.keys() | journal.states.keys()):
        before, row = state_of(journal.states, number), plan.rows.get(number)
        if row is None:
            after[number] = rows.dropped(before)
        elif row.generation_id and row.generation_id != before.generation_id:
            after[number] = rows.adopted(before.record, row)
        elif new_try or (before.record and before.record.fingerprint != fingerprint(row.request)):
            after[number] = rows.resumed(before, row)
    if rows.stale:
        raise StaleState(
            f"{len(rows.stale)} rows have changed, or are gone, since they were paid for, or may have been:"
            f" {_named(rows.stale)}",
            advice="Put the rows back, at their places; or set on_stale_state='resubmit' to pay for the new ones too.",
        )
    journal.write_all([state for number, state in after.items() if state != state_of(journal.states, number)])
    return rows.finished


class _Rows:
    """Asks the policy about the rows, one by one, and collects what concerns them together."""

    def __init__(self, terms: Terms, open_client: Callable[[str], ReadingClient], *, lands: bool) -> None:
        self._terms = terms
        self._open_client = open_client
        self._lands = lands
        self.stale: list[int] = []
        self.finished: set[int] = set()

    def resumed(self, state: RowState, row: Row) -> RowState:
        """The row as this try begins with it; its own error ends it, and does not touch its siblings."""
        if state.record is None:
            return state.replace(attempts=0, end=None)
        prior = self._prior(state, changed=state.record.fingerprint != fingerprint(row.request))
        noted = [state.record]
        try:
            decision = resume(prior, self._open_client, noted.append)
        except StaleState:
            self.stale.append(state.row)
            return state
        except SeedanceError as error:
            return self._after_error(error, state.replace(record=noted[-1]), prior, row)
        if decision.action is Action.REATTACH and isinstance(decision.generation, Succeeded):
            self.finished.add(state.row)
        return self._acted(state.replace(record=noted[-1]), decision.action, prior, row)

    def _after_error(
        self, error: SeedanceError, state: RowState, prior: PriorSubmission, row: Row
    ) -> RowState:
        """The row has failed for good, or its generation is out of reach, or the vendor could not be asked just now."""
        if not state.may_be_billed:
            failed_before = state.end is not None and state.end.status == "failed"
            return state if failed_before else self._ended(state, error, "failed")
        lost = isinstance(error, (OrphanedIntent, RecordedConnectionLost)) or error.kind is Kind.NOT_FOUND
        if lost:
            return self._ended(state, error, "uncollected" if state.generation_id else "uncertain")
        if prior.changed:
            raise error
        return self._acted(state, Action.REATTACH, prior, row)

    def _ended(self, state: RowState, error: SeedanceError, status: Status) -> RowState:
        log.warning("Row %d is %s: %s", state.row, status, error)
        return state.replace(end=end_of(error, status))

    def _acted(self, state: RowState, action: Action, prior: PriorSubmission, row: Row) -> RowState:
        return resume_row(
            state,
            action,
            cleared=prior.cleared,
            max_tries=self._terms.task.max_tries,
            now=utc_now(self._terms.clock),
            timeout=self._terms.timeout_of(row),
        )

    def _prior(self, state: RowState, *, changed: bool) -> PriorSubmission:
        assert state.record is not None
        return PriorSubmission(
            state.record,
            changed=changed,
            cleared=self._terms.task.max_tries > state.record.max_tries,
            policies=self._terms.policies,
            result_stored=state.has_result(lands=self._lands),
        )

    def dropped(self, state: RowState) -> RowState:
        """A row that is gone counts as one that has changed; nothing takes its place."""
        if state.record is None or not state.record.may_be_billed:
            return state
        prior = self._prior(state, changed=True)
        try:
            resume(prior, self._open_client, lambda record: None)
        except StaleState:
            self.stale.append(state.row)
            return state
        superseded = Superseded(by="clear" if prior.cleared else "change", reason="its row is gone")
        return state.replace(
            record=state.record.replace(outcome=superseded),
            end=state.end or End(status="uncollected", reason="its row is gone"),
        )

    def adopted(self, before: SubmissionRecord | None, row: Row) -> RowState:
        """A row with a generation that its user has named; an intent whose fate was unknown is that one's."""
        terms, now = self._terms, utc_now(self._terms.clock)
        client = self._open_client(terms.seedance_conn_id)
        number = before.intent if before else 1
        earlier = before.earlier_generation_ids if before else ()
        if before and before.generation_id:
            number, earlier = number + 1, (*earlier, before.generation_id)
        record = SubmissionRecord(
            intent=number,
            intent_id=identity_of_row(terms.task, row.number).intent_id(number),
            vendor=client.vendor_name,
            account_id=client.account_id,
            seedance_conn_id=terms.seedance_conn_id,
            fingerprint=fingerprint(row.request),
            intended_at=now,
            max_tries=terms.task.max_tries,
            generation_id=row.generation_id,
            started=now,
            deadline=now + timedelta(seconds=terms.timeout_of(row)),
            earlier_generation_ids=earlier,
            unbilled_intents=before.unbilled_intents if before else 0,
        )
        return RowState(row=row.number, record=record)


def _named(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:50])) + (", ..." if len(rows) > 50 else "")

"""Rows of a batch whose video an equal request has made before."""

from __future__ import annotations

import logging

from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.paths import destination_of_row
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import Phase, RowOutcome, RowState
from airflow_provider_seedance.core.lifecycle.result import NOTHING_PAID
from airflow_provider_seedance.core.lifecycle.reuse import Reuse
from airflow_provider_seedance.core.submission.outcome import Superseded

log = logging.getLogger(__name__)


def reuse_rows(plan: Plan, journal: Journal, reuse: Reuse, vendor: str, destination: str | None) -> None:
    """Deliver the videos of equal requests to the rows that would be paid for, and record these as succeeded.

    :raises SeedanceError: if the ledger or a store cannot be asked, or a video cannot be copied.
    """
    reused = 0
    for number, row in sorted(plan.rows.items()):
        state = state_of(journal.states, number)
        if state.phase is not Phase.TO_SUBMIT or state.blocks_new_payment or _is_superseded(state):
            continue
        if after := _reused(state, row, reuse, vendor, destination):
            journal.write(after)
            reused += 1
    if reused:
        log.info("Reused the videos of %d rows; nothing is paid for them.", reused)


def _is_superseded(state: RowState) -> bool:
    """Whether the user has chosen to pay for a new video."""
    return state.record is not None and isinstance(state.record.outcome, Superseded)


def _reused(state: RowState, row: Row, reuse: Reuse, vendor: str, destination: str | None) -> RowState | None:
    if (found := reuse.find(row.request, vendor)) is None:
        return None
    place = destination and destination_of_row(destination, row.number)
    manifest = reuse.deliver(found, place, row.request.mode.value)
    outcome = RowOutcome(status="succeeded", cost=NOTHING_PAID, manifest=manifest.to_dict(), reused=True)
    return state.replace(outcome=outcome)

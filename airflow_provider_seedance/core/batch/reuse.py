"""Rows of a batch whose video an equal request has made before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from airflow_provider_seedance.core.batch.journal.store import Journal, state_of
from airflow_provider_seedance.core.batch.paths import destination_of_row
from airflow_provider_seedance.core.batch.plan import Plan
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import Phase, RowOutcome, RowState
from airflow_provider_seedance.core.batch.worker import (
    BatchOptions,
    Publish,
    publication_on_record,
    without_request,
)
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle.result import nothing_paid
from airflow_provider_seedance.core.lifecycle.reuse import Reuse
from airflow_provider_seedance.core.submission.outcome import Superseded
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RowReuse:
    """Where the videos of equal requests come from, and where they go.

    :param requests_of: the requests that may be made for a row, each with the vendor that may make it; see
        :func:`possible_requests`.
    :param destination: a template; ``None`` leaves videos where they are.
    """

    reuse: Reuse
    requests_of: Callable[[Row], Iterable[tuple[GenerationRequest, str]]]
    destination: str | None
    publish: Publish

    def outcome_of(self, row: Row) -> RowOutcome | None:
        """The row's outcome with the video of an equal request, delivered and published; ``None`` if there is none."""
        all_found = (self.reuse.find(request, vendor) for request, vendor in self.requests_of(row))
        if (found := next(filter(None, all_found), None)) is None:
            return None
        place = self.destination and destination_of_row(self.destination, row.number, row.metadata)
        delivered = self.reuse.deliver(found, place, row.request.mode.value)
        manifest = delivered.to_dict()
        return RowOutcome(
            status="succeeded",
            cost=nothing_paid(delivered),
            manifest=without_request(manifest),
            publication=publication_on_record(self.publish(manifest, row, ())),
            reused=True,
        )


def possible_requests(
    options: BatchOptions, open_client: Callable[[str], SeedanceClient], row: Row
) -> Iterator[tuple[GenerationRequest, str]]:
    """The requests that the attempts at a row may make, in their order, each with its vendor."""
    plan = options.plan
    for rung in range(len(plan.changes) + 1):
        request = options.row_at(row, rung).request
        for vendor, client in {
            client.vendor_name: client for client in map(open_client, plan.connections)
        }.items():
            with suppress(RequestInvalid):
                client.catalog.prepare(request)
                yield request, vendor


def reuse_rows(plan: Plan, journal: Journal, reuse: RowReuse) -> None:
    """Deliver the videos of equal requests to the rows that would be paid for, and record these as succeeded.

    :raises SeedanceError: if the ledger or a store cannot be asked, or a video cannot be copied.
    """
    reused = 0
    for number, row in sorted(plan.rows.items()):
        state = state_of(journal.states, number)
        if state.phase is not Phase.TO_SUBMIT or state.blocks_new_payment or _is_superseded(state):
            continue
        if outcome := reuse.outcome_of(row):
            journal.write(state.replace(outcome=outcome))
            reused += 1
    if reused:
        log.info("Reused the videos of %d rows; nothing is paid for them.", reused)


def _is_superseded(state: RowState) -> bool:
    """Whether the user has chosen to pay for a new video."""
    return state.record is not None and isinstance(state.record.outcome, Superseded)

"""What a batch is to do: its rows and the prices of them, all of it checked before anything is paid."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from airflow_provider_seedance.core.batch.paths import check_distinct_destinations, fields_of_row
from airflow_provider_seedance.core.batch.rows import RawRow, Row, RowProblems, RowsInvalid, check_rows
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.submission.max_cost import check_budget, check_currency
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, RequestInvalid
from airflow_provider_seedance.models import Cost, GenerationRequest

log = logging.getLogger(__name__)


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
    destinations: Sequence[str] = (),
    read_media: Callable[[int, GenerationRequest], RequestMedia] = lambda row, request: RequestMedia(request),
    backups: Sequence[SeedanceClient] = (),
    changes: Sequence[Mapping[str, Any]] = (),
) -> Plan:
    """The plan of a batch, all of it checked.

    :param raw_rows: the rows as the user gave them.
    :param defaults: request fields for rows that leave them out.
    :param destinations: templates; of each, every row must have a file of its own.
    :param read_media: as for :func:`check_rows`.
    :param backups: the clients of further connections, in the order in which they are asked.
    :param changes: of the request, that may be tried.
    :raises ConfigurationError: if a destination is the same for every row, or cannot be filled in for any.
    :raises BudgetExceeded: if the vendor's prices are in another currency than ``max_cost``.
    :raises RowsInvalid: naming every row that is rejected, for its request, its price or its destination.
    """
    rows = check_rows(
        raw_rows,
        defaults or {},
        partial(fitting_client, (client, *backups)),
        vendor=client.vendor_name,
        read_media=read_media,
    )
    own = sorted({name for row in rows for name in row.metadata})
    for template in destinations:
        check_distinct_destinations(template, own)
    possible = {row.number: list(_possible_costs(row, (client, *backups), changes)) for row in rows}
    estimates = {number: _highest([cost for _, cost in costs]) for number, costs in possible.items()}
    labels = {raw_row.number: raw_row.label for raw_row in raw_rows}
    rejected: dict[str, RowProblems] = {
        labels[number]: [problem]
        for template in destinations
        for number, problem in _destination_problems(rows, template, client.vendor_name, labels)
    }
    check_currency(estimates.values(), max_cost, vendor=client.vendor_name)
    for raw_row in raw_rows:
        try:
            for vendor, cost in possible[raw_row.number]:
                check_budget(cost, max_cost, vendor=vendor)
        except BudgetExceeded as error:
            rejected[raw_row.label] = [f"{error.message}. {error.advice}"]
    if rejected:
        raise RowsInvalid(rejected, len(raw_rows), vendor=client.vendor_name)
    return Plan({row.number: row for row in rows}, estimates, max_failures)


def fitting_client(clients: Sequence[SeedanceClient], request: GenerationRequest) -> SeedanceClient:
    """The client of the first connection that takes a request, by its catalog.

    :raises RequestInvalid: as the first one does, if none takes it.
    """
    refused: RequestInvalid | None = None
    for client in clients:
        try:
            client.catalog.prepare(request)
        except RequestInvalid as invalid:
            refused = refused or invalid
        else:
            return client
    assert refused is not None
    raise refused


def tell_unfit(rows: Mapping[int, Row], clients: Mapping[str, SeedanceClient]) -> None:
    """Log once for each connection which rows it does not take, before any is submitted.

    :param clients: by the ids of their connections.
    """
    for conn_id, client in clients.items():
        unfit = {
            number: invalid for number, row in rows.items() if (invalid := _invalid(client, row.request))
        }
        if unfit:
            first = min(unfit)
            log.warning(
                "Connection %s takes %d of the %d rows, should it be needed. Row %d: %s",
                conn_id,
                len(rows) - len(unfit),
                len(rows),
                first,
                unfit[first],
            )


def _invalid(client: SeedanceClient, request: GenerationRequest) -> RequestInvalid | None:
    try:
        client.catalog.prepare(request)
    except RequestInvalid as invalid:
        return invalid
    return None


def _possible_costs(
    row: Row, clients: Sequence[SeedanceClient], changes: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Cost]]:
    """The vendor and the estimate of each attempt that may be made for a row."""
    for change in ({}, *changes):
        request = row.with_changes(change).request
        for client in clients:
            with suppress(RequestInvalid):
                client.catalog.prepare(request)
                yield client.vendor_name, client.estimate_cost(request)


def _highest(costs: Sequence[Cost]) -> Cost:
    """The highest of the costs in the first one's currency."""
    first = costs[0]
    same = [cost for cost in costs if cost.currency == first.currency]
    return max(same, key=lambda cost: cost.amount or 0)


def _destination_problems(
    rows: Sequence[Row], template: str, vendor: str, labels: Mapping[int, str]
) -> Iterator[tuple[int, str]]:
    """The rows whose destination cannot be told, or is that of an earlier row; and why."""
    taken: dict[str, int] = {}
    for row in rows:
        fields = {
            "vendor": vendor,
            "generation_id": str(row.number),
            "model": row.request.model,
            "mode": row.request.mode.value,
            **fields_of_row(row.number, row.metadata),
        }
        try:
            resolved = resolve_destination(template, fields)
        except ConfigurationError as error:
            yield row.number, error.message
            continue
        if (first := taken.setdefault(resolved, row.number)) != row.number:
            yield row.number, f"its destination {resolved} is that of {labels[first]}, too"

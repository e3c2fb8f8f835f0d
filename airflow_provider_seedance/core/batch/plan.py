"""What a batch is to do: its rows and the prices of them, all of it checked before anything is paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.batch.rows import RawRow, Row, RowsInvalid, check_rows
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.core.submission.budget import check_budget
from airflow_provider_seedance.errors import BudgetExceeded
from airflow_provider_seedance.models import Cost, GenerationRequest


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
    read_media: Callable[[GenerationRequest], RequestMedia] = RequestMedia,
) -> Plan:
    """The plan of a batch, all of it checked.

    :param raw_rows: the rows as the user gave them.
    :param read_media: as for :func:`check_rows`.
    :param defaults: request fields for rows that leave them out.
    :raises RowsInvalid: naming every row that is rejected, for its request or for its price.
    """
    rows = check_rows(
        raw_rows,
        defaults or {},
        client.catalog.prepare,
        vendor=client.vendor_name,
        read_media=read_media,
    )
    estimates = {row.number: client.estimate_cost(row.request) for row in rows}
    rejected = {}
    for raw_row in raw_rows:
        try:
            check_budget(estimates[raw_row.number], max_cost, vendor=client.vendor_name)
        except BudgetExceeded as error:
            rejected[raw_row.label] = f"{error.message}. {error.advice}"
    if rejected:
        raise RowsInvalid(rejected, len(raw_rows), vendor=client.vendor_name)
    return Plan({row.number: row for row in rows}, estimates, max_failures)

"""What the ledger tells people: sums by currency and basis, its rows, and what may be forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Literal, get_args

from sqlalchemy import Engine, Select, delete, func, select

from airflow_provider_seedance.core.clock import parse_time
from airflow_provider_seedance.core.ledger.engine import reading, writing
from airflow_provider_seedance.core.ledger.entries import utc_day
from airflow_provider_seedance.core.ledger.schema import Money, has_unknown_outcome, intents
from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.errors import ConfigurationError

#: What spend can be listed by.
Dimension = Literal[
    "dag_id", "run_id", "task_id", "model", "mode", "vendor", "seedance_conn_id", "status", "day", "month"
]
#: The columns that the index for spend begins with.
_INDEXED = ("created_on", "dag_id", "model", "vendor", "cost_currency", "cost_basis")
#: Rows that are read at a time.
_CHUNK = 1_000
#: What a listing shows, in this order.
COLUMNS = (
    "id",
    "created_at",
    "dag_id",
    "run_id",
    "task_id",
    "map_index",
    "batch_row",
    "vendor",
    "seedance_conn_id",
    "model",
    "mode",
    "prompt",
    "status",
    "generation_id",
    "intent_id",
    "estimate_amount",
    "estimate_currency",
    "cost_amount",
    "cost_currency",
    "cost_basis",
    "tokens",
    "settled_at",
    "landed_uri",
    "reason",
)


@dataclass(frozen=True)
class Filter:
    """Which intents: made at or after ``since``, before ``until``, and with these values of the columns."""

    since: datetime | None = None
    until: datetime | None = None
    values: tuple[tuple[str, Any], ...] = ()

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query, for these intents alone."""
        rows = intents.c
        if self.since is not None:
            query = query.where(rows.created_on >= utc_day(self.since), rows.created_at >= self.since)
        if self.until is not None:
            query = query.where(rows.created_on <= utc_day(self.until), rows.created_at < self.until)
        for name, value in self.values:
            query = query.where(rows[name] == value)
        return query


def parse_moment(name: str, value: datetime | str | None) -> datetime | None:
    """A moment; without a time zone it is UTC.

    :param name: of the argument, for the error.
    :param value: a datetime, or ISO text such as ``2026-11-01`` or ``2026-11-01T12:00:00+02:00``.
    :raises ConfigurationError: for anything else.
    """
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else parse_time(value)
    except (ValueError, AttributeError) as fault:
        raise ConfigurationError(
            f"{name} must be a date or a time such as 2026-11-01 or 2026-11-01T12:00:00+02:00, not {describe(value)}"
        ) from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def spend(engine: Engine, which: Filter, by: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Sums by currency and basis, and by each of the dimensions.

    :param by: of :data:`Dimension`; ``day`` and ``month`` are those of UTC.
    :returns: for each sum the dimensions, ``currency, basis, amount`` (a decimal string), ``generations`` and
        ``tokens``. The basis is ``billed``, ``estimated`` or ``unknown``, and ``reserved`` while it is not final.
    :raises ConfigurationError: for an unknown dimension.
    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    for name in by:
        _check_dimension(name)
    parts = _parts(which, by).subquery().c
    keys = [
        *(_dimension(parts, name).label(name) for name in by),
        parts.cost_currency.label("currency"),
        parts.cost_basis.label("basis"),
    ]
    sums = select(
        *keys,
        func.sum(parts.amount, type_=Money).label("amount"),
        func.sum(parts.generations).label("generations"),
        func.sum(parts.tokens).label("tokens"),
    )
    with reading(engine) as connection:
        found = connection.execute(sums.group_by(*keys).order_by(*keys))
        return [_sum_dict(dict(row._mapping)) for row in found]


def _parts(which: Filter, by: Sequence[str]) -> Select[Any]:
    """The sums in small parts, in the order of an index: SQLite would sort all rows to group them in another."""
    rows = intents.c
    names = dict.fromkeys([*_INDEXED, *(name for name in by if name in rows)])
    keys = [rows[name] for name in names]
    sums = select(
        *keys,
        func.sum(rows.cost_amount, type_=Money).label("amount"),
        func.count().label("generations"),
        func.sum(rows.tokens).label("tokens"),
    )
    return which.apply(sums).where(rows.status != "refused").group_by(*keys)


def unknown_outcomes(engine: Engine, which: Filter, now: datetime) -> list[str]:
    """The ids of the intents of which nobody knows whether they bought anything, the oldest first.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    query = which.apply(select(intents.c.intent_id)).where(has_unknown_outcome(now))
    with reading(engine) as connection:
        return list(connection.execute(query.order_by(intents.c.id)).scalars())


def _sum_dict(found: dict[str, Any]) -> dict[str, Any]:
    amount, tokens = found["amount"], found["tokens"]
    return {
        **found,
        "amount": None if amount is None else f"{amount:f}",
        "generations": int(found["generations"]),
        "tokens": None if tokens is None else int(tokens),
    }


def _check_dimension(name: str) -> None:
    if name not in get_args(Dimension):
        raise ConfigurationError(
            f"spend cannot be listed by {name!r}; it can by {', '.join(get_args(Dimension))}"
        )


def _dimension(columns: Any, name: str) -> Any:
    if name == "day":
        return columns.created_on
    return func.substr(columns.created_on, 1, 7) if name == "month" else columns[name]


def history(
    engine: Engine, which: Filter, *, before_id: int | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """The intents, the latest first, as JSON objects with the keys :data:`COLUMNS`.

    :param before_id: go on below this ``id``.
    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    remaining = limit
    while remaining is None or remaining > 0:
        page = _page(engine, which, before_id, _CHUNK if remaining is None else min(_CHUNK, remaining))
        yield from page
        if len(page) < _CHUNK:
            return
        before_id = page[-1]["id"]
        remaining = None if remaining is None else remaining - len(page)


def _page(engine: Engine, which: Filter, before_id: int | None, size: int) -> list[dict[str, Any]]:
    query = which.apply(select(*(intents.c[name] for name in COLUMNS)))
    if before_id is not None:
        query = query.where(intents.c.id < before_id)
    with reading(engine) as connection:
        found = connection.execute(query.order_by(intents.c.id.desc()).limit(size))
        return [{name: _plain(value) for name, value in row._mapping.items()} for row in found]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else value


def prune(engine: Engine, before: datetime) -> int:
    """Forget the intents made before a moment, and return how many; never one whose cost is not final."""
    with writing(engine) as connection:
        rows = intents.c
        older = (rows.created_on <= utc_day(before)) & (rows.created_at < before)
        return connection.execute(delete(intents).where(older, rows.settled_at.is_not(None))).rowcount

"""The ledger as a gallery: pages of intents, what they cost together, and what they can be filtered by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, Select, func, or_, select

from airflow_provider_seedance.core.ledger.engine import reading
from airflow_provider_seedance.core.ledger.schema import Money, intents

Row = dict[str, Any]

_HIDDEN = ("record", "owner", "fingerprint", "account_id")
_COLUMNS = tuple(column for column in intents.c if column.name not in _HIDDEN)
#: What a person can choose among.
CHOICES = ("dag_id", "vendor", "model")


@dataclass(frozen=True)
class Selection:
    """Which intents.

    :param dag_ids: of these DAGs alone.
    :param values: of columns.
    :param statuses: any of these; ``None`` for all.
    :param since: made at this moment or later.
    :param until: made before this moment.
    :param text: part of the prompt, or a whole generation id.
    """

    dag_ids: Collection[str]
    values: Mapping[str, Any] = field(default_factory=dict)
    statuses: Collection[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    def apply(self, query: Select[Any]) -> Select[Any]:
        """The query, for these intents alone."""
        rows = intents.c
        # For words all prompts are read, in the order of the table: by way of an index that takes three times as long.
        reads_all = self.text is not None and self.since is None and self.until is None
        query = query.where((rows.dag_id.concat("") if reads_all else rows.dag_id).in_(sorted(self.dag_ids)))
        for name, value in self.values.items():
            query = query.where(rows[name] == value)
        if self.statuses is not None:
            query = query.where(rows.status.in_(self.statuses))
        if self.since is not None:
            query = query.where(rows.created_at >= self.since)
        if self.until is not None:
            query = query.where(rows.created_at < self.until)
        if self.text is not None:
            shown = rows.prompt.icontains(self.text, autoescape=True)
            query = query.where(or_(shown, rows.generation_id == self.text))
        return query


def page(engine: Engine, which: Selection, *, offset: int, limit: int) -> list[Row]:
    """The intents of a page, the latest first.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    # The ids come from an index; only the rows of the page are read.
    ids = which.apply(select(intents.c.id)).order_by(intents.c.id.desc()).offset(offset).limit(limit)
    query = select(*_COLUMNS).where(intents.c.id.in_(ids.subquery().select()))
    with reading(engine) as connection:
        found = connection.execute(query.order_by(intents.c.id.desc()))
        return [dict(row._mapping) for row in found]


def sums(engine: Engine, which: Selection) -> list[tuple[str | None, str, int, Decimal | None]]:
    """How many intents there are and what they cost together: currency, basis, number and amount.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    rows = intents.c
    keys = (rows.cost_currency, rows.cost_basis)
    amounts = func.sum(rows.cost_amount, type_=Money)
    query = which.apply(select(*keys, func.count(), amounts)).group_by(*keys).order_by(*keys)
    with reading(engine) as connection:
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query)]


def choices(engine: Engine, dag_ids: Collection[str]) -> dict[str, list[str]]:
    """The values of :data:`CHOICES` that intents of these DAGs have.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    columns = [intents.c[name] for name in CHOICES]
    query = Selection(dag_ids).apply(select(*columns)).distinct()
    with reading(engine) as connection:
        found = connection.execute(query).all()
    return {
        name: sorted({row[number] for row in found if row[number]}) for number, name in enumerate(CHOICES)
    }


def find(engine: Engine, values: Mapping[str, Any]) -> Row | None:
    """The intent with these values of columns; among several the latest, a landed one first.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    rows = intents.c
    query = select(*_COLUMNS).where(*(rows[name] == value for name, value in values.items()))
    latest = query.order_by(rows.landed_at.is_(None), rows.id.desc()).limit(1)
    with reading(engine) as connection:
        row = connection.execute(latest).one_or_none()
    return None if row is None else dict(row._mapping)


def finished_since(engine: Engine, seedance_conn_id: str, moment: datetime) -> list[Row]:
    """The videos of a connection that were first known to be finished at a moment or later.

    :raises LedgerUnavailable: if the ledger cannot be read.
    """
    rows = intents.c
    query = select(rows.vendor, rows.generation_id, rows.model, rows.settled_at).where(
        rows.seedance_conn_id == seedance_conn_id,
        rows.settled_at >= moment,
        rows.status == "succeeded",
        rows.generation_id.is_not(None),
    )
    with reading(engine) as connection:
        return [dict(row._mapping) for row in connection.execute(query)]

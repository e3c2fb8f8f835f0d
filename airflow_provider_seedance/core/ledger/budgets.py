"""Budgets: what a period has cost so far is a sum over the rows of the ledger, and nothing beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, case, func, select, text

from airflow_provider_seedance.core.ledger.schema import Money, UtcTime, has_unknown_outcome, intents
from airflow_provider_seedance.core.money import Per, SpendLimit
from airflow_provider_seedance.errors import BudgetExceeded
from airflow_provider_seedance.models import Cost

#: The share of a limit from which on the log warns.
WARNING_SHARE = Decimal("0.8")

#: How many intents a refusal names.
MAX_NAMED = 3
#: What tells the ledger the outcome of an intent.
RESOLVE = (
    "`python -m airflow_provider_seedance ledger resolve INTENT_ID --not-bought`, or `--generation-id ID`"
)


class SpendLimitReached(BudgetExceeded):
    """A submission would bring a period's spend above a budget of its connection. Nothing was sent.

    :param ends: when the period ends; ``None`` for a DAG run.
    :param can_fit: whether an empty period has room for it, so that waiting may help.
    """

    def __init__(
        self, message: str, *, ends: datetime | None, can_fit: bool, vendor: str, advice: str
    ) -> None:
        super().__init__(message, vendor=vendor, advice=advice)
        self.ends = ends
        self.can_fit = can_fit


@dataclass(frozen=True)
class Scope:
    """Whose spend is counted, and at which moment."""

    seedance_conn_id: str
    dag_id: str | None
    run_id: str | None
    now: datetime


@dataclass(frozen=True)
class Standing:
    """How much of a limit is used up in the present period.

    :param spent: what is settled.
    :param reserved: the estimates of what is not settled yet.
    """

    limit: SpendLimit
    spent: Decimal
    reserved: Decimal
    ends: datetime | None

    @property
    def remaining(self) -> Decimal:
        return self.limit.amount - self.spent - self.reserved

    @property
    def is_nearly_used_up(self) -> bool:
        return self.spent + self.reserved >= WARNING_SHARE * self.limit.amount

    def to_dict(self) -> dict[str, str | None]:
        """The standing as a JSON object, with decimal strings."""
        return {
            "limit": f"{self.limit.amount:f}",
            "currency": self.limit.currency,
            "per": self.limit.per,
            "spent": f"{self.spent:f}",
            "reserved": f"{self.reserved:f}",
            "remaining": f"{self.remaining:f}",
            "ends": self.ends.isoformat() if self.ends else None,
        }

    def __str__(self) -> str:
        ends = f"; the period ends at {self.ends.isoformat()}" if self.ends else ""
        return f"of {self.limit}, {self.spent:f} are spent and {self.reserved:f} reserved{ends}"


def lock(connection: Connection, seedance_conn_id: str) -> None:
    """Let nobody else reserve for this connection until the transaction ends.

    SQLite's transactions hold the only write lock there is.
    """
    if connection.dialect.name == "postgresql":
        digest = hashlib.sha256(f"seedance budget {seedance_conn_id}".encode()).digest()
        key = int.from_bytes(digest[:8], "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def standing(connection: Connection, limit: SpendLimit, scope: Scope) -> Standing:
    """How the limit stands."""
    found = connection.execute(_sums(limit.per), _counted_for(limit, scope)).one()
    counted, settled = (amount or Decimal(0) for amount in found)
    return Standing(limit, settled, counted - settled, limit.ends(scope.now))


# Made once: SQLAlchemy takes longer to put it together than the database to answer it.
@cache
def _sums(per: Per) -> Select[Any]:
    """What counts, and how much of it is settled."""
    rows = intents.c
    spent = func.sum(case((rows.settled_at.is_not(None), rows.counted_amount)), type_=Money)
    # Without a group for each: a database would sort all rows of the period.
    return select(func.sum(rows.counted_amount, type_=Money), spent).where(*_counted_in(per))


def _counted_in(per: Per) -> list[ColumnElement[bool]]:
    """What holds for the intents that count in a period, by the values of :func:`_counted_for`."""
    rows = intents.c
    conditions = [
        rows.seedance_conn_id == bindparam("of_conn_id"),
        rows.counted_currency == bindparam("of_currency"),
    ]
    if per == "dag_run":
        conditions += [rows.dag_id == bindparam("of_dag_id"), rows.run_id == bindparam("of_run_id")]
    else:
        conditions.append(rows.created_at >= bindparam("of_start", type_=UtcTime))
    if per == "dag_day":
        conditions.append(rows.dag_id == bindparam("of_dag_id"))
    return conditions


def _counted_for(limit: SpendLimit, scope: Scope) -> dict[str, Any]:
    return {
        "of_conn_id": scope.seedance_conn_id,
        "of_currency": limit.currency.upper(),
        "of_dag_id": scope.dag_id,
        "of_run_id": scope.run_id,
        "of_start": limit.starts(scope.now),
    }


def _of_unknown_outcome(connection: Connection, limit: SpendLimit, scope: Scope) -> list[Row[Any]]:
    """The ids and amounts of the intents that are reserved since nobody knows whether they bought anything."""
    unknown = select(intents.c.intent_id, intents.c.counted_amount).where(
        *_counted_in(limit.per), has_unknown_outcome(scope.now)
    )
    return list(connection.execute(unknown.order_by(intents.c.id), _counted_for(limit, scope)))


def check_limits(
    connection: Connection, limits: Iterable[SpendLimit], scope: Scope, estimate: Cost, *, vendor: str
) -> list[Standing]:
    """How the limits stand once the estimate is added to them.

    :raises BudgetExceeded: if the estimate is unknown or in another currency than a limit.
    :raises SpendLimitReached: if a limit does not leave room for it.
    """
    after = []
    for limit in limits:
        asked = _comparable(estimate, limit, vendor)
        before = standing(connection, limit, scope)
        if asked > before.remaining:
            raise _limit_reached(before, asked, vendor, _of_unknown_outcome(connection, limit, scope))
        after.append(Standing(limit, before.spent, before.reserved + asked, before.ends))
    return after


def _comparable(estimate: Cost, limit: SpendLimit, vendor: str) -> Decimal:
    if estimate.amount is None:
        raise BudgetExceeded(
            "the catalog knows no price for this request, so the connection's budgets cannot hold",
            vendor=vendor,
            advice="Add a row to prices in the connection's extra.",
        )
    if (estimate.currency or "").upper() != limit.currency.upper():
        raise BudgetExceeded(
            f"this vendor's price is in {estimate.currency}, and a budget of the connection is in {limit.currency}",
            vendor=vendor,
            advice=f"Give the budget in {estimate.currency}, or set prices in {limit.currency} in the connection's"
            " extra.",
        )
    return estimate.amount


def _limit_reached(
    before: Standing, asked: Decimal, vendor: str, unknown: Sequence[Row[Any]]
) -> SpendLimitReached:
    can_fit = asked <= before.limit.amount
    otherwise = "try again later" if can_fit else "ask for a shorter, smaller or cheaper video"
    advice = f"Raise it in budgets in the connection's extra, or {otherwise}."
    stuck = sum((amount for _, amount in unknown), Decimal(0))
    if can_fit and before.reserved > stuck:
        advice += " What is reserved and not spent comes back when those generations end."
    if unknown:
        advice += f" {_how_to_resolve([intent_id for intent_id, _ in unknown], stuck, before.limit.currency)}"
    return SpendLimitReached(
        f"this request may cost {asked:f} {before.limit.currency}, which a budget of the connection leaves no room"
        f" for: {before}",
        ends=before.ends,
        can_fit=can_fit,
        vendor=vendor,
        advice=advice,
    )


def _how_to_resolve(intent_ids: Sequence[str], amount: Decimal, currency: str) -> str:
    named = ", ".join(intent_ids[:MAX_NAMED]) + (", ..." if len(intent_ids) > MAX_NAMED else "")
    return (
        f"{amount:f} {currency} are reserved by intents of which nobody knows whether they bought anything ({named}):"
        f" look for them in the vendor's console, and tell the ledger with {RESOLVE}."
    )

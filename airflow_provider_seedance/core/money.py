"""Amounts of money as users write them: an amount with its currency, and a limit on what a period may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from airflow_provider_seedance.core.literals import parse_literal
from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.errors import ConfigurationError

#: What a template makes of an argument that was left out.
_OMITTED = (None, "", "None")

#: The length of a currency's code in ISO 4217.
ISO_LETTERS = 3

#: The first three are periods of UTC; ``dag_day`` is one DAG's day of UTC.
Per = Literal["hour", "day", "month", "dag_run", "dag_day"]


def parse_currency(value: Any) -> str:
    """The currency as prices and costs spell it: three capital letters, such as ``USD``, or ``credits``.

    :param value: the same in any case; ``credit`` stands for ``credits``.
    :raises ValueError: for anything else, such as ``$`` or ``dollars``.
    """
    text = str(value)
    if text.lower() in ("credit", "credits"):
        return "credits"
    if len(text) == ISO_LETTERS and text.isascii() and text.isalpha():
        return text.upper()
    raise ValueError(f'a currency is an ISO code, such as "USD", or "credits", not {describe(value)}')


def parse_money(name: str, value: Any) -> tuple[Decimal, str] | None:
    """An amount and its currency, as :func:`parse_currency` spells it; ``None`` if nothing is given.

    :param name: of the argument, for the error.
    :param value: ``"1.50 USD"``, ``"60 credits"``, or a mapping with ``amount`` and ``currency``.
    :raises ConfigurationError: for anything else.
    """
    if value in _OMITTED:
        return None
    if isinstance(value, Mapping):
        parts = [str(value.get("amount", "")), str(value.get("currency", ""))]
    else:
        parts = str(value).split()
    try:
        number, currency = parts
        amount = Decimal(number)
        if amount.is_finite() and amount >= 0:
            return amount, parse_currency(currency)
    except (InvalidOperation, ValueError):
        pass
    raise ConfigurationError(
        f'{name} must be an amount with its currency, such as "1.50 USD" or "60 credits", not {describe(value)}'
    )


@dataclass(frozen=True)
class SpendLimit:
    """The most that the submissions of one connection may cost in a period.

    :param currency: an ISO code or ``credits``.
    """

    amount: Decimal
    currency: str
    per: Per

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency} per {self.per}"

    def starts(self, now: datetime) -> datetime | None:
        """When the present period has begun; ``None`` for a DAG run, which is as long as it is."""
        now = now.replace(minute=0, second=0, microsecond=0)
        if self.per == "hour":
            return now
        if self.per in ("day", "dag_day"):
            return now.replace(hour=0)
        return now.replace(hour=0, day=1) if self.per == "month" else None

    def ends(self, now: datetime) -> datetime | None:
        """When the present period ends; ``None`` for a DAG run."""
        start = self.starts(now)
        if start is None:
            return None
        if self.per == "month":
            return (start + timedelta(days=32)).replace(day=1)
        return start + timedelta(hours=1 if self.per == "hour" else 24)


def parse_limits(value: Any) -> tuple[SpendLimit, ...]:
    """The limits in a connection's ``budgets``.

    :param value: ``[{"limit": "200 USD", "per": "day"}]``, or the text of it; nothing for no limit.
    :raises ConfigurationError: naming what is wrong.
    """
    if value in _OMITTED:
        return ()
    try:
        rules = parse_literal(value) if isinstance(value, str) else value
    except ValueError as fault:
        raise ConfigurationError(f"budgets cannot be read: {fault}") from fault
    if isinstance(rules, Mapping):
        rules = [rules]
    if not isinstance(rules, (list, tuple)):
        raise ConfigurationError(f"budgets must be a list, not {describe(value)}")
    return tuple(map(_parse_limit, rules))


def _parse_limit(rule: Any) -> SpendLimit:
    if not isinstance(rule, Mapping) or set(rule) != {"limit", "per"}:
        raise ConfigurationError(
            f'each of budgets must have "limit" and "per", as in {{"limit": "200 USD", "per": "day"}};'
            f" not {describe(rule)}"
        )
    if rule["per"] not in get_args(Per):
        raise ConfigurationError(
            f"per in budgets must be one of {', '.join(get_args(Per))}, not {describe(rule['per'])}"
        )
    if (money := parse_money("limit in budgets", rule["limit"])) is None:
        raise ConfigurationError('limit in budgets must be an amount with its currency, such as "200 USD"')
    return SpendLimit(*money, per=rule["per"])

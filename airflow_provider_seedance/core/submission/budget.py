"""``max_cost``: what a task may spend on one generation."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError
from airflow_provider_seedance.models import Cost

#: What a template makes of an argument that was left out.
_NOTHING = (None, "", "None")


def check_budget(estimate: Cost, max_cost: str | Mapping[str, Any] | None, *, vendor: str) -> None:
    """Refuse what would cost more than ``max_cost``, or what cannot be held against it.

    :param max_cost: ``"1.50 USD"``, ``"60 credits"``, or a mapping with ``amount`` and ``currency``; ``None`` or
        empty for no limit.
    :raises ConfigurationError: if it is not an amount with a currency.
    :raises BudgetExceeded: if the estimate is above it, in another currency, or unknown.
    """
    if (most := money("max_cost", max_cost)) is None:
        return
    limit, currency = most
    if estimate.amount is None:
        raise BudgetExceeded(
            "the catalog knows no price for this request, so max_cost cannot be held",
            vendor=vendor,
            advice="Add a row to prices in the connection's extra, or leave max_cost out.",
        )
    if (estimate.currency or "").upper() != currency.upper():
        raise BudgetExceeded(
            f"this vendor's price is in {estimate.currency}, max_cost is in {currency}",
            vendor=vendor,
            advice=f"Name max_cost in {estimate.currency}, or set prices in {currency} in the connection's extra.",
        )
    if estimate.amount > limit:
        raise BudgetExceeded(
            f"this request may cost {estimate.amount:f} {estimate.currency}, above max_cost {limit:f} {currency}",
            vendor=vendor,
            advice="Raise max_cost, or ask for a shorter, smaller or cheaper video.",
        )


def money(name: str, value: Any) -> tuple[Decimal, str] | None:
    """An amount and its currency; ``None`` if nothing is given.

    :param value: ``"1.50 USD"``, ``"60 credits"``, or a mapping with ``amount`` and ``currency``.
    :raises ConfigurationError: for anything else.
    """
    if value in _NOTHING:
        return None
    if isinstance(value, Mapping):
        parts = [str(value.get("amount", "")), str(value.get("currency", ""))]
    else:
        parts = str(value).split()
    try:
        number, currency = parts
        amount = Decimal(number)
        if amount.is_finite() and amount >= 0 and currency:
            return amount, currency
    except (InvalidOperation, ValueError):
        pass
    raise ConfigurationError(f'{name} must be an amount with its currency, such as "1.50 USD", not {value!r}')

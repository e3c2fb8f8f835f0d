"""``max_cost``: what a task may spend on one generation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.operators.arguments import money

if TYPE_CHECKING:
    from airflow_provider_seedance.models import Cost


def check_budget(estimate: Cost, max_cost: str | Mapping[str, Any] | None, *, vendor: str) -> None:
    """Refuse what would cost more than ``max_cost``, or what cannot be held against it.

    :param max_cost: ``"1.50 USD"``, ``"60 credits"``, or a mapping with ``amount`` and ``currency``; ``None`` or
        empty for no limit.
    :raises ConfigurationError: if it is not an amount with a currency.
    :raises BudgetExceeded: if the estimate is above it, in another currency, or unknown.
    """
    from airflow_provider_seedance.errors import BudgetExceeded

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

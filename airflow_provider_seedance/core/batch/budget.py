"""What a batch may spend: estimates are set aside before a submission, and what it cost takes their place."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from airflow_provider_seedance.models import Cost


class Budget:
    """Set aside and spent, by row.

    :param limit: the most that all rows together may cost; ``None`` for no limit.
    :param currency: of the limit and of all prices that are held against it.
    """

    def __init__(self, limit: Decimal | None = None, currency: str = "") -> None:
        self.limit = limit
        self.currency = currency
        #: Set aside and spent together.
        self.total = Decimal(0)
        self._amounts: dict[int, Decimal] = {}

    def fits(self, row: int, estimate: Cost) -> bool:
        """Whether ``row`` may be submitted."""
        if self.limit is None:
            return True
        others = self.total - self._amounts.get(row, Decimal(0))
        return others + (estimate.amount or Decimal(0)) <= self.limit

    def reserve(self, row: int, estimate: Cost) -> None:
        """Before it is submitted."""
        self._put(row, estimate.amount or Decimal(0))

    def commit(self, row: int, cost: Cost) -> None:
        """After its end; where the cost is not known, or in other money, what was set aside counts."""
        if cost.amount is not None and (cost.currency or "").upper() == self.currency.upper():
            self._put(row, cost.amount)

    def release(self, row: int) -> None:
        """It was not bought after all."""
        self.total -= self._amounts.pop(row, Decimal(0))

    def _put(self, row: int, amount: Decimal) -> None:
        self.release(row)
        self._amounts[row] = amount
        self.total += amount


def totals(costs: Iterable[Cost]) -> dict[str, dict[str, str]]:
    """Sums by currency and basis, as decimal strings: ``{"USD": {"billed": "1.20"}}``."""
    sums: dict[str, dict[str, Decimal]] = {}
    for cost in costs:
        if cost.amount is not None and cost.currency:
            of = sums.setdefault(cost.currency, {})
            of[cost.basis] = of.get(cost.basis, Decimal(0)) + cost.amount
    return {currency: {basis: f"{sum_:f}" for basis, sum_ in of.items()} for currency, of in sums.items()}

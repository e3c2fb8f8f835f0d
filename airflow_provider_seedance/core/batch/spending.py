"""``max_cost`` over the rows of a batch: what each has cost so far, and what its next attempt may cost on top."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.models import Cost


class RowBudget:
    """Counts the rows against a budget, each by its state. Not safe to use from several threads.

    :param budget: what all rows may cost together.
    :param estimates: the most that one attempt at each row can cost.
    """

    def __init__(self, budget: Budget, estimates: Mapping[int, Cost]) -> None:
        self._budget = budget
        self._estimates = estimates

    def can_reserve(self, state: RowState) -> bool:
        """Whether the budget has room for one more attempt at the row."""
        return self._budget.can_reserve(state.row, self._on_top(state, self._estimates[state.row]))

    def reserve(self, state: RowState) -> None:
        """Count an attempt that is under way, at its estimate."""
        self._budget.reserve(state.row, self._on_top(state, self._estimates[state.row]))

    def settle(self, state: RowState) -> None:
        """Count what the row has cost, once nothing is under way for it."""
        outcome = state.outcome
        if outcome is not None and outcome.status == "succeeded":
            self._budget.commit(state.row, self._on_top(state, outcome.cost))
        else:
            nothing = Cost(amount=Decimal(0), currency=self._budget.currency, basis="billed")
            self._budget.reserve(state.row, self._on_top(state, nothing))

    def _on_top(self, state: RowState, cost: Cost) -> Cost:
        """The cost with that of the attempts before it; one that cannot be compared counts at the estimate."""
        if cost.amount is None:
            return cost
        estimate = self._estimates[state.row].amount or Decimal(0)
        spent = (paid.amount if self._is_comparable(paid) else estimate for paid in state.spent_on_attempts)
        return cost.model_copy(
            update={"amount": sum((amount or Decimal(0) for amount in spent), cost.amount)}
        )

    def _is_comparable(self, cost: Cost) -> bool:
        return (cost.currency or "").upper() == self._budget.currency.upper()

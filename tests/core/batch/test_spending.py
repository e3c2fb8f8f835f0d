"""How the rows of a batch count against ``max_cost``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.spending import RowBudget
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.submission.attempts import FREE, Attempt
from airflow_provider_seedance.core.submission.max_cost import Budget
from airflow_provider_seedance.core.submission.outcome import Ended, Refused, Superseded
from airflow_provider_seedance.models import Cost
from tests.core.batch.simulation import record_of


def cost(amount: str, currency: str = "USD") -> Cost:
    return Cost(amount=Decimal(amount), currency=currency, basis="billed")


BILLED = Attempt(connection="a", status="failed", cost=cost("0.40"))


@pytest.mark.parametrize(
    ("attempts", "outcome", "reserved"),
    [
        ((), None, "1"),
        ((BILLED,), None, "1.40"),
        ((BILLED, BILLED), Refused(), "1.80"),
        ((BILLED,), Ended(status="expired", cost=cost("0.25")), "1.65"),
        # Credits cannot be compared with dollars: the attempt counts as much as it could cost.
        ((), Ended(status="failed", cost=cost("7", "credits")), "2"),
        ((Attempt(connection="a", status="skipped", cost=FREE),), None, "1"),
        ((Attempt(connection="a", status="unknown", estimate=cost("0.60")),), None, "1.60"),
        # The user has paid for that one, and chosen to pay again within the same limit.
        ((Attempt(connection="a", status="succeeded", cost=cost("0.40")),), Superseded(by="clear"), "1"),
    ],
)
def test_an_attempt_counts_on_top_of_what_was_billed(
    attempts: tuple[Attempt, ...], outcome: Any, reserved: str
) -> None:
    budget = Budget(Decimal(10), "USD")
    state = RowState(row=1, record=record_of(1, attempts=attempts, outcome=outcome))
    RowBudget(budget, {1: cost("1")}).reserve(state)
    assert budget.total == Decimal(reserved)

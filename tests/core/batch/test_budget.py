"""Money: set aside before, settled after."""

from __future__ import annotations

from decimal import Decimal

import pytest

from airflow_provider_seedance.core.batch.budget import Budget, totals
from airflow_provider_seedance.models import Cost


def usd(amount: str, basis: str = "estimated") -> Cost:
    return Cost(amount=Decimal(amount), currency="USD", basis=basis)


@pytest.mark.parametrize(
    ("cost", "fits"),
    [
        (usd("0.40", "billed"), True),
        (usd("0.50", "billed"), True),
        (usd("0.51", "billed"), False),
        # Not known, or in other money: what was set aside counts.
        (Cost(), False),
        (Cost(amount=Decimal(1), currency="credits"), False),
    ],
)
def test_what_it_cost_takes_the_place_of_what_was_set_aside(cost: Cost, fits: bool) -> None:
    """A limit of 1.50 leaves room for one more of 1.00 only if the first cost 0.50 at most."""
    budget = Budget(Decimal("1.50"), "USD")
    assert budget.fits(1, usd("1.00"))
    budget.reserve(1, usd("1.00"))
    assert not budget.fits(2, usd("1.00"))
    budget.commit(1, cost)
    assert budget.fits(2, usd("1.00")) is fits


def test_a_row_that_is_bought_anew_counts_once() -> None:
    """Its own reserve does not stand in its way, and a failure releases it."""
    budget = Budget(Decimal(1), "USD")
    budget.reserve(1, usd("1"))
    assert budget.fits(1, usd("1"))
    budget.release(1)
    assert budget.total == 0


def test_the_total_follows_every_change() -> None:
    """Exactly, over a thousand rows with cents that no binary number holds."""
    budget = Budget(Decimal(1000), "USD")
    for row in range(1000):
        budget.reserve(row, usd("0.284158"))
        budget.reserve(row, usd("0.284159"))
    for row in range(0, 1000, 2):
        budget.commit(row, usd("0.10", "billed"))
        budget.release(row + 1)
        budget.release(row + 1)
    assert budget.total == Decimal("50.00")
    assert budget.fits(1, usd("950"))
    assert not budget.fits(1, usd("950.01"))


def test_without_a_limit_everything_fits() -> None:
    """Prices need not even be known."""
    assert Budget().fits(1, Cost())


def test_totals_are_kept_apart_by_currency_and_basis() -> None:
    """An estimate is not a bill."""
    costs = [
        usd("0.10"),
        usd("0.20"),
        usd("0.5", "billed"),
        Cost(),
        Cost(amount=Decimal(3), currency="credits", basis="billed"),
    ]
    assert totals(costs) == {"USD": {"estimated": "0.30", "billed": "0.5"}, "credits": {"billed": "3"}}

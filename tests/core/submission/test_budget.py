"""``max_cost``: amounts with their currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.budget import money
from airflow_provider_seedance.errors import ConfigurationError


@pytest.mark.parametrize("value", [None, "", "None"])
def test_what_is_left_out_stays_so(value: Any) -> None:
    """Also as a template writes it."""
    assert money("max_cost", value) is None


@pytest.mark.parametrize("value", ["1.50 USD", {"amount": 1.5, "currency": "USD"}])
def test_money(value: Any) -> None:
    """As a text or a mapping."""
    assert money("max_cost", value) == (Decimal("1.5"), "USD")


@pytest.mark.parametrize("value", ["1.50", "USD", "-1 USD", "NaN USD", {"amount": 3}, 3])
def test_no_money(value: Any) -> None:
    """An amount without its currency could mean anything."""
    with pytest.raises(ConfigurationError, match="max_cost must be an amount with its currency"):
        money("max_cost", value)

"""Buying one real clip: never without a price said and a clear yes."""

from __future__ import annotations

import io

import pytest

from airflow_provider_seedance.errors import ConfigurationError
from dev.paid import Declined, PaidClip, paid_clip

KEY = "sk-0123456789abcdef"


class Terminal(io.StringIO):
    """Standard input that is someone's terminal."""

    def isatty(self) -> bool:
        return True


def offer(vendor: str = "evolink") -> PaidClip:
    found = paid_clip({"SEEDANCE_VENDOR": vendor, "SEEDANCE_API_KEY": KEY})
    assert found
    return found


def test_without_the_variables_nothing_is_bought() -> None:
    """The demo is free by default."""
    assert paid_clip({}) is None


@pytest.mark.parametrize("name", ["SEEDANCE_VENDOR", "SEEDANCE_API_KEY"])
def test_half_a_wish_is_declined(name: str) -> None:
    """One variable alone is more likely a mistake than a wish for the free demo."""
    with pytest.raises(Declined, match="Set both"):
        paid_clip({name: "evolink"})


def test_an_unknown_vendor_is_named_with_the_known_ones() -> None:
    """The error helps to correct the variable."""
    with pytest.raises(ConfigurationError, match=r"'wonka'.*evolink"):
        offer("wonka")


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "Y\n"])
def test_a_yes_on_the_terminal_is_consent(answer: str) -> None:
    """The price is said before the question."""
    lines: list[str] = []
    offer().confirm({}, Terminal(answer), lines.append)
    assert "costs up to" in lines[1]
    assert lines[-1] == "Proceed? [y/N]"


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "maybe\n"])
def test_anything_else_is_a_no(answer: str) -> None:
    """The default is not to buy."""
    with pytest.raises(Declined):
        offer().confirm({}, Terminal(answer), lambda line: None)


def test_without_a_terminal_consent_is_a_variable() -> None:
    """A pipe on standard input cannot agree by accident."""
    with pytest.raises(Declined, match="SEEDANCE_CONFIRM=yes"):
        offer().confirm({}, io.StringIO("y\n"), lambda line: None)
    offer().confirm({"SEEDANCE_CONFIRM": "yes"}, io.StringIO(), lambda line: None)


def test_the_run_may_not_cost_more_than_was_said() -> None:
    """The estimate is handed to the operator as its limit."""
    bought = offer()
    assert bought.conf["max_cost"] == f"{bought.estimate.amount} {bought.estimate.currency}"


def test_the_key_is_in_no_text() -> None:
    """Neither what is printed nor what the DAG run is given holds the key."""
    lines: list[str] = []
    bought = offer()
    bought.confirm({"SEEDANCE_CONFIRM": "yes"}, io.StringIO(), lines.append)
    assert KEY not in "".join(lines) + str(bought.conf)

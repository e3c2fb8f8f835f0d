"""Arguments that came through templates, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.operators._arguments import one_of, seconds, whole_number

NOTHING = pytest.mark.parametrize("value", [None, "", "None"])


@NOTHING
def test_what_is_left_out_stays_so(value: Any) -> None:
    """Also as a template writes it."""
    assert seconds("timeout", value) is None
    assert whole_number("max_active", value, least=1) is None


@pytest.mark.parametrize("value", [90, 90.0, "90"])
def test_seconds(value: Any) -> None:
    """A number, or its text."""
    assert seconds("timeout", value) == 90.0


@pytest.mark.parametrize("value", [0, -1, "soon", float("inf"), "nan", []])
def test_no_seconds(value: Any) -> None:
    """The error names the argument and the value."""
    with pytest.raises(ConfigurationError, match="timeout must be a number of seconds above 0, not"):
        seconds("timeout", value)


@pytest.mark.parametrize(("value", "number"), [(0, 0), ("7", 7)])
def test_whole_numbers(value: Any, number: int) -> None:
    """The least one is allowed."""
    assert whole_number("max_failures", value, least=0) == number


@pytest.mark.parametrize("value", [0, 1.5, "many", [3]])
def test_no_whole_number(value: Any) -> None:
    """The error names argument, limit and value."""
    with pytest.raises(ConfigurationError, match="max_active must be a whole number of at least 1, not"):
        whole_number("max_active", value, least=1)


def test_one_of() -> None:
    """A wrong word is told when the DAG is parsed."""
    assert one_of("on_clear", "reattach", "reattach", "regenerate") == "reattach"
    with pytest.raises(ValueError, match="on_clear must be one of reattach, regenerate, not 'again'"):
        one_of("on_clear", "again", "reattach", "regenerate")

"""Arguments that came through templates, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.operators._arguments import choice, one_of, seconds, switch, whole_number
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

NOTHING = pytest.mark.parametrize("value", [None, "", "None"])


@NOTHING
def test_what_is_left_out_stays_so(value: Any) -> None:
    """Also as a template writes it."""
    assert seconds("timeout", value) is None
    assert whole_number("max_active", value, least=1) is None


@pytest.mark.parametrize("value", [90, 90.0, "90", timedelta(minutes=1.5)])
def test_seconds(value: Any) -> None:
    """A number, its text, or a timedelta."""
    assert seconds("timeout", value) == 90.0


@pytest.mark.parametrize("value", [0, -1, "soon", "1h", float("inf"), "nan", [], True, timedelta(0)])
def test_no_seconds(value: Any) -> None:
    """The error names the argument and the value, and how a length is written."""
    with pytest.raises(
        ConfigurationError,
        match=r"(?s)timeout must be a number of seconds above 0 or a timedelta, not .*hours=1",
    ):
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


@NOTHING
def test_a_choice_that_is_left_out_is_the_default(value: Any) -> None:
    assert choice("on_clear", value, "reattach", "regenerate") == "reattach"
    assert switch("preview", value) is False


@pytest.mark.parametrize(
    ("value", "on"), [(True, True), ("True", True), ("1", True), ("no", False), (0, False)]
)
def test_switches(value: Any, on: bool) -> None:
    assert switch("preview", value) is on


@pytest.mark.parametrize("value", ["Flase", "2", [], "{{ params.preview }}"])
def test_no_switch(value: Any) -> None:
    """What is misspelled never pays."""
    with pytest.raises(ConfigurationError, match="preview must be true or false, not"):
        switch("preview", value)


CHOICES = ("on_kill_action", "on_orphaned_intent", "on_stale_state", "on_clear")


@pytest.mark.parametrize("argument", [*CHOICES, "preview", "timeout", "queue_timeout"])
def test_constants_are_checked_when_the_dag_is_parsed(argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be .*, not '1h'"):
        SeedanceGenerateVideoOperator(task_id="t", **{argument: "1h"})
    if argument in SeedanceGenerateBatchOperator.template_fields:
        with pytest.raises(ValueError, match=f"{argument} must be .*, not '1h'"):
            SeedanceGenerateBatchOperator(task_id="t", requests=[], destination=None, **{argument: "1h"})


@pytest.mark.parametrize("argument", [*CHOICES, "preview", "timeout", "queue_timeout"])
def test_templates_are_left_for_later(argument: str) -> None:
    template = "{{ params.chosen }}"
    operator = SeedanceGenerateVideoOperator(task_id="t", **{argument: template})
    assert argument in operator.template_fields
    assert getattr(operator, argument) == template

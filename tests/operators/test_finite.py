"""NaN and infinity are told by their place, and nothing reaches Airflow's storage."""

from __future__ import annotations

import math
from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.operators._finite import check_finite
from airflow_provider_seedance.operators.approval import SeedanceApproveStoryboardOperator
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

NAN, INFINITY = math.nan, math.inf
ROWS = [{"prompt": "A fox"}, {"prompt": "A hare", "seed": NAN}]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: _batch(requests=ROWS),
            r"requests\[1\]\['seed'\] is nan, which JSON cannot hold\. Leave it out",
        ),
        (
            lambda: _batch(requests=ROWS[:1], defaults={"duration": INFINITY}),
            r"defaults\['duration'\] is inf",
        ),
        (lambda: _clip(seed=NAN), "seed is nan"),
        (
            lambda: _clip(vendor_options={"a": [1.0, {"b": -INFINITY}]}),
            r"vendor_options\['a'\]\[1\]\['b'\] is -inf",
        ),
        (
            lambda: SeedanceApproveStoryboardOperator(task_id="ask", requests=ROWS),
            r"requests\[1\]\['seed'\] is nan",
        ),
    ],
)
def test_a_constant_is_refused_when_the_dag_is_parsed(make: Any, told: str) -> None:
    """By field, row and column."""
    with pytest.raises(ValueError, match=told):
        make()


def test_what_a_template_brings_is_refused_where_it_is_rendered(batching, connect, emulator) -> None:
    """Rows of a table, say. Another try would render the same."""
    with DAG("tested", schedule=None, render_template_as_native_obj=True):
        task = batching(connect(), "{{ params.rows }}", params={"rows": ROWS})
    with pytest.raises(ValueError, match=r"requests\[1\]\['seed'\] is nan") as told:
        task()
    assert isinstance(told.value, AirflowFailException)
    assert emulator.requests() == []


@pytest.mark.parametrize("value", [1.5, "nan", [1, 2.0], {"a": None}, {"a": {1, 2}}, 10**400])
def test_everything_else_passes(value: Any) -> None:
    """Whole numbers of any length, texts and nothing at all."""
    check_finite("x", value)


def test_nothing_is_so_deep_that_looking_never_ends() -> None:
    """A list that holds itself."""
    ring: list[Any] = []
    ring.append(ring)
    check_finite("x", ring)


def _batch(**arguments: Any) -> SeedanceGenerateBatchOperator:
    return SeedanceGenerateBatchOperator(task_id="batch", destination="/tmp/{row}.mp4", **arguments)


def _clip(**arguments: Any) -> SeedanceGenerateVideoOperator:
    return SeedanceGenerateVideoOperator(task_id="clip", prompt="A fox", **arguments)

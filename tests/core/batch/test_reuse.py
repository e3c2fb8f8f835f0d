"""Which videos of equal requests a batch's rows take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.reuse import RowReuse, possible_requests
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.worker import BatchOptions
from airflow_provider_seedance.core.submission.attempts import AttemptPlan
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import Problem, RequestInvalid
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ManualClock

ROW = Row(1, GenerationRequest(prompt="A fox", model="m"))
TASK = TaskIdentity("dag", "run", "task", -1)


@dataclass
class Client:
    """Of a vendor that has one model, or all."""

    vendor_name: str
    model: str = ""

    @property
    def catalog(self) -> Client:
        return self

    def prepare(self, request: GenerationRequest) -> None:
        if self.model not in ("", request.model):
            raise RequestInvalid([Problem("model", request.model, "no such model")])


CLIENTS: Any = {"a": Client("one"), "b": Client("two"), "c": Client("two"), "d": Client("three", "other")}


def requests_of(connections: str, *changes: dict[str, Any]) -> list[tuple[str, str]]:
    plan = AttemptPlan(tuple(connections), changes)
    options = BatchOptions(TASK, connections[0], Policies(), ManualClock(), attempts=plan)
    return [
        (request.prompt, vendor) for request, vendor in possible_requests(options, CLIENTS.__getitem__, ROW)
    ]


@pytest.mark.parametrize(
    ("connections", "changes", "asked"),
    [
        ("a", [], [("A fox", "one")]),
        ("abc", [], [("A fox", "one"), ("A fox", "two")]),
        ("a", [{"prompt": "A hare"}], [("A fox", "one"), ("A hare", "one")]),
        ("da", [{"model": "other"}], [("A fox", "one"), ("A fox", "three"), ("A fox", "one")]),
    ],
)
def test_each_attempt_that_may_be_made_is_looked_for(connections: str, changes: Any, asked: Any) -> None:
    """In their order, and not at a vendor that does not take it."""
    assert requests_of(connections, *changes) == asked


def test_a_row_without_a_video_is_left_to_be_paid_for() -> None:
    asked = []

    class Nothing:
        def find(self, request: GenerationRequest, vendor: str) -> None:
            asked.append(vendor)

    reuse: Any = Nothing()
    places = [(ROW.request, "one"), (ROW.request, "two")]
    assert RowReuse(reuse, lambda row: places, None, lambda *_: None).outcome_of(ROW) is None
    assert asked == ["one", "two"]

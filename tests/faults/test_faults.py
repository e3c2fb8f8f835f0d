"""Every cell of the table of faults: what becomes of the task, what is billed, and what is seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.airflow.fixtures import VENDORS
from tests.faults.accidents import ACCIDENTS, Accident
from tests.faults.memories import NOTHING
from tests.faults.page import announced, promised, table
from tests.faults.scene import Scene, live, what_happened, what_is_seen

FAULTS = table("fault", "ModelArk")
WORDS = table("word", "what becomes of the task")
#: Said at every try that nothing can be remembered of.
FORGETFUL = (
    "This Airflow has no task state store, so a retry cannot find a generation that an earlier try paid for."
)


def test_each_row_is_tried() -> None:
    """Neither a promise without a test, nor a test of nothing promised."""
    assert {accident.row for accident in ACCIDENTS} == set(FAULTS)


def test_each_word_is_explained() -> None:
    """The words of the cells are those of the list above them."""
    cells = (promised(row, vendor, NOTHING) for row in FAULTS.values() for vendor in VENDORS)
    kept = (promised(row, vendor, "") for row in FAULTS.values() for vendor in VENDORS)
    assert {cell.partition(",")[0] for cell in (*cells, *kept)} == set(WORDS)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("accident", ACCIDENTS, ids=str)
def test_it_comes_as_the_table_says(
    accident: Accident,
    vendor: str,
    memory: str,
    ordering: Callable[..., Scene],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What becomes of the task, what is billed, and what its owner reads."""
    caplog.set_level(logging.INFO)
    row = FAULTS[accident.row]
    scene = ordering(vendor, memory, **accident.arguments)
    life = live(scene, accident(scene))
    assert what_happened(scene, life, caplog) == promised(row, vendor, memory)
    seen = what_is_seen(life, caplog)
    assert any(FORGETFUL in text for text in seen) == (memory == NOTHING)
    told = [text for text in seen if FORGETFUL not in text]
    expected = announced(row, promised(row, vendor, memory))
    for text in expected:
        ids = scene.bought() or ["none"]
        readings = [text.replace("<vendor>", vendor).replace("<id>", known) for known in ids]
        assert any(reading in line for reading in readings for line in told), (text, told)
    assert bool(told) == bool(expected), told
    assert Path(scene.destination).exists() == (life.made is not None)

"""Every cell of the table of faults: what becomes of the task, what is billed, and what is seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.airflow.fixtures import VENDORS
from tests.faults.accidents import ACCIDENTS, Accident
from tests.faults.memories import FOLDER, NOTHING, STORE
from tests.faults.oracle.faults import FAULTS, WORDS, Cell, Fault
from tests.faults.scene import Scene, live, what_happened, what_is_seen

BY_NAME = {fault.name: fault for fault in FAULTS}
#: One vendor for each way of looking up a lost answer.
LOOK_UPS = ("modelark", "toapis", "evolink")
#: Said at every try that nothing can be remembered of.
FORGETFUL = (
    "This Airflow has no task state store, so a retry cannot find a generation that an earlier try paid for."
)


def test_each_fault_is_tried() -> None:
    """Neither a promise without a test, nor a test of nothing promised."""
    assert {accident.row for accident in ACCIDENTS} == set(BY_NAME)


def test_each_word_is_explained() -> None:
    """The words of the cells are those of the list above them."""
    cells = [
        fault.at(vendor, remembers=kept) for fault in FAULTS for vendor in VENDORS for kept in (True, False)
    ]
    assert {cell.word for cell in cells} == set(WORDS)


@pytest.mark.parametrize(
    ("vendor", "memory"),
    # A folder remembers as the store does, so it is tried where a record matters most.
    [(vendor, memory) for memory in (STORE, NOTHING) for vendor in VENDORS] + [("modelark", FOLDER)],
)
@pytest.mark.parametrize("accident", ACCIDENTS, ids=str)
def test_a_video_comes_as_the_table_says(
    accident: Accident,
    vendor: str,
    memory: str,
    ordering: Callable[..., Scene],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What becomes of the task, what is billed, and what its owner reads."""
    caplog.set_level(logging.INFO)
    fault = BY_NAME[accident.row]
    scene = ordering(vendor, memory, **accident.arguments)
    life = live(scene, accident(scene))
    remembers = memory != NOTHING or accident.has_ledger
    cell = fault.at(vendor, remembers=remembers)
    assert what_happened(scene, life, caplog) == cell
    seen = what_is_seen(life, caplog)
    assert any(FORGETFUL in text for text in seen) is not remembers
    _check_seen(fault, cell, scene, [text for text in seen if FORGETFUL not in text])
    assert Path(scene.destination).exists() == (life.made is not None)


@pytest.mark.parametrize("vendor", LOOK_UPS)
@pytest.mark.parametrize(
    "accident", [accident for accident in ACCIDENTS if BY_NAME[accident.row].rows], ids=str
)
def test_a_row_comes_as_the_table_says(
    accident: Accident, vendor: str, ordering: Callable[..., Scene], caplog: pytest.LogCaptureFixture
) -> None:
    """As a single video with a record does."""
    caplog.set_level(logging.INFO)
    fault = BY_NAME[accident.row]
    scene = ordering(vendor, STORE, row=True, **accident.arguments)
    life = live(scene, accident(scene))
    cell = fault.at(vendor)
    assert what_happened(scene, life, caplog) == cell
    _check_seen(fault, cell, scene, what_is_seen(life, caplog))
    assert Path(scene.destination).exists() == (life.made is not None)


def _check_seen(fault: Fault, cell: Cell, scene: Scene, seen: list[str]) -> None:
    """What the table says is read, by its owner, and nothing if it says so."""
    text = fault.seen_by_user(cell)
    assert bool(seen) == bool(text), seen
    if text:
        ids = scene.bought() or ["none"]
        readings = [text.replace("<vendor>", scene.vendor).replace("<id>", known) for known in ids]
        assert any(reading in line for reading in readings for line in seen), (text, seen)

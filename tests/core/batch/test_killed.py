"""A worker that is killed, at whatever point: its successor goes on, and no row is paid for twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from tests.core.batch.killed import run

ROWS = 6
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A generation takes a third of a second."""
    with serve(rate=300) as running:
        yield running


def killed(emulator: Emulator, folder: Path, vendor: str, point: str, count: int) -> None:
    """One worker's life."""
    emulator.reset()
    arguments = [str(folder), emulator.vendor_url(vendor), vendor, str(ROWS), point, str(count)]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.core.batch.killed", *arguments], cwd=ROOT, check=False
    )
    assert ended.returncode == -signal.SIGKILL


#: Lines of the journal: an intent and an id for each of the six, and then an end for each.
POINTS = [
    ("before_write", 1),
    ("torn_write", 4),
    ("after_write", 3),
    ("torn_write", 9),
    ("after_write", 14),
    ("after_create", 1),
    ("after_create", 5),
]


@pytest.mark.parametrize(("point", "count"), POINTS)
def test_with_a_key_of_ours_every_row_succeeds_and_is_paid_once(
    point: str, count: int, emulator: Emulator, tmp_path: Path
) -> None:
    """ToAPIs tells for sure what became of an intent."""
    killed(emulator, tmp_path, "toapis", point, count)
    assert set(run(tmp_path, emulator.vendor_url("toapis"), "toapis", ROWS).values()) == {"succeeded"}
    bought = Counter(one["prompt"] for one in emulator.ledger()["generations"])
    assert bought == {f"row {number}": 1 for number in range(1, ROWS + 1)}
    assert len(list(tmp_path.glob("*.landed"))) == ROWS


@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
@pytest.mark.parametrize(("point", "count"), [("torn_write", 4), ("after_create", 2)])
def test_elsewhere_no_row_is_paid_for_twice(
    vendor: str, point: str, count: int, emulator: Emulator, tmp_path: Path
) -> None:
    """ModelArk's list shows what was accepted; what cannot be known is uncertain, and stays so."""
    killed(emulator, tmp_path, vendor, point, count)
    statuses = run(tmp_path, emulator.vendor_url(vendor), vendor, ROWS)
    assert set(statuses.values()) <= {"succeeded", "uncertain"}
    bought = Counter(one["prompt"] for one in emulator.ledger()["generations"])
    assert set(bought.values()) == {1}
    landed = {f"row {number}" for number, status in statuses.items() if status == "succeeded"}
    assert landed <= set(bought)
    if vendor == "modelark":
        assert landed == set(bought)
    assert run(tmp_path, emulator.vendor_url(vendor), vendor, ROWS) == statuses
    assert bought == Counter(one["prompt"] for one in emulator.ledger()["generations"])

"""A batch's process dies by SIGKILL at every point of its way, in a real Airflow, once each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator import serve
from dev.chaos.evidence import billed, is_whole
from dev.emulator import connections
from dev.processes import signals_end_the_block
from dev.stack import airflow

pytestmark = pytest.mark.xdist_group("kill_points")

DAGS = Path(__file__).parent / "dags"
#: As in the DAG file, which must not be imported here: it would lay its points into this process.
VENDORS = ("modelark", "toapis")
ROWS = 8
POINTS = ("after_intent", "after_accept", "after_save", "during_resume", "during_landing")


@dataclass(frozen=True)
class Batch:
    """What became of one batch.

    :param bills: how often each prompt was billed.
    """

    state: str | None
    tries: int
    died_at: frozenset[str]
    bills: Counter[str]
    results: list[dict[str, object]]
    whole: int


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Batch]]:
    """One run of the DAG, by task."""
    home = tmp_path_factory.mktemp("kill_points_batch")
    output = home / "output"
    with (
        signals_end_the_block(),
        # Slow enough that the batch has nothing to do for a moment, and defers.
        serve(rate=5) as emulator,
        airflow(home, dags=[DAGS], connections=connections(emulator.url)) as stack,
    ):
        stack.api.wait_for_dag("kill_points_batch")
        run = stack.api.trigger("kill_points_batch", {"output": str(output)})
        for _ in stack.api.follow(run, timeout=300):
            stack.processes.check()
        bills = list(billed(emulator.ledger()))
        found = {}
        for task in stack.api.tasks(run):
            summary = stack.api.xcom(run, task.task_id) if task.state == "success" else {}
            lines = Path(summary["results"]).read_text().splitlines() if summary else []
            found[task.task_id] = Batch(
                state=task.state,
                tries=task.try_number,
                died_at=frozenset(path.name for path in (output / "killed" / task.task_id).iterdir()),
                bills=Counter(line.prompt for line in bills if line.vendor == task.task_id),
                results=[json.loads(line) for line in lines],
                whole=sum(is_whole(file) for file in (output / "batch").glob(f"{task.task_id}-*.mp4")),
            )
        yield found


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_batch_survives_every_death(batches: dict[str, Batch], vendor: str) -> None:
    """One more try for each, and in the end all rows are home."""
    batch = batches[vendor]
    assert (batch.state, batch.died_at) == ("success", set(POINTS))
    assert batch.tries == len(POINTS) + 1
    assert [(line["row"], line["status"]) for line in batch.results] == [
        (row, "succeeded") for row in range(1, ROWS + 1)
    ]
    assert batch.whole == ROWS


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_row_is_paid_for_twice(batches: dict[str, Batch], vendor: str) -> None:
    """By the vendor's own ledger."""
    assert batches[vendor].bills == {f"{vendor} {row}": 1 for row in range(1, ROWS + 1)}

"""How far a batch is, as the parts of a bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.gallery.cards import TaskKey
from airflow_provider_seedance.core.gallery.states import state_of_task
from airflow_provider_seedance.core.gallery.values import mapping, whole

#: Part of the bar -> the statuses of rows that make it.
PARTS = {
    "succeeded": ("succeeded",),
    "failed": ("failed", "uncollected", "uncertain"),
    "in_progress": ("in_flight",),
}


@dataclass(frozen=True)
class Batch:
    """A batch task.

    :param parts: rows by :data:`PARTS`; the rest of ``rows`` is not submitted.
    """

    task: TaskKey
    state: str
    rows: int
    parts: Mapping[str, int]

    @property
    def words(self) -> str:
        """Such as ``3 of 10 rows succeeded, 1 failed, 2 in progress``."""
        others = [
            f"{number} {part.replace('_', ' ')}"
            for part, number in self.parts.items()
            if number and part != "succeeded"
        ]
        rows = "row" if self.rows == 1 else "rows"
        return ", ".join([f"{self.parts['succeeded']} of {self.rows} {rows} succeeded", *others])


def batch_of(task: TaskKey, task_state: str | None, told: Mapping[str, Any]) -> Batch:
    """The batch of a task instance.

    :param told: ``rows`` and ``counts`` by status, as the task returned them or keeps them in its state.
    """
    counts = mapping(told.get("counts"))
    parts = {part: sum(whole(counts.get(name)) or 0 for name in names) for part, names in PARTS.items()}
    rows = max(whole(told.get("rows")) or 0, sum(parts.values()))
    return Batch(task, state_of_task(task_state), rows, parts)

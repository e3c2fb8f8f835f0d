"""How far each clip of a demo run is, one line a change."""

from __future__ import annotations

import pytest

from dev.api import Task
from dev.progress import Progress, Stage, stages


def tasks(**states: str | None) -> list[Task]:
    return [Task(f"evolink.{step}", -1, state, 1) for step, state in states.items()]


@pytest.mark.parametrize(
    ("states", "at_vendor", "stage"),
    [
        ({"generate": None}, {}, Stage.WAITING),
        ({"generate": "queued"}, {}, Stage.WAITING),
        ({"generate": "running"}, {}, Stage.SUBMITTING),
        ({"generate": "deferred"}, {"evolink": "queued"}, Stage.QUEUED),
        ({"generate": "deferred"}, {"evolink": "running"}, Stage.RUNNING),
        ({"generate": "deferred"}, {}, Stage.RUNNING),
        ({"generate": "success", "land": "running"}, {}, Stage.LANDING),
        ({"generate": "success", "land": "success", "publish": None}, {}, Stage.PUBLISHING),
        ({"generate": "success", "land": "success", "publish": "success"}, {}, Stage.PUBLISHED),
        ({"generate": "failed", "land": "upstream_failed"}, {}, Stage.FAILED),
    ],
)
def test_stage(states: dict[str, str | None], at_vendor: dict[str, str], stage: Stage) -> None:
    """The task states, and the vendor's word while a task is deferred, tell the stage."""
    assert stages(tasks(**states), at_vendor) == {"evolink": stage}


def test_each_stage_is_told_once() -> None:
    """Seeing the same again prints nothing, and neither does a resumed task that runs once more."""
    lines: list[str] = []
    progress = Progress(lambda: 1.5, lines.append)
    for stage in (Stage.WAITING, Stage.RUNNING, Stage.RUNNING, Stage.SUBMITTING, Stage.LANDING):
        progress.show({"evolink": stage})
    assert lines == [
        "   1.5 s  evolink    running at the vendor",
        "   1.5 s  evolink    generated, now landing",
    ]

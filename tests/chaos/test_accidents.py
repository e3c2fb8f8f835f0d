"""Carrying a schedule out, on processes that stand still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from dev.chaos.accidents import Accidents
from dev.chaos.schedule import Kill, Trouble


@dataclass
class Cluster:
    """Stands for both the processes and the emulator, and notes what is done to them."""

    done: list[str] = field(default_factory=list)
    requests_seen: list[dict[str, Any]] = field(default_factory=list)

    def kill_tree(self, name: str) -> None:
        self.done.append(f"kill {name}")

    def restart(self, name: str) -> None:
        self.done.append(f"start {name}")

    def below(self, name: str) -> list[Any]:
        return []

    def add_fault(self, **fault: Any) -> None:
        self.done.append(f"fault {fault['kind']}")

    def requests(self) -> list[dict[str, Any]]:
        return self.requests_seen


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def accidents(cluster: Cluster, *events: Kill | Trouble) -> Accidents:
    return Accidents(events, cluster, cluster, say=lambda _: None)  # type: ignore[arg-type]


def kill(victim: Any, *, at: float = 10, chance: float = 0.0) -> Kill:
    return Kill(at, victim, absence=5, chance=chance)


def test_a_part_is_killed_when_it_is_due_and_comes_back(cluster: Cluster) -> None:
    """Neither earlier, nor twice."""
    running = accidents(cluster, kill("scheduler"))
    for now in (9.9, 10.1, 14.9):
        running.step(now)
    assert cluster.done == ["kill scheduler"]
    running.step(15.2)
    assert cluster.done == ["kill scheduler", "start scheduler"]


@pytest.mark.parametrize(
    ("chance", "name"), [(0.0, "worker-1"), (0.49, "worker-1"), (0.5, "worker-2"), (0.99, "worker-2")]
)
def test_chance_chooses_among_several(cluster: Cluster, chance: float, name: str) -> None:
    """The same chance, the same choice."""
    accidents(cluster, kill("worker", chance=chance)).step(10)
    assert cluster.done == [f"kill {name}"]


def test_what_is_dead_is_killed_again_only_after_it_came_back(cluster: Cluster) -> None:
    """The second accident waits for it."""
    running = accidents(cluster, kill("scheduler"), kill("scheduler", at=11))
    for now in (10, 11, 15.1):
        running.step(now)
    assert cluster.done == ["kill scheduler", "start scheduler", "kill scheduler"]
    assert running.killed == {"scheduler": 2}


def test_a_task_that_never_runs_is_not_killed(cluster: Cluster) -> None:
    """The accident is given up, and not counted."""
    running = accidents(cluster, kill("task"))
    for now in (10, 20, 31):
        running.step(now)
    assert (cluster.done, running.killed) == ([], {})


def test_a_fault_reaches_the_vendors_when_it_is_due(cluster: Cluster) -> None:
    """As the schedule says."""
    running = accidents(cluster, Trouble(3, {"on": "get", "kind": "malformed"}))
    running.step(2.9)
    assert cluster.done == []
    running.step(3)
    assert cluster.done == ["fault malformed"]


def test_each_fault_that_struck_is_counted_once(cluster: Cluster) -> None:
    """The emulator tells the same requests again and again."""
    request = {"vendor": "evolink", "path": "/v1", "operation": "get", "status": 200}
    cluster.requests_seen += [
        {**request, "at": 1, "fault": None},
        {**request, "at": 2, "fault": "malformed"},
        {**request, "at": 3, "fault": "status", "status": 503},
    ]
    running = accidents(cluster)
    running.note_faults()
    running.note_faults()
    assert running.struck == {"get malformed": 1, "get 503": 1}

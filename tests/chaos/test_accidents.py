"""Carrying a schedule out, on processes that stand still."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from dev.chaos.accidents import Accidents
from dev.chaos.schedule import Death, Event, Kill, Trouble


@dataclass
class Cluster:
    """Stands for the processes, the emulator and the primary's relay, and notes what is done to them."""

    done: list[str] = field(default_factory=list)
    requests_seen: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)

    def kill_tree(self, name: str) -> None:
        self.done.append(f"kill {name}")

    def restart(self, name: str) -> None:
        self.done.append(f"start {name}")

    def below(self, name: str) -> list[Any]:
        return self.tasks

    def add_fault(self, **fault: Any) -> None:
        self.done.append(f"fault {fault['kind']}")

    def cut(self) -> None:
        self.done.append("cut")

    def requests(self) -> list[dict[str, Any]]:
        return self.requests_seen


@dataclass
class Victim:
    """A process that runs a task."""

    cluster: Cluster

    def kill(self) -> None:
        self.cluster.done.append("kill task")


@dataclass
class Parent:
    """A process of a worker's pool, which supervises tasks."""

    below: list[Victim]

    def children(self) -> list[Victim]:
        return self.below

    def kill(self) -> None:
        self.below[0].kill()


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def accidents(cluster: Cluster, *events: Event) -> Accidents:
    return Accidents(events, cluster, cluster, cluster, say=lambda _: None)  # type: ignore[arg-type]


def kill(victim: Any, *, at: float = 0.1, chance: float = 0.0) -> Kill:
    return Kill(at, victim, absence=5, chance=chance)


def test_a_part_is_killed_when_so_much_is_done_and_comes_back(cluster: Cluster) -> None:
    """The run's progress makes it due, once, and seconds bring it back."""
    running = accidents(cluster, kill("scheduler"))
    for now, share in ((1000, 0.09), (1010, 0.1), (1014.9, 0.5)):
        running.step(now, share)
    assert cluster.done == ["kill scheduler"]
    running.step(1015.2, 0.5)
    assert cluster.done == ["kill scheduler", "start scheduler"]


def test_a_run_that_makes_no_progress_meets_no_accident(cluster: Cluster) -> None:
    """However long it lasts, so that a slow machine is not worn down."""
    running = accidents(cluster, kill("scheduler"))
    for now in range(0, 10_000, 100):
        running.step(now, 0.05)
    assert cluster.done == []


@pytest.mark.parametrize(
    ("chance", "name"), [(0.0, "worker-1"), (0.49, "worker-1"), (0.5, "worker-2"), (0.99, "worker-2")]
)
def test_chance_chooses_among_several(cluster: Cluster, chance: float, name: str) -> None:
    """The same chance, the same choice."""
    accidents(cluster, kill("worker", chance=chance)).step(10, 0.1)
    assert cluster.done == [f"kill {name}"]


def test_what_is_dead_is_killed_again_only_after_it_came_back(cluster: Cluster) -> None:
    """The second accident waits for it."""
    running = accidents(cluster, kill("scheduler"), kill("scheduler", at=0.2))
    for now in (10, 11, 15.1):
        running.step(now, 0.2)
    assert cluster.done == ["kill scheduler", "start scheduler", "kill scheduler"]
    assert running.killed == {"scheduler": 2}


def test_a_kill_waits_for_a_task_to_run(cluster: Cluster) -> None:
    """It is not counted before it happens."""
    running = accidents(cluster, kill("task"))
    for now in (10, 20, 1000):
        running.step(now, 0.5)
    assert (cluster.done, running.killed) == ([], {})
    victim = Victim(cluster)
    cluster.tasks = [Parent([victim])]
    running.step(1001, 0.5)
    assert (cluster.done, running.killed) == (["kill task"], {"task": 1})


def test_a_fault_reaches_the_vendors_when_it_is_due(cluster: Cluster) -> None:
    """As the schedule says."""
    running = accidents(cluster, Trouble(0.3, {"on": "get", "kind": "malformed"}))
    running.step(10, 0.29)
    assert cluster.done == []
    running.step(10, 0.3)
    assert cluster.done == ["fault malformed"]


def test_the_primary_dies_once_and_stays_dead(cluster: Cluster) -> None:
    """Nothing brings it back."""
    running = accidents(cluster, Death(0.25))
    for now, share in ((10, 0.24), (20, 0.25), (1000, 0.9)):
        running.step(now, share)
    assert (cluster.done, running.killed) == (["cut"], {"primary": 1})


def test_each_fault_that_struck_is_counted_once(cluster: Cluster) -> None:
    """The emulator tells the same requests again and again."""
    request = {"vendor": "evolink", "path": "/v1", "operation": "get", "status": 200}
    cluster.requests_seen += [
        {**request, "at": 1, "fault": None},
        {**request, "at": 2, "fault": "malformed"},
        {**request, "at": 3, "fault": "status", "status": 503},
        {**request, "at": 4, "fault": "reply", "status": 404},
    ]
    running = accidents(cluster)
    running.note_faults()
    running.note_faults()
    assert running.struck == {"get malformed": 1, "get 503": 1, "get reply 404": 1}

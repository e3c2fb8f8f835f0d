"""How far each clip of a demo run is, one line a change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum

from dev.api import Task


class Stage(IntEnum):
    """Where a clip is, in order."""

    WAITING = 0
    SUBMITTING = 1
    QUEUED = 2
    RUNNING = 3
    LANDING = 4
    PUBLISHING = 5
    PUBLISHED = 6
    FAILED = 7


_WORDS = {
    Stage.SUBMITTING: "submitting",
    Stage.QUEUED: "queued at the vendor",
    Stage.RUNNING: "running at the vendor",
    Stage.LANDING: "generated, now landing",
    Stage.PUBLISHING: "landed, now publishing",
    Stage.PUBLISHED: "published",
    Stage.FAILED: "FAILED",
}
_BROKEN = frozenset({"failed", "upstream_failed"})


def stages(tasks: Iterable[Task], at_vendor: Mapping[str, str]) -> dict[str, Stage]:
    """The stage of each task group.

    :param tasks: with ids like ``<group>.generate``, ``<group>.land``, ``<group>.publish``.
    :param at_vendor: what the vendor says about a group's generation, where that is known.
    """
    groups: dict[str, dict[str, str | None]] = {}
    for task in tasks:
        group, _, step = task.task_id.rpartition(".")
        groups.setdefault(group, {})[step] = task.state
    return {group: _stage(states, at_vendor.get(group)) for group, states in groups.items()}


def _stage(states: Mapping[str, str | None], at_vendor: str | None) -> Stage:
    if _BROKEN.intersection(states.values()):
        return Stage.FAILED
    for step, stage in (
        ("publish", Stage.PUBLISHED),
        ("land", Stage.PUBLISHING),
        ("generate", Stage.LANDING),
    ):
        if states.get(step) == "success":
            return stage
    if states.get("generate") == "deferred":
        return Stage.QUEUED if at_vendor == "queued" else Stage.RUNNING
    return Stage.SUBMITTING if states.get("generate") == "running" else Stage.WAITING


class Progress:
    """Prints a line whenever a clip gets further.

    :param clock: seconds since the demo began.
    :param write: takes one line.
    """

    def __init__(self, clock: Callable[[], float], write: Callable[[str], None]) -> None:
        self._clock = clock
        self._write = write
        self._shown: dict[str, Stage] = {}

    def say(self, text: str) -> None:
        """A line with the time in front."""
        self._write(f"{self._clock():6.1f} s  {text}")

    def show(self, seen: Mapping[str, Stage]) -> None:
        """Print what is new. A resumed task runs again for a moment; that is no step back."""
        for group, stage in seen.items():
            if stage > self._shown.get(group, Stage.WAITING):
                self._shown[group] = stage
                self.say(f"{group:<10} {_WORDS[stage]}")

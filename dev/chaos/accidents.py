"""Carries a schedule of accidents out on a running cluster."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import psutil

from airflow_provider_seedance.emulator import Emulator
from dev.chaos.relay import Relay
from dev.chaos.schedule import Death, Event, Kill, Trouble
from dev.cluster import TRIGGERERS, WORKERS
from dev.processes import Processes

T = TypeVar("T")


class Accidents:
    """Call :meth:`step` again and again; what is due then happens.

    :param primary: the way to the vendor that may die for good.
    :param say: takes a line about each kill.
    """

    def __init__(
        self,
        events: Iterable[Event],
        processes: Processes,
        emulator: Emulator,
        primary: Relay,
        say: Callable[[str], None],
    ) -> None:
        self._coming = deque(events)
        self._processes = processes
        self._emulator = emulator
        self._primary = primary
        self._say = say
        self._waiting: list[Kill] = []
        self._absent: dict[str, float] = {}
        self.killed: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self._seen: set[tuple[object, ...]] = set()

    def step(self, now: float, share: float) -> None:
        """Do what is due. A kill that finds nothing to kill waits until it does.

        :param now: seconds on a monotonic clock.
        :param share: how much of the run is done, from 0 to 1.
        """
        for name in [name for name, back in self._absent.items() if now >= back]:
            del self._absent[name]
            self._processes.restart(name)
        while self._coming and self._coming[0].at <= share:
            event = self._coming.popleft()
            if isinstance(event, Trouble):
                self._emulator.add_fault(**event.fault)
            elif isinstance(event, Death):
                self._cut_primary()
            else:
                self._waiting.append(event)
        self._waiting = [kill for kill in self._waiting if not self._done(kill, now)]

    def note_faults(self) -> None:
        """Count which faults struck. The emulator remembers only so many requests, so ask it every few seconds."""
        for request in self._emulator.requests():
            key = (request["at"], request["vendor"], request["path"], request["fault"])
            if request["fault"] and key not in self._seen:
                self._seen.add(key)
                self.struck[f"{request['operation']} {_kind_of(request)}"] += 1

    def _cut_primary(self) -> None:
        self._primary.cut()
        self.killed["primary"] += 1
        self._say("the primary connection is dead for good")

    def _done(self, kill: Kill, now: float) -> bool:
        """Whether the kill has happened."""
        if kill.victim == "task":
            happened = self._kill_task(kill.chance)
        else:
            happened = self._kill_part(_choice(_NAMES[kill.victim], kill.chance), now + kill.absence)
        if happened:
            self.killed[kill.victim] += 1
            self._say(f"killed: {kill.victim}")
        return happened

    def _kill_part(self, name: str, back: float) -> bool:
        if name in self._absent:
            return False
        self._processes.kill_tree(name)
        self._absent[name] = back
        return True

    def _kill_task(self, chance: float) -> bool:
        """SIGKILL for one of the processes that run a task, or that supervise one."""
        workers = [name for name in WORKERS if name not in self._absent]
        found = [process for name in workers for process in _task_processes(self._processes.below(name))]
        if not found:
            return False
        _choice(found, chance).kill()
        return True


_NAMES = {"worker": WORKERS, "triggerer": TRIGGERERS, "scheduler": ("scheduler",)}


def _kind_of(request: Mapping[str, Any]) -> str:
    """What a request in the emulator's log was struck by."""
    if request["fault"] == "status":
        return str(request["status"])
    return f"reply {request['status']}" if request["fault"] == "reply" else str(request["fault"])


def _task_processes(below: list[psutil.Process]) -> list[psutil.Process]:
    """A Celery worker forks a pool; of these processes, those that run a task have a child, which does the work."""
    found = []
    for process in below:
        try:
            children = process.children()
        except psutil.NoSuchProcess:
            continue
        if children:
            found += [process, *children]
    return found


def _choice(among: Sequence[T], chance: float) -> T:
    return among[int(chance * len(among))]

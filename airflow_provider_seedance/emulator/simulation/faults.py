"""Faults on demand: which calls go wrong, in which way, and how often."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from airflow_provider_seedance.emulator.simulation.replies import Reply

DROPS = frozenset({"drop_before_accept", "drop_after_accept"})
OUTCOMES = frozenset({"moderation", "fail", "stuck"})


@dataclass(frozen=True)
class Target:
    """A call that a fault may strike."""

    vendor: str
    operation: str
    path: str = ""
    link: str | None = None
    """For the download of a video, which of the links in the vendor's answer leads there: ``first`` or ``second``."""
    age: float | None = None
    """For the download of a result, the seconds of vendor time since its generation ended."""


@dataclass
class Fault:
    """One rule. ``times`` counts down to 0; None means that the rule is never used up."""

    id: int
    vendor: str
    on: str
    kind: str
    status: int | None = None
    seconds: float = 1.0
    retry_after: str | None = None
    body: str | None = None
    times: int | None = 1
    probability: float = 1.0
    path: str | None = None
    link: str | None = None
    reply: Reply | None = None
    medium: str | None = None
    """Of a moderation: ``text``, ``image``, ``video`` or ``audio``; None leaves it to the vendor."""

    @property
    def outcome(self) -> str:
        """The outcome of a generation that it strikes: its kind, and the medium if one is given."""
        return f"{self.kind}:{self.medium}" if self.medium else self.kind

    def matches(self, target: Target) -> bool:
        """Whether the rule applies to that call and is not used up."""
        return (
            self.times != 0
            and self.vendor in ("*", target.vendor)
            and self.on == target.operation
            and (self.path is None or fnmatchcase(target.path, self.path))
            and (self.link is None or self.link == target.link)
            and (self.kind != "not_ready" or (target.age is not None and target.age < self.seconds))
        )


class Faults:
    """The rules in the order in which they were added. At most one of them applies to a call."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[Fault] = []
        self._last_id = 0

    def add(self, fields: Mapping[str, Any]) -> Fault:
        """Add the rule with those fields."""
        self._last_id += 1
        fault = Fault(id=self._last_id, **fields)
        self._rules.append(fault)
        return fault

    def take(self, target: Target) -> Fault | None:
        """The fault for this call, or None. Taking it counts its ``times`` down."""
        for fault in self._rules:
            if fault.matches(target) and self._rng.random() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()

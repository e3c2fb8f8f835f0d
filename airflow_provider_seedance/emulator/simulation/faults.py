"""Faults on demand: which calls go wrong, in which way, and how often."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DROPS = frozenset({"drop_before_accept", "drop_after_accept"})
OUTCOMES = frozenset({"moderation", "fail", "stuck"})
REPLIES = frozenset({"status", "delay", "malformed", "truncate"})

_KINDS_OF = {
    "create": DROPS | REPLIES | OUTCOMES,
    "get": DROPS | REPLIES | OUTCOMES,
    "list": DROPS | REPLIES | OUTCOMES,
    "cancel": DROPS | REPLIES,
    "download": DROPS | REPLIES,
    "callback": DROPS | {"status", "delay", "malformed"},
}


class BadFault(ValueError):
    """The description of a fault is invalid; the message says why."""


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

    def matches(self, vendor: str, operation: str) -> bool:
        """Whether the rule applies to that call and is not used up."""
        return self.vendor in ("*", vendor) and self.on == operation and self.times != 0


class Faults:
    """The rules in the order in which they were added. At most one of them applies to a call."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[Fault] = []
        self._last_id = 0

    def add(self, spec: Mapping[str, Any], vendors: frozenset[str]) -> Fault:
        """Add the rule that ``spec`` describes (the body of ``POST /_emulator/faults``)."""
        _check(spec, vendors)
        self._last_id += 1
        known = {name: spec[name] for name in Fault.__dataclass_fields__ if name in spec and name != "id"}
        known["vendor"] = known.get("vendor", "*")
        if known.get("retry_after") is not None:
            known["retry_after"] = str(known["retry_after"])
        fault = Fault(id=self._last_id, **known)
        self._rules.append(fault)
        return fault

    def take(self, vendor: str, operation: str) -> Fault | None:
        """The fault for this call, or None. Taking it counts its ``times`` down."""
        for fault in self._rules:
            if fault.matches(vendor, operation) and self._rng.random() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Remove all rules."""
        self._rules.clear()


def _check(spec: Mapping[str, Any], vendors: frozenset[str]) -> None:
    unknown = set(spec) - (set(Fault.__dataclass_fields__) - {"id"})
    if unknown:
        raise BadFault(f"unknown field: {', '.join(sorted(unknown))}")
    if spec.get("vendor", "*") not in vendors | {"*"}:
        raise BadFault(f"vendor must be '*' or one of {', '.join(sorted(vendors))}")
    kinds = _KINDS_OF.get(spec.get("on", ""))
    if kinds is None:
        raise BadFault(f"on must be one of {', '.join(_KINDS_OF)}")
    if spec.get("kind") not in kinds:
        raise BadFault(f"kind for {spec['on']} must be one of {', '.join(sorted(kinds))}")
    for name, low, high in (
        ("times", 0, 10**9),
        ("probability", 0, 1),
        ("status", 200, 599),
        ("seconds", 0, 10**9),
    ):
        value = spec.get(name)
        if value is not None and not (isinstance(value, (int, float)) and low <= value <= high):
            raise BadFault(f"{name} must be a number from {low} to {high}")

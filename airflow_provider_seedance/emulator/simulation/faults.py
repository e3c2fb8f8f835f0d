"""Faults on demand: what goes wrong, with which call, how often."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DROPS = frozenset({"drop_before_accept", "drop_after_accept"})
FATES = frozenset({"moderation", "fail", "stuck"})
REPLIES = frozenset({"status", "delay", "malformed", "truncate"})

_KINDS_OF = {
    "create": DROPS | REPLIES | FATES,
    "get": DROPS | REPLIES | FATES,
    "list": DROPS | REPLIES | FATES,
    "cancel": DROPS | REPLIES,
    "download": DROPS | REPLIES,
    "callback": DROPS | {"status", "delay", "malformed"},
}


class BadFault(ValueError):
    """The description of a fault makes no sense; the message says why."""


@dataclass
class Fault:
    """One rule; ``times`` counts down, None means for ever."""

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

    def meets(self, vendor: str, operation: str) -> bool:
        """Does this rule speak about that call, and is it not used up?"""
        return self.vendor in ("*", vendor) and self.on == operation and self.times != 0


class Faults:
    """The rules in force, oldest first; at most one strikes per call."""

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
        """The fault that strikes this call, if one does; it is used up by that."""
        for fault in self._rules:
            if fault.meets(vendor, operation) and self._rng.random() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Forget all rules."""
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

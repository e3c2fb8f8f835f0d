"""The summary that a run prints. Pure: text out of values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dev.chaos.verdict import Evidence, Statement

_HEAD = ("vendor", "ordered", "intents", "billed", "landed", "failed tasks")


@dataclass(frozen=True)
class Circumstances:
    """Under which conditions a run took place.

    :param versions: of what took part, by name.
    :param kills: how often each kind of process was killed.
    :param faults: how often each kind of fault struck a call, as ``<call> <kind>``.
    """

    seed: int
    videos: int
    seconds: float
    date: str
    versions: Mapping[str, str]
    kills: Mapping[str, int]
    faults: Mapping[str, int]


def summary(where: Circumstances, evidence: Evidence, statements: Sequence[Statement]) -> str:
    """Everything about a run that is worth keeping."""
    versions = ", ".join(f"{name} {version}" for name, version in where.versions.items())
    lines = [
        f"seed {where.seed}, {where.videos} videos, {where.seconds:.0f} s, {where.date}",
        versions,
        f"killed: {_counts(where.kills)}",
        f"struck: {_counts(where.faults)}",
        "",
        *_table(evidence),
        "",
    ]
    for statement in statements:
        lines.append(f"{'TRUE ' if statement.holds else 'FALSE'}  {statement.text}")
        lines += [f"       - {contradiction}" for contradiction in statement.contradictions]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def _table(evidence: Evidence) -> list[str]:
    billed = Counter(line.vendor for line in evidence.billed)
    landed = Counter(vendor for vendor, _ in evidence.landed)
    vendors = dict.fromkeys(order.vendor for order in evidence.ordered)
    rows = [_HEAD]
    for vendor in vendors:
        orders = [order for order in evidence.ordered if order.vendor == vendor]
        numbers = (
            len(orders),
            sum(order.intents for order in orders),
            billed[vendor],
            landed[vendor],
            sum(order.state == "failed" for order in orders),
        )
        rows.append((vendor, *map(str, numbers)))  # type: ignore[arg-type]  # six columns
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]

"""The summary that a run prints. Pure: text out of values."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dev.chaos.verdict import Evidence, Statement

_WIDTH = 110
#: A space at which no line is broken.
_TIED = "\N{NO-BREAK SPACE}"
_HEAD = ("group", "ordered", "intents", "unbilled", "billed", "landed", "failed tasks")


@dataclass(frozen=True)
class Circumstances:
    """Under which conditions a run took place.

    :param proxies: whether proxies answered reads with pages of their own.
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
    proxies: bool = False


def summary(where: Circumstances, evidence: Evidence, statements: Sequence[Statement]) -> str:
    """Everything about a run that is worth keeping."""
    lines = [
        f"seed {where.seed}, {where.videos} videos{', proxies' * where.proxies}, "
        f"{where.seconds:.0f} s, {where.date}",
        _listed("with:  ", where.versions),
        _listed("killed:", dict(sorted(where.kills.items()))),
        _listed("struck:", dict(sorted(where.faults.items()))),
        _listed("ledger:", _settled(evidence)),
        "",
        *_table(evidence),
        "",
    ]
    for statement in statements:
        lines.append(f"{'TRUE ' if statement.holds else 'FALSE'}  {statement.text}")
        lines += [f"       - {contradiction}" for contradiction in statement.contradictions]
    return "\n".join(lines)


def _settled(evidence: Evidence) -> dict[str, str]:
    """How much of what each vendor billed is settled in the ledger."""
    found = {}
    for vendor, unit in sorted({(line.vendor, line.unit) for line in evidence.billed}):
        billed = sum((line.amount for line in evidence.billed if line.vendor == vendor), Decimal(0))
        rows = [entry for entry in evidence.entries if entry.vendor == vendor and entry.is_settled]
        settled = sum((entry.amount for entry in rows), Decimal(0))
        found[vendor] = f"{settled.normalize():f} of {billed.normalize():f} {unit}"
    return found


def _listed(head: str, items: Mapping[str, object]) -> str:
    """Names with their values behind ``head``, over several lines if need be, each pair on one of them."""
    pairs = ", ".join(f"{name} {value}".replace(" ", _TIED) for name, value in items.items())
    text = f"{head} {pairs or 'none'}"
    wrapped = textwrap.fill(text, _WIDTH, subsequent_indent=" " * (len(head) + 1), break_on_hyphens=False)
    return wrapped.replace(_TIED, " ")


def _table(evidence: Evidence) -> list[str]:
    rows = [_HEAD]
    for group in dict.fromkeys(order.group for order in evidence.ordered):
        orders = [order for order in evidence.ordered if order.group == group]
        billed = [line for line in evidence.billed if any(order.is_owner_of(line) for order in orders)]
        numbers = (
            len(orders),
            sum(order.intents for order in orders),
            sum(order.unbilled_intents for order in orders),
            len(billed),
            sum((line.vendor, line.generation_id) in evidence.landed for line in billed),
            sum(order.state == "failed" for order in orders),
        )
        rows.append((group, *map(str, numbers)))  # type: ignore[arg-type]  # seven columns
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]

"""What a benchmark finds, as plain data, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison.

    :param ours: this provider's figure, with its unit.
    :param theirs: what it is held against.
    :param to_reach: what is to be reached.
    """

    what: str
    ours: str
    theirs: str
    ratio: str
    to_reach: str
    reached: bool


@dataclass(frozen=True)
class Table:
    """Figures behind the rows.

    :param title: what was measured, and how.
    """

    title: str
    head: Sequence[str]
    lines: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Report:
    """All that one benchmark found."""

    rows: Sequence[Row]
    tables: Sequence[Table] = ()


def ratio(ours: float, theirs: float) -> str:
    """With two digits that count."""
    return f"{ours / theirs:.2g}"


_HEAD = ("what", "ours", "theirs", "ratio", "to reach", "reached")


def summary(rows: Sequence[Row], title: str = "") -> Table:
    """All comparisons in one table."""
    lines = [
        (row.what, row.ours, row.theirs, row.ratio, row.to_reach, "yes" if row.reached else "NO")
        for row in rows
    ]
    return Table(title, _HEAD, lines)


def markdown(table: Table) -> str:
    """With columns that line up, so that a terminal shows it too."""
    lines = [table.head, *table.lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*([f"{table.title}\n"] if table.title else []), *drawn, ""])


def run(measure: Callable[[], Report]) -> int:
    """Measure and print; the exit code says whether everything was reached."""
    report = measure()
    for table in (*report.tables, summary(report.rows)):
        print(markdown(table))
    return int(not all(row.reached for row in report.rows))

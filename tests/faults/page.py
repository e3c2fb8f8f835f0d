"""The tables of ``docs/never-pay-twice.md``: what they promise is what the tests expect."""

from __future__ import annotations

import re
from pathlib import Path

from tests.faults.memories import NOTHING

PAGE = Path(__file__).parents[2] / "docs" / "never-pay-twice.md"
#: The vendors as the page calls them.
NAMES = {"modelark": "ModelArk", "toapis": "ToAPIs", "evolink": "EvoLink", "anyfast": "AnyFast"}

Row = dict[str, str]


def table(first: str, *others: str) -> dict[str, Row]:
    """The rows of the table whose columns begin with these, by their first cells."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    heads = [
        number for number, line in enumerate(lines) if _cells(line)[: 1 + len(others)] == [first, *others]
    ]
    (head,) = heads
    rows: dict[str, Row] = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        cells = _cells(line)
        assert cells[0] not in rows, f"two rows for {cells[0]}"
        rows[cells[0]] = dict(zip(_cells(lines[head])[1:], cells[1:], strict=True))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def promised(row: Row, vendor: str, memory: str) -> str:
    """What becomes of the task, and the bills."""
    name = NAMES[vendor]
    kept = next(cell for column, cell in row.items() if name in column)
    if memory != NOTHING:
        return kept
    rule, *exceptions = row["without a record"].split("; ")
    cell = dict(exception.split(": ") for exception in exceptions).get(name, rule)
    return kept if cell == "same" else cell


def after_event(cell: str) -> tuple[str, str]:
    """What becomes of a generation and its bill, and what is said about it."""
    what, _, said = cell.partition(": ")
    return what, said.strip("`")


def announced(row: Row, outcome: str) -> list[str]:
    """The texts that a user sees whose task came to this; none if there is nothing to see."""
    word = outcome.partition(",")[0]
    parts = [
        re.fullmatch(r"(?:([a-z ]+): |else )?(nothing|`(.+)`)", part)
        for part in row["what you see"].split("; ")
    ]
    of_word = [part for part in parts if part and part[1] == word]
    chosen = of_word or [part for part in parts if part and part[1] is None]
    assert all(parts), f"not understood: {row['what you see']}"
    assert chosen, f"nothing is said about {word}"
    return [part[3] for part in chosen if part[3]]

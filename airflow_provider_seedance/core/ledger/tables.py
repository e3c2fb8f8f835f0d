"""Rows as text: a table for people, CSV for spreadsheets, JSON lines for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Characters of the widest cell of a table.
MAX_CELL = 60

Rows = Iterable[Mapping[str, Any]]


def to_json_lines(rows: Rows) -> Iterator[str]:
    """One JSON object a line."""
    return (json.dumps(row, ensure_ascii=False) for row in rows)


def to_csv(rows: Rows) -> Iterator[str]:
    """A line of names, and one for each row. What a spreadsheet would take for a formula is quoted for it."""
    names: list[str] = []
    for row in rows:
        if not names:
            names = list(row)
            yield _csv_line(names)
        yield _csv_line([_cell_of_spreadsheet(row[name]) for name in names])


def _csv_line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _cell_of_spreadsheet(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def to_table(rows: Rows) -> Iterator[str]:
    """Columns side by side, without those that are empty."""
    found = [dict(row) for row in rows]
    names = [name for name in (found[0] if found else ()) if any(row[name] is not None for row in found)]
    cells = [names, *([_cell(row[name]) for name in names] for row in found)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _cell(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 3]}..."

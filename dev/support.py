"""Writes into ``docs/generate.md`` what the catalog says about each vendor's models: ``python -m dev.support``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import get_args

from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.schema import FieldSpec, OptionName, Row
from airflow_provider_seedance.core.catalog.values import describe_values
from airflow_provider_seedance.models import Mode
from dev.generated import with_generated

PAGE = Path(__file__).resolve().parent.parent / "docs" / "generate.md"
VENDORS = ("modelark", "evolink", "anyfast", "toapis")
COMMAND = "python -m dev.support"


def tables() -> str:
    """The models of each vendor, and which parameters they take, as two Markdown tables."""
    return f"{markdown_table(_models())}\n\n{markdown_table(_parameters())}"


def with_tables(page: str) -> str:
    """The page, with the present tables between its markers."""
    return with_generated(page, COMMAND, tables())


def _models() -> Iterator[Sequence[str]]:
    yield "vendor", "model", "modes", "duration (s)", "resolution", "references"
    for vendor in VENDORS:
        rows = sorted(vendor_data(vendor).rows, key=lambda row: row.family)
        for family, found in groupby(rows, key=lambda row: row.family):
            yield _model(vendor, family, list(found))


def _model(vendor: str, family: str, rows: Sequence[Row]) -> Sequence[str]:
    modes = [mode.value for mode in Mode if any(mode in row.modes for row in rows)]
    references = max((row.references for row in rows), key=lambda found: found.image)
    counts = [
        f"{count} {kind}{'s' if count > 1 else ''}"
        for kind, count in (
            ("image", references.image),
            ("video", references.video),
            ("audio", references.audio),
        )
        if count
    ]
    duration, resolution = (describe_values(rows[0].options[name]) for name in ("duration", "resolution"))
    return vendor, f"`{family}`", ", ".join(modes), duration, resolution, ", ".join(counts) or "–"


def _parameters() -> Iterator[Sequence[str]]:
    yield "parameter", *VENDORS
    for name in get_args(OptionName):
        yield f"`{name}`", *(_takers(vendor, name) for vendor in VENDORS)


def differing_parameters() -> Iterator[Sequence[str]]:
    """The parameters that not every model of every vendor takes, as rows of a table with a column for each vendor."""
    yield from (row for row in list(_parameters())[1:] if {"yes"} != set(row[1:]))


def _takers(vendor: str, name: OptionName) -> str:
    rows = vendor_data(vendor).rows
    families = sorted({row.family for row in rows})
    having = sorted({row.family for row in rows if _exists(row.options.get(name))})
    if having == families:
        return "yes"
    return ", ".join(family.removeprefix("seedance-") for family in having) or "–"


def _exists(spec: FieldSpec | None) -> bool:
    return spec is not None and spec.modes != ()


def markdown_table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as a Markdown table; the first one is the head."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    rule = re.sub(r"[^|]+", "---", head.strip("|"))
    return "\n".join([head, f"|{rule}|", *body])


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""Which vendors the catalog has. Apart from the rest, since this is asked where a DAG is parsed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def vendor_names() -> tuple[str, ...]:
    """The vendors that have a file, sorted."""
    return tuple(sorted(path.stem for path in DATA.glob("*.json")))

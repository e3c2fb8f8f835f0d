"""A vendor's hidden limit, in real time and over HTTP."""

from __future__ import annotations

from pathlib import Path

from tests.core.batch.killed import run
from tests.core.batch.limited import serve_limited


def test_no_row_fails_by_a_limit_that_nobody_tells(tmp_path: Path) -> None:
    """Each create beyond it is refused, and comes back."""
    with serve_limited(3, rate=150) as (emulator, limited):
        statuses = run(tmp_path, emulator.vendor_url("modelark"), "modelark", 12)
        assert set(statuses.values()) == {"succeeded"}
        assert limited.refused_at
        assert len(emulator.ledger()["generations"]) == 12

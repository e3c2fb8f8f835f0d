"""Parts of files."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.gallery.ranges import RangeNotSatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", range(0, 100)),
        ("bytes=0-0", range(0, 1)),
        ("bytes=40-59", range(40, 60)),
        ("bytes=90-1000", range(90, 100)),
        ("bytes=-10", range(90, 100)),
        ("bytes=-1000", range(0, 100)),
        (" bytes = 5 - 6 ", range(5, 7)),
        (None, None),
        ("", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("seconds=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_the_part_that_a_header_asks_for(header: str | None, expected: range | None) -> None:
    """``None`` is the whole file."""
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)])
def test_a_part_that_is_not_there(header: str, size: int) -> None:
    """It is not the whole file instead."""
    with pytest.raises(RangeNotSatisfiable):
        parse_range(header, size)

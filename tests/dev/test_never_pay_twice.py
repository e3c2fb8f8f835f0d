"""The tables of ``docs/never-pay-twice.md``."""

from __future__ import annotations

import pytest

from dev.never_pay_twice import PAGE, with_tables


def test_the_page_says_what_is_tested() -> None:
    """Whoever changes the oracle runs ``python -m dev.never_pay_twice``."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_a_page_without_marks_is_left_alone() -> None:
    """It is an error, not a page without tables."""
    with pytest.raises(ValueError, match="has no part that begins with"):
        with_tables("nothing here")

"""The tables of ``docs/generate.md``."""

from __future__ import annotations

import pytest

from dev.support import BEGIN, END, PAGE, tables, with_tables


def test_the_page_says_what_the_catalog_says() -> None:
    """Whoever changes the catalog runs ``python -m dev.support``."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_only_the_part_between_the_marks_is_replaced() -> None:
    """The prose around the tables stays as it is."""
    assert with_tables(f"a\n{BEGIN}\nold\n{END}\nb") == f"a\n{BEGIN}\n\n{tables()}\n\n{END}\nb"


def test_a_page_without_marks_is_left_alone() -> None:
    """It is an error, not a page without tables."""
    with pytest.raises(ValueError, match="has no part"):
        with_tables("nothing here")


def test_a_parameter_of_some_models_names_them() -> None:
    """ModelArk's flex tier, for one, is the older models' alone."""
    (line,) = [line for line in tables().splitlines() if line.startswith("| `service_tier`")]
    assert line.endswith("1.5-pro | – | – | – |")

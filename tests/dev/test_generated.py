"""The generated parts of pages."""

from __future__ import annotations

import pytest

from dev.generated import END, begin, with_generated

FIRST, SECOND = "python -m dev.first", "python -m dev.second"
PAGE = f"a\n{begin(FIRST)}\nold\n{END}\nb\n{begin(SECOND)}\nolder\n{END}\nc"


def test_only_the_part_of_the_command_is_replaced() -> None:
    """The prose around it and the parts of other commands stay as they are."""
    renewed = PAGE.replace("\nold\n", "\n\nnew\n\n")
    assert with_generated(PAGE, FIRST, "new") == renewed


def test_a_page_without_markers_is_an_error() -> None:
    """It is not taken for a page without such a part."""
    with pytest.raises(ValueError, match="has no part"):
        with_generated("nothing here", FIRST, "new")

"""The generated parts of the vendors' pages, and of ``moving.md``."""

from __future__ import annotations

import pytest

from dev.support import VENDORS
from dev.vendor_pages import DOCS, pages, vendor_part, with_part

PARTS = pages()


@pytest.mark.parametrize("name", PARTS)
def test_the_page_says_what_the_catalog_says(name: str) -> None:
    """Whoever changes the catalog runs ``python -m dev.vendor_pages``."""
    page = (DOCS / name).read_text(encoding="utf-8")
    assert with_part(page, PARTS[name]) == page


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_price_has_a_date(vendor: str) -> None:
    """And each model: readers judge by it how old a fact is."""
    assert "None" not in vendor_part(vendor)


def test_a_vendor_without_prices_says_so() -> None:
    """Rather than an empty table."""
    assert "The catalog has none" in vendor_part("anyfast")


@pytest.mark.parametrize(
    ("vendor", "line"),
    [
        ("toapis", "| finding the generation of a lost answer | for sure, by a mark |"),
        ("modelark", "| finding the generation of a lost answer | by comparing the list |"),
        ("evolink", "| finding the generation of a lost answer | – |"),
    ],
)
def test_what_it_has_is_what_its_code_has(vendor: str, line: str) -> None:
    """The call that reconciles a lost answer decides the word."""
    assert line in vendor_part(vendor).splitlines()

"""The tables of ``docs/generate.md``."""

from __future__ import annotations

from dev.support import PAGE, tables, with_tables


def test_the_page_says_what_the_catalog_says() -> None:
    """Whoever changes the catalog runs ``python -m dev.support``."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_a_parameter_of_some_models_names_them() -> None:
    """ModelArk's flex tier, for one, is the older models' alone."""
    (line,) = [line for line in tables().splitlines() if line.startswith("| `service_tier`")]
    assert line.endswith("1.5-pro | – | – | – |")

"""The picture of the layers in ``docs/development.md``."""

from __future__ import annotations

from dev.architecture import LAYERS, PAGE, drawing, with_drawing


def test_the_page_shows_the_layers_as_they_are() -> None:
    """Whoever changes ``LAYERS`` runs ``python -m dev.architecture``."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_drawing(page) == page


def test_what_imports_stands_above_what_it_imports() -> None:
    """The last layer of the table is the first line of the drawing."""
    lines = drawing().splitlines()
    assert lines[1] == ", ".join(LAYERS[-1])
    assert lines[len(LAYERS)] == ", ".join(LAYERS[0])

"""Which known name somebody most likely meant."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.suggestions import did_you_mean, suggest, unknown_name

RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive")


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("EvoLink", ("anyfast", "evolink"), "evolink"),
        ("max_concurency", ("vendor", "max_concurrency"), "max_concurrency"),
        ("720", ("480p", "720p"), "720p"),
        ("4K", ("4k",), "4k"),
        ("ratio", ("duration", "aspect_ratio"), "aspect_ratio"),
        ("16x9", RATIOS, "16:9"),
        (969, RATIOS, "16:9"),
        ("243", RATIOS, "4:3"),
        (1269, RATIOS, "21:9"),
        ("id", ("generation_id", "prompt"), None),
        ("mars", ("ap-southeast", "cn-beijing"), None),
        ("", ("a",), None),
        ("-", ("a",), None),
        ("x" * 101, ("x" * 101,), None),
    ],
)
def test_what_was_meant(given: object, known: tuple[str, ...], meant: str | None) -> None:
    assert suggest(given, known) == meant


def test_the_first_of_two_that_are_equally_like() -> None:
    """Whoever asks puts the likelier first."""
    assert suggest("seedence-2", ("seedance-2.0", "seedance-2.5")) == "seedance-2.0"


def test_yaml_is_named_where_it_is_to_blame() -> None:
    assert did_you_mean(556, RATIOS) == "did you mean '9:16'? YAML reads it as a number unless it is quoted; "
    assert did_you_mean("nothing", RATIOS) == ""


def test_an_unknown_name_comes_with_the_known_ones() -> None:
    assert unknown_name("vendor", "EVOLINK", ("evolink", "toapis")) == (
        "unknown vendor 'EVOLINK'; did you mean 'evolink'? known vendors: evolink, toapis"
    )

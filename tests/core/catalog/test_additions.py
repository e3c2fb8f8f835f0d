"""Rows and prices that users add without a release of the package."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.errors import ConfigurationError, RequestInvalid
from airflow_provider_seedance.models import Cost, GenerationRequest

NEW_ROW: dict[str, Any] = {
    "family": "seedance-3.0",
    "extends": ["2.0"],
    "ids": {"global": "seedance-3"},
    "modes": ["text"],
    "options": {"duration": {"max": 60}, "seed": None},
}
PRICE: dict[str, Any] = {"family": "seedance-2.0", "unit": "second", "currency": "EUR", "amount": "0.1"}


def request(**fields: Any) -> GenerationRequest:
    return GenerationRequest(**{"prompt": "A cat", **fields})


def test_a_new_row() -> None:
    """A new family shares the file's groups, widens a limit and takes an option away."""
    catalog = Catalog.load("toapis", "global", rows=[NEW_ROW])
    prepared = catalog.prepare(request(model="seedance-3.0", duration=60))
    assert (prepared.model, prepared.aspect_ratio) == ("seedance-3", "adaptive")
    with pytest.raises(RequestInvalid) as refusal:
        catalog.prepare(request(model="seedance-3.0", duration=61, seed=1))
    assert {"duration", "seed"} == {problem.field for problem in refusal.value.problems}


def test_a_row_over_a_row() -> None:
    """A row of a known family changes what it names and leaves the rest, here for an endpoint."""
    rows = [{"family": "seedance-2.0", "ids": {"ap-southeast": "ep-1"}, "options": {"duration": {"max": 10}}}]
    catalog = Catalog.load("modelark", "ap-southeast", rows=rows)
    assert catalog.prepare(request(duration=10)).model == "ep-1"
    assert catalog.estimate(request(model="ep-1", duration=5, aspect_ratio="16:9")).amount == Decimal(
        "0.7623"
    )
    with pytest.raises(RequestInvalid, match="4 to 10 or -1"):
        catalog.prepare(request(duration=11))
    assert Catalog.load("modelark", "ap-southeast").prepare(request(duration=11))


def test_a_row_over_one_mode() -> None:
    """With modes, only the row of those modes changes."""
    rows = [{"family": "seedance-2.0", "modes": ["text"], "ids": {"global": "mine"}}]
    catalog = Catalog.load("evolink", "global", rows=rows)
    assert catalog.prepare(request()).model == "mine"
    assert catalog.prepare(request(first_frame="https://h/1.png")).model == "seedance-2.0-image-to-video"


def test_a_row_with_its_own_sizes() -> None:
    """A user who knows the sizes of a resolution can say so."""
    rows = [{"family": "seedance-2.0-ultra", "pixels": {"2k": {"16:9": [2560, 1440]}}}]
    catalog = Catalog.load("anyfast", "global", rows=rows)
    assert catalog.frame_size("seedance-2.0-ultra", "2k", "16:9") == (2560, 1440)


def test_a_price_over_a_price() -> None:
    """A user's price wins where it holds; elsewhere the file's counts."""
    seconds = Catalog.load("evolink", "global", prices=[PRICE])
    assert seconds.estimate(request(duration=5)) == Cost(
        amount=Decimal("0.5"), currency="EUR", basis="estimated"
    )
    only_480p = Catalog.load("evolink", "global", prices=[{**PRICE, "when": {"resolution": ["480p"]}}])
    assert only_480p.estimate(request(duration=4)).currency == "credits"


def test_a_price_where_there_was_none() -> None:
    """AnyFast publishes no prices; a user's makes estimates and costs possible."""
    price = {"family": "seedance-2.0", "unit": "million_tokens", "currency": "USD", "amount": 5}
    catalog = Catalog.load("anyfast", "global", prices=[price])
    assert catalog.estimate(request(duration=5, aspect_ratio="16:9")).amount == Decimal("0.5445")


def test_a_price_in_a_currency_in_small_letters() -> None:
    """It is the currency of ``max_cost="1 USD"`` and of budgets all the same."""
    catalog = Catalog.load("evolink", "global", prices=[{**PRICE, "currency": "eur"}])
    assert catalog.estimate(request(duration=5, resolution="480p")).currency == "EUR"


def test_additions_from_a_file_and_from_text(tmp_path: Path) -> None:
    """A list may also be JSON text, or the path of a JSON file."""
    path = tmp_path / "rows.json"
    path.write_text(json.dumps([NEW_ROW]))
    for rows in (path, str(path), json.dumps([NEW_ROW])):
        catalog = Catalog.load("toapis", "global", rows=rows, prices=json.dumps([PRICE]))
        assert catalog.prepare(request(model="seedance-3.0")).model == "seedance-3"
        assert catalog.estimate(request(duration=5)).currency == "EUR"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{**NEW_ROW, "modes": ["txt"]}], ("row 1", "modes", "txt")),
        ([{**NEW_ROW, "options": {"duration": {"max": "long"}}}], ("row 1", "options.duration.max", "long")),
        ([{**NEW_ROW, "optoins": {}}], ("row 1", "optoins")),
        ([{**NEW_ROW, "extends": ["3.0"]}], ("row 1", "extends", "3.0", "automatic")),
        ([{**NEW_ROW, "ids": {"mars": "x"}}], ("row 1", "ids", "mars", "global")),
        ([{**NEW_ROW, "pixels": "9.0"}], ("row 1", "pixels", "9.0", "2.0")),
        ([NEW_ROW, {"ids": {"global": "x"}}], ("row 2", "family")),
        ([NEW_ROW, "seedance-4"], ("row 2", "seedance-4")),
        ("{}", ("rows", "{}")),
        ("/no/such/file.json", ("rows", "/no/such/file.json")),
    ],
)
def test_malformed_rows(rows: Any, words: tuple[str, ...]) -> None:
    """A row that is not usable is refused with its number, the field and the value."""
    with pytest.raises(ConfigurationError) as refusal:
        Catalog.load("toapis", "global", rows=rows)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "cheap"}, ("price 1", "amount", "cheap")),
        ({"amount": "-1"}, ("price 1", "amount", "-1")),
        ({"currency": "dollars"}, ("price 1", "currency", "dollars", "USD")),
        ({"unit": "minute"}, ("price 1", "unit", "minute")),
        ({"family": "seedance-9"}, ("price 1", "family", "seedance-9", "seedance-2.0")),
        ({"regions": ["mars"]}, ("price 1", "regions", "mars", "global")),
    ],
)
def test_malformed_prices(change: dict[str, Any], words: tuple[str, ...]) -> None:
    """A price that is not usable is refused with its number, the field and the value."""
    with pytest.raises(ConfigurationError) as refusal:
        Catalog.load("toapis", "global", prices=[{**PRICE, **change}])
    assert all(word in str(refusal.value) for word in words)

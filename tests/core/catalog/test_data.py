"""The vendor_data data: complete, dated, and free of names that lead nowhere."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog, vendor_names
from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.schema import Price, Row
from airflow_provider_seedance.models import GenerationRequest, Mode

URL = "https://example.com/a"
MEDIA_OF_MODE: dict[Mode, dict[str, Any]] = {
    Mode.TEXT: {},
    Mode.FIRST_FRAME: {"first_frame": URL},
    Mode.FIRST_LAST_FRAME: {"first_frame": URL, "last_frame": URL},
    Mode.REFERENCE: {"reference_images": [URL]},
    Mode.DRAFT_FINAL: {"draft_task_id": "cgt-20260101120000-abcde"},
}
FAMILIES = {
    "modelark": {
        "seedance-1.0-lite-i2v",
        "seedance-1.0-lite-t2v",
        "seedance-1.0-pro",
        "seedance-1.0-pro-fast",
        "seedance-1.5-pro",
        "seedance-2.0",
        "seedance-2.0-fast",
        "seedance-2.0-mini",
        "seedance-2.5",
    },
    "anyfast": {
        "seedance-1.0-lite-i2v",
        "seedance-1.0-lite-t2v",
        "seedance-1.0-pro",
        "seedance-1.0-pro-fast",
        "seedance-1.5-pro",
        "seedance-2.0",
        "seedance-2.0-fast",
        "seedance-2.0-mini",
        "seedance-2.0-ultra",
        "seedance-2.5",
    },
    "evolink": {"seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini"},
    "toapis": {"seedance-2.0", "seedance-2.0-fast", "seedance-2.0-mini"},
}
ROWS = [(vendor, row) for vendor in vendor_names() for row in vendor_data(vendor).rows]
PRICES = [(vendor, price) for vendor in vendor_names() for price in vendor_data(vendor).prices]


def test_vendors() -> None:
    """The four vendors have a file each."""
    assert vendor_names() == ("anyfast", "evolink", "modelark", "toapis")


@pytest.mark.parametrize("vendor", FAMILIES)
def test_families(vendor: str) -> None:
    """Every model that the vendor's contract names is there."""
    assert {row.family for row in vendor_data(vendor).rows} == FAMILIES[vendor]


@pytest.mark.parametrize(("vendor", "row"), ROWS, ids=lambda part: getattr(part, "family", part))
def test_row_is_traceable(vendor: str, row: Row) -> None:
    """Each row says where it comes from and when that was looked at."""
    assert {"source", "checked"} <= row.model_fields_set


@pytest.mark.parametrize(("vendor", "price"), PRICES, ids=lambda part: getattr(part, "family", part))
def test_price_is_traceable(vendor: str, price: Price) -> None:
    """Each price says where it comes from and when that was looked at."""
    assert {"source", "checked"} <= price.model_fields_set


def test_prices_belong_to_rows() -> None:
    """A price is for a family that the vendor has."""
    assert all(price.family in FAMILIES[vendor] for vendor, price in PRICES)


def test_no_two_prices_hold_for_one_request() -> None:
    """For a request whose facts are all known, the conditions leave one price."""
    for vendor, price in PRICES:
        twins = [
            other
            for each, other in PRICES
            if (each, other.family, other.regions, other.when)
            == (vendor, price.family, price.regions, price.when)
        ]
        assert twins == [price]


def test_regions_have_ids() -> None:
    """Each row has an id in each of its vendor's regions."""
    assert all(set(row.ids) == set(vendor_data(vendor).regions) for vendor, row in ROWS)


def test_ids_are_unique() -> None:
    """No id or alias of a vendor stands for two rows."""
    for vendor in vendor_names():
        names = [name for row in vendor_data(vendor).rows for name in (*row.ids.values(), *row.aliases)]
        assert len(names) == len(set(names))


def test_modes_do_not_overlap() -> None:
    """A family and a mode name one row."""
    for vendor in vendor_names():
        pairs = [(row.family, mode) for row in vendor_data(vendor).rows for mode in row.modes]
        assert len(pairs) == len(set(pairs))


def test_pixel_tables_cover_the_ratios() -> None:
    """A table has a size for each fixed ratio of each resolution, as wide and as high as the ratio says."""
    for vendor in vendor_names():
        for table in vendor_data(vendor).pixels.values():
            for sizes in table.values():
                assert set(sizes) == {"16:9", "4:3", "1:1", "3:4", "9:16", "21:9"}
                for ratio, (width, height) in sizes.items():
                    across, down = map(int, ratio.split(":"))
                    assert width / height == pytest.approx(across / down, rel=0.04)


def test_row_tables_exist() -> None:
    """A row's table is one of the file's."""
    assert all(row.pixels is None or row.pixels in vendor_data(vendor).pixels for vendor, row in ROWS)


def test_patterns_compile() -> None:
    """Patterns of vendor options are regular expressions, and have words for users."""
    for vendor in vendor_names():
        for spec in vendor_data(vendor).vendor_options.values():
            if spec.pattern is not None:
                re.compile(spec.pattern)
                assert spec.description


@pytest.mark.parametrize(
    ("vendor", "region", "family", "mode"),
    [
        (vendor, region, row.family, mode)
        for vendor, row in ROWS
        for region in vendor_data(vendor).regions
        for mode in row.modes
    ],
)
def test_every_family_resolves(vendor: str, region: str, family: str, mode: Mode) -> None:
    """A family name becomes the id of its region and mode, and that id is then left alone."""
    catalog = Catalog.load(vendor, region)
    prompt = None if mode is Mode.DRAFT_FINAL else "A cat"
    resolution = "720p" if family.endswith("ultra") else None
    request = GenerationRequest(
        prompt=prompt,
        model=family,
        resolution=resolution,
        **MEDIA_OF_MODE[mode],
    )
    prepared = catalog.prepare(request)
    [row] = [row for row in vendor_data(vendor).rows if row.family == family and mode in row.modes]
    assert prepared.model == row.ids[region]
    assert catalog.prepare(prepared) == prepared

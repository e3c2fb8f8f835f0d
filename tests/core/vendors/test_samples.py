"""Every sample request of the four wire contracts (``golden/<vendor>/requests.json``)."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.models import GenerationRequest

GOLDEN = Path(__file__).parent / "golden"
PATHS = {
    "modelark": "/api/v3/contents/generations/tasks",
    "evolink": "/v1/videos/generations",
    "anyfast": "/v1/video/generations",
    "toapis": "/v1/videos/generations",
}
SAMPLES = [
    pytest.param(vendor, sample["request"], sample["body"], id=f"{vendor}: {sample['name']}")
    for vendor in PATHS
    for sample in json.loads((GOLDEN / vendor / "requests.json").read_text())
]


@pytest.mark.parametrize(("vendor", "request_fields", "body"), SAMPLES)
def test_a_sample_request_is_produced_field_for_field(
    vendor: str, request_fields: dict[str, Any], body: dict[str, Any]
) -> None:
    """Our neutral fields give exactly the contract's body, at the contract's path, and are sent once."""
    dialect = import_module(f"airflow_provider_seedance.core.vendors.{vendor}").VENDOR
    call = dialect.generations.create(GenerationRequest.parse(request_fields))
    assert body == call.request.body.json
    assert ("POST", PATHS[vendor], ()) == (call.request.method, call.request.path, call.request.query)
    assert not call.repeatable


@pytest.mark.parametrize("vendor", PATHS)
def test_vendor_options_win(vendor: str) -> None:
    """What the caller puts into vendor_options reaches the wire as it is, over our own fields."""
    dialect = import_module(f"airflow_provider_seedance.core.vendors.{vendor}").VENDOR
    options = {"duration": 9, "brand_new": {"a": [None, 1]}}
    call = dialect.generations.create(GenerationRequest(prompt="p", duration=5, vendor_options=options))
    assert options == {name: call.request.body.json[name] for name in options}


@pytest.mark.parametrize("vendor", PATHS)
def test_an_id_cannot_leave_its_place_in_the_path(vendor: str) -> None:
    """An id with a slash or a question mark stays one path segment."""
    dialect = import_module(f"airflow_provider_seedance.core.vendors.{vendor}").VENDOR
    assert dialect.generations.get("a/b?c").request.path.endswith("/a%2Fb%3Fc")


@pytest.mark.parametrize("vendor", PATHS)
def test_media_and_prompts_stay_out_of_the_repr(vendor: str) -> None:
    """A logged call shows neither the prompt nor the media."""
    dialect = import_module(f"airflow_provider_seedance.core.vendors.{vendor}").VENDOR
    assert "secret plot" not in repr(dialect.generations.create(GenerationRequest(prompt="secret plot")))

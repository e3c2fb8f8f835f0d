"""Two readings of each contract: what the catalog refuses before paying, and what the emulator refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.emulator.vendors.anyfast.models import MODELS as ANYFAST_MODELS
from airflow_provider_seedance.emulator.vendors.ark.models import MODELS as ARK_MODELS
from airflow_provider_seedance.emulator.vendors.toapis.models import MODELS as TOAPIS_MODELS
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest
from tests.contract.edges import Fields, edges

#: The emulator's list of models: it may know one that the catalog has forgotten, but not the other way round.
MODELS = [
    *(("modelark", model) for model in ARK_MODELS if not model.startswith("doubao-seedance-1")),
    *(("anyfast", model) for model in ANYFAST_MODELS),
    *(("toapis", model) for model in TOAPIS_MODELS),
    *(
        ("evolink", f"seedance-2.0-{tier}{mode}-to-video")
        for tier in ("", "fast-", "mini-")
        for mode in ("text", "image", "reference")
    ),
]
#: Where the catalog refuses what the vendor takes: vendor, the beginning of what it says, and why.
CATALOG_ALONE = (
    ("anyfast", "priority=", "undocumented: what it would do is unknown, and it is never to be sent"),
    ("anyfast", "service_tier=", "undocumented, likewise"),
    ("evolink", "first_frame='http", "a frame and a reference image look alike there; the model id decides"),
    ("evolink", "last_frame='http", "likewise"),
    ("evolink", "reference_images=", "likewise"),
)


def _raw(vendor: str, request: GenerationRequest) -> dict[str, Any]:
    body = load_vendor(vendor).generations.create(request).request.body.json
    assert body is not None
    return dict(body)


def _never_sent(vendor: str, fields: Fields, field: str) -> bool:
    """Whether the vendor's body has no place for the field: then only the catalog can refuse it."""
    without = {name: value for name, value in fields.items() if name != field}
    return _raw(vendor, GenerationRequest(**fields)) == _raw(vendor, GenerationRequest(**without))


class Judges:
    """The two verdicts about one request."""

    def __init__(self, emulator: Emulator, http: httpx.Client, vendor: str, model: str) -> None:
        dialect = load_vendor(vendor)
        region = "cn-beijing" if (vendor, model[:6]) == ("modelark", "doubao") else dialect.regions[0]
        self.vendor = vendor
        self.catalog = Catalog.load(vendor, region)
        self._http = http
        self._url = (
            emulator.vendor_url(vendor)
            + dialect.generations.create(GenerationRequest(prompt="x")).request.path
        )

    def disagreement(self, fields: Fields) -> str | None:
        """What one lets through and the other does not; ``None`` if they are of one mind."""
        request = GenerationRequest(**fields)
        try:
            prepared = self.catalog.prepare(request)
        except RequestInvalid as refusal:
            problem = refusal.problems[0]
            known = any(
                vendor == self.vendor and str(problem).lower().startswith(said.lower())
                for vendor, said, _ in CATALOG_ALONE
            )
            taken = not known and not _never_sent(self.vendor, fields, problem.field) and self._taken(request)
            return f"only the catalog refuses {fields}: {problem}" if taken else None
        return None if self._taken(prepared) else f"only the vendor refuses {fields}"

    def _taken(self, request: GenerationRequest) -> bool:
        answer = self._http.post(self._url, json=_raw(self.vendor, request))
        assert answer.status_code < 500 or "no available channel" in answer.text, answer.text
        return answer.status_code == 200


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(headers={"Authorization": "Bearer sk-one"}, trust_env=False) as client:
        yield client


@pytest.mark.parametrize(("vendor", "model"), MODELS)
def test_both_refuse_the_same(vendor: str, model: str, emulator: Emulator, http: httpx.Client) -> None:
    """On both sides of every edge; the exceptions are named in CATALOG_ALONE."""
    judges = Judges(emulator, http, vendor, model)
    base = {"model": model, **({"resolution": "720p"} if model.endswith("-ultra") else {})}
    found = [judges.disagreement(fields) for fields in edges(vendor, base)]
    assert [each for each in found if each] == []


@pytest.mark.parametrize(("vendor", "model"), MODELS)
def test_the_catalog_knows_every_model(vendor: str, model: str) -> None:
    """Whatever the emulator offers: an unknown one would go out unchecked, with any duration."""
    catalog = Catalog.load(vendor, load_vendor(vendor).regions[0])
    with pytest.raises(RequestInvalid, match="duration=999"):
        catalog.prepare(GenerationRequest(model=model, prompt="x", duration=999))


@pytest.mark.parametrize("vendor", ["anyfast", "modelark", "toapis", "evolink"])
def test_a_resolution_that_must_be_given(vendor: str, emulator: Emulator, http: httpx.Client) -> None:
    """AnyFast's ultra model has no default, and both say so; no other model of any vendor needs one."""
    for model in [model for name, model in MODELS if name == vendor]:
        judges = Judges(emulator, http, vendor, model)
        assert judges.disagreement({"model": model, "prompt": "x"}) is None

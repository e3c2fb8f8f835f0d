"""Where a video comes from and goes to."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.lifecycle.lineage import (
    dataset_name,
    lineage_of_download,
    lineage_of_generation,
    lineage_of_publication,
)

SOURCE = {"vendor": "modelark", "generation_id": "cgt-1", "model": "seedance-2.0"}
COST = {"amount": "0.45", "currency": "USD", "basis": "billed"}
MANIFEST: dict[str, Any] = {
    "uri": "s3://b/landing/v.mp4",
    "source": SOURCE,
    "provenance": {"mode": "reference", "cost": COST},
}
FACTS = {**SOURCE, "mode": "reference", "cost": COST}


@pytest.mark.parametrize(
    ("request_fields", "inputs"),
    [
        ({"prompt": "A fox"}, ()),
        ({"first_frame": "s3://b/a.png", "last_frame": None}, ("s3://b/a.png",)),
        ({"reference_images": ["/tmp/a.png", "asset://x"]}, ("/tmp/a.png", "asset://x")),
        ({"reference_videos": "https://h/v.mp4?sig=abc"}, ("https://h/v.mp4?***",)),
        ({"first_frame": "data:image/png;base64,AAAA"}, ()),
    ],
)
def test_a_generation_is_made_of_its_media(request_fields, inputs) -> None:
    """Named without what opens them."""
    lineage = lineage_of_generation(request_fields, {**SOURCE, "manifest": MANIFEST, **MANIFEST})
    assert [uri.partition("?")[0] for uri in lineage.inputs] == [uri.partition("?")[0] for uri in inputs]
    assert "abc" not in str(lineage)
    assert lineage.outputs == ("s3://b/landing/v.mp4",)
    assert lineage.facts == FACTS


def test_without_a_file_the_generation_stands_for_it() -> None:
    """So that the download goes on from there."""
    made = lineage_of_generation({}, {**SOURCE, "provenance": None})
    fetched = lineage_of_download(MANIFEST)
    assert made.outputs == fetched.inputs == ("seedance://modelark/cgt-1",)
    assert fetched.outputs == ("s3://b/landing/v.mp4",)


def test_a_publication_goes_on_from_the_landed_file() -> None:
    lineage = lineage_of_publication({"uri": "s3://b/public/v.mp4", "manifest": MANIFEST})
    assert (lineage.inputs, lineage.outputs) == (("s3://b/landing/v.mp4",), ("s3://b/public/v.mp4",))
    assert lineage.facts == FACTS


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("/tmp/v.mp4", ("file", "/tmp/v.mp4")),
        ("file:///tmp/v.mp4", ("file", "/tmp/v.mp4")),
        ("s3://conn@bucket/a/v.mp4", ("s3://bucket", "a/v.mp4")),
        ("https://h:8080/a.png", ("https://h:8080", "a.png")),
        ("seedance://modelark/cgt-1", ("seedance://modelark", "cgt-1")),
        ("https://h", ("https://h", "/")),
    ],
)
def test_datasets_are_named_as_openlineage_does(uri, name) -> None:
    assert dataset_name(uri) == name

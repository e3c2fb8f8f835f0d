"""Which way a file takes to which vendor."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from airflow_provider_seedance.core.media.content import MediaFile, RequestMedia
from airflow_provider_seedance.core.media.plan import Abilities, plan_delivery
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest
from tests.core.media.test_check import CATALOGS, FIELD, GOOD


@dataclass(frozen=True)
class InStore:
    def __str__(self) -> str:
        return "s3://bucket/key"


def _plan(vendor, *infos, path=None, staging=False):
    files = {}
    fields: dict[str, list[str]] = {}
    for number, info in enumerate(infos):
        file = MediaFile(f"{number:064x}", info, f"/media/{number}", path or Path("/media/a"), io.BytesIO)
        files[file.reference] = file
        fields.setdefault(FIELD[str(info.kind)], []).append(file.reference)
    media = RequestMedia(GenerationRequest(prompt="x", **fields), files)
    abilities = Abilities(vendor in ("evolink", "toapis"), staging)
    return list(plan_delivery(CATALOGS[vendor], media, abilities).values())


@pytest.mark.parametrize(
    ("vendor", "kind", "way"),
    [
        ("modelark", "image", "data"),
        ("modelark", "audio", "data"),
        ("evolink", "image", "upload"),
        ("evolink", "video", "upload"),
        ("anyfast", "image", "data"),
        ("toapis", "image", "upload"),
        ("toapis", "video", "upload"),
    ],
)
def test_a_local_file(vendor, kind, way) -> None:
    assert _plan(vendor, GOOD[kind]) == [way]


@pytest.mark.parametrize("vendor", ["modelark", "anyfast"])
def test_a_video_needs_a_link_where_the_vendor_takes_no_file(vendor) -> None:
    """The store's own, or one in the staging folder; without either the refusal names the remedies."""
    assert _plan(vendor, GOOD["video"], staging=True) == ["presign"]
    assert _plan(vendor, GOOD["video"], path=InStore()) == ["presign"]
    with pytest.raises(RequestInvalid, match=r"\[seedance\] staging") as refused:
        _plan(vendor, GOOD["video"])
    assert refused.value.problems[0].field == "reference_videos[0]"


def test_what_an_upload_does_not_take_goes_another_way() -> None:
    """ToAPIs takes uploads of 10 MB, and JPEG, PNG, WebP and GIF."""
    large = replace(GOOD["image"], bytes=11_000_000)
    assert _plan("toapis", large) == ["data"]
    assert _plan("toapis", large, staging=True) == ["presign"]
    assert _plan("toapis", replace(GOOD["image"], format="bmp")) == ["data"]


def test_a_request_holds_no_more_than_the_body_may() -> None:
    """Two files of 20 MB fit into 64 MB in base64, a third one does not."""
    large = replace(GOOD["image"], bytes=20_000_000)
    assert _plan("modelark", large, large) == ["data", "data"]
    assert _plan("modelark", large, large, large, staging=True) == ["data", "data", "presign"]
    with pytest.raises(RequestInvalid):
        _plan("modelark", large, large, large)

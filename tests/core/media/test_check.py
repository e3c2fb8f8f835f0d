"""Each limit of the catalog holds on both sides."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.media.check import check_media
from airflow_provider_seedance.core.media.content import MediaFile, RequestMedia
from airflow_provider_seedance.core.media.probe import MediaInfo, probe
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest
from tests.core.media.files import heif

CATALOGS = {
    "modelark": Catalog.load("modelark", "ap-southeast"),
    "evolink": Catalog.load("evolink", "global"),
    "anyfast": Catalog.load("anyfast", "global"),
    "toapis": Catalog.load("toapis", "global"),
}
GOOD = {
    "image": MediaInfo("png", 1_000, 1_000, 800),
    "video": MediaInfo("mp4", 1_000, 1_280, 720, 5.0, 24.0, "h264", "aac"),
    "audio": MediaInfo("wav", 1_000, seconds=5.0),
}
FIELD = {"image": "reference_images", "video": "reference_videos", "audio": "reference_audios"}
#: Kind, what is measured, the largest value that is taken, and one just above it.
MOST = [
    ("image", "bytes", 30_000_000, 30_000_001),
    ("image", "width", 2_000, 2_001),
    ("video", "bytes", 50_000_000, 50_000_001),
    ("video", "seconds", 15.2, 15.21),
    ("video", "fps", 60.0, 60.1),
    ("audio", "bytes", 15_000_000, 15_000_001),
    ("audio", "seconds", 15.2, 15.21),
]
#: Likewise the smallest.
LEAST = [
    ("image", "width", 320, 319),
    ("video", "seconds", 2.0, 1.99),
    ("video", "fps", 24.0, 23.7),
    ("audio", "seconds", 2.0, 1.99),
]

each_vendor = pytest.mark.parametrize("vendor", CATALOGS)


def _media(*infos: MediaInfo, kinds: tuple[str, ...] = (), model: str = "seedance-2.0") -> RequestMedia:
    files = {}
    fields: dict[str, list[str]] = {}
    for number, info in enumerate(infos):
        digest = f"{number:064x}"
        file = MediaFile(digest, info, f"/media/{number}", Path("/media"), io.BytesIO)
        files[file.reference] = file
        kind = kinds[number] if kinds else str(info.kind)
        fields.setdefault(FIELD[kind], []).append(file.reference)
    return RequestMedia(GenerationRequest(prompt="x", model=model, **fields), files)


def _refusal(vendor: str, *infos: MediaInfo, **options) -> str | None:
    try:
        check_media(CATALOGS[vendor], _media(*infos, **options))
    except RequestInvalid as refused:
        return str(refused)
    return None


@each_vendor
@pytest.mark.parametrize(("kind", "quantity", "inside", "outside"), [*MOST, *LEAST])
def test_a_limit_holds_on_both_sides(vendor, kind, quantity, inside, outside) -> None:
    assert _refusal(vendor, replace(GOOD[kind], **{quantity: inside})) is None
    words = _refusal(vendor, replace(GOOD[kind], **{quantity: outside}))
    assert words
    assert f"{FIELD[kind]}[0]='/media/0'" in words
    assert vendor in words


@given(
    vendor=st.sampled_from(sorted(CATALOGS)),
    width=st.integers(1, 7_000),
    height=st.integers(1, 7_000),
)
def test_a_picture_is_taken_by_its_sides_and_its_shape(vendor, width, height) -> None:
    allowed = min(width, height) >= 300 and max(width, height) <= 6_000 and 0.4 <= width / height <= 2.5
    info = replace(GOOD["image"], width=width, height=height)
    assert (_refusal(vendor, info) is None) is allowed


@given(vendor=st.sampled_from(sorted(CATALOGS)), lengths=st.lists(st.floats(2, 15.2), min_size=2, max_size=3))
def test_all_videos_together_have_a_limit_too(vendor, lengths) -> None:
    infos = [replace(GOOD["video"], seconds=seconds) for seconds in lengths]
    assert (_refusal(vendor, *infos) is None) is (sum(lengths) <= 15.2)


@each_vendor
@pytest.mark.parametrize(
    ("kind", "info"),
    [("image", GOOD["video"]), ("video", GOOD["audio"]), ("audio", MediaInfo(None, 10))],
)
def test_the_content_decides_what_a_file_is(vendor, kind, info) -> None:
    assert f"the kind {kind}" in (_refusal(vendor, info, kinds=(kind,)) or "")


@pytest.mark.parametrize(("vendor", "form"), [("evolink", "gif"), ("toapis", "heic"), ("evolink", "tiff")])
def test_a_format_that_is_not_taken_names_those_that_are(vendor, form) -> None:
    words = _refusal(vendor, replace(GOOD["image"], format=form)) or ""
    assert "jpeg, png, webp" in words
    assert f"this is {form}" in words


@pytest.mark.parametrize(
    ("vendor", "content", "words"),
    [
        ("modelark", heif((6_001, 4_000)), "at most 6000 pixels, and this file has 6001"),
        ("modelark", heif((299, 400), brand=b"mif1"), "at least 300"),
        ("anyfast", heif((3_000, 1_000)), "at most 2.5, and this file has 3"),
        ("anyfast", heif((6_000, 4_000), brand=b"mif1"), None),
        ("modelark", heif((4_032, 3_024)), None),
    ],
)
def test_a_picture_of_a_phone_is_held_against_the_limits(vendor, content, words) -> None:
    refusal = _refusal(vendor, probe(io.BytesIO(content), len(content)))
    assert refusal is None if words is None else words in (refusal or "")


def test_the_error_says_who_takes_the_file() -> None:
    words = _refusal("modelark", replace(GOOD["video"], seconds=16.0)) or ""
    assert "at most 15.2 seconds, and this file has 16" in words
    assert "seedance-2.5 at modelark would take it" in words
    assert "no vendor is known to take it" in (_refusal("modelark", replace(GOOD["video"], fps=99.0)) or "")


def test_a_codec_is_checked_where_the_contract_names_some() -> None:
    assert "h264 or hevc" in (_refusal("modelark", replace(GOOD["video"], video_codec="av1")) or "")
    assert _refusal("evolink", replace(GOOD["video"], video_codec="av1")) is None


def test_an_unknown_model_has_no_limits_but_the_kind() -> None:
    assert _refusal("modelark", replace(GOOD["video"], seconds=99.0), model="ep-1") is None
    assert _refusal("modelark", GOOD["video"], model="ep-1", kinds=("image",))


def test_what_could_not_be_checked_is_said_in_one_line(caplog) -> None:
    blind = replace(GOOD["image"], width=None, height=None, unmeasured=("side", "ratio"))
    with caplog.at_level(logging.WARNING):
        assert _refusal("toapis", blind, blind) is None
    (line,) = caplog.messages
    assert "width and height" in line
    assert "reference_images[1]" in line
    assert "[media]" in line

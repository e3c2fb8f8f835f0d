"""The size of a HEIC or HEIF image, by its boxes alone."""

from __future__ import annotations

import io
import struct
import sys

import pytest

from airflow_provider_seedance.core.media.probe import Unreadable, probe
from tests.core.media.files import box, heif

TILE, PHOTO, PREVIEW = (512, 512), (4032, 3024), (320, 240)


def _probe(content: bytes):
    return probe(io.BytesIO(content), len(content))


def _size(content: bytes) -> tuple[int | None, int | None]:
    info = _probe(content)
    assert info.unmeasured == ()
    return info.width, info.height


@pytest.mark.parametrize(
    ("brand", "form"), [(b"heic", "heic"), (b"heix", "heic"), (b"mif1", "heif"), (b"msf1", "heif")]
)
def test_the_size_is_told_without_a_library(brand, form, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    info = _probe(heif(PHOTO, brand=brand))
    assert (info.kind, info.format, info.width, info.height) == ("image", form, *PHOTO)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("primary", "size"), [(1, TILE), (2, PHOTO), (3, PREVIEW), (None, PHOTO), (9, PHOTO)]
)
def test_of_several_images_the_primary_one_counts_and_else_the_largest(primary, size, wide) -> None:
    assert _size(heif(TILE, PHOTO, PREVIEW, primary=primary, wide=wide)) == size


@pytest.mark.parametrize(("turned", "size"), [(0, PHOTO), (1, PHOTO[::-1]), (2, PHOTO), (3, PHOTO[::-1])])
def test_an_image_has_the_size_that_it_is_shown_with(turned, size) -> None:
    assert _size(heif(PHOTO, turned=turned)) == size


@pytest.mark.parametrize(
    "content",
    [
        heif(),
        box(b"ftyp", b"heic", bytes(4)),
        box(b"ftyp", b"mif1", bytes(4)) + box(b"meta", full=True) + box(b"mdat", bytes(9)),
        box(b"ftyp", b"heic", bytes(4)) + box(b"meta", box(b"iprp"), full=True) + box(b"mdat"),
    ],
)
def test_a_file_that_does_not_tell_its_size_is_let_through_as_unmeasured(content) -> None:
    info = _probe(content)
    assert (info.kind, info.width, info.height, info.unmeasured) == ("image", None, None, ("side", "ratio"))


@pytest.mark.parametrize("left", [13, 30, 60, 120, 150, len(heif(PHOTO)) - 1])
def test_a_file_that_is_cut_off_says_so(left) -> None:
    with pytest.raises(Unreadable, match="it is not a whole image"):
        _probe(heif(PHOTO)[:left])


@pytest.mark.parametrize("rest", [b"\0", bytes(40), b"appended"])
def test_bytes_after_a_whole_image_do_no_harm(rest) -> None:
    assert _size(heif(PHOTO) + rest) == PHOTO


@pytest.mark.parametrize(
    "table",
    [
        struct.pack(">II", 0, 2**32 - 1),
        struct.pack(">IIHB", 0, 1, 1, 255),
        struct.pack(">II", 0, 1),
        b"",
    ],
)
def test_a_table_that_claims_more_than_it_has_says_so(table) -> None:
    ipco = box(b"ipco", box(b"ispe", struct.pack(">II", *PHOTO), full=True))
    pitm = box(b"pitm", struct.pack(">H", 1), full=True)
    meta = box(b"meta", pitm, box(b"iprp", ipco, box(b"ipma", table)), full=True)
    with pytest.raises(Unreadable, match="too short"):
        _probe(box(b"ftyp", b"heic", bytes(4)) + meta + box(b"mdat"))

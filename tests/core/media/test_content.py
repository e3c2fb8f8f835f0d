"""Files of a request, named by their content."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from airflow_provider_seedance.core.media.content import FileReader, named_by
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest
from tests.core.media.files import image


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "a picture.png"
    path.write_bytes(image())
    return path


def _identified(known=None, **fields):
    return FileReader(Path).identify(GenerationRequest.parse(fields), known)


def test_the_same_content_is_the_same_request_wherever_it_lies(picture, tmp_path) -> None:
    """A path, a ``file:`` URI, a copy, a ``data:`` URI: one fingerprint."""
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(picture.read_bytes())
    data = f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"
    forms = (str(picture), picture.as_uri(), str(copy), data)
    assert len({fingerprint(_identified(first_frame=form).request) for form in forms}) == 1


def test_other_content_under_the_same_name_is_another_request(picture) -> None:
    before = fingerprint(_identified(first_frame=str(picture)).request)
    picture.write_bytes(image(641))
    assert fingerprint(_identified(first_frame=str(picture)).request) != before


def test_links_and_assets_stay_as_they_are(picture) -> None:
    links = ("https://h/a.png", "asset://asset-1", str(picture))
    media = _identified(reference_images=links)
    assert media.request.reference_images[:2] == links[:2]
    assert media.request.reference_images[2].startswith("sha256:")
    assert [place for place, _, _ in media.of_request()] == ["reference_images[2]"]


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("/no/such.png", "no such file"),
        ("/", "directory"),
        ("data:image/png;base64,@@@", "not base64"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png,AAAA", "base64"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_its_place(link, words) -> None:
    with pytest.raises(RequestInvalid, match=words) as refused:
        _identified(reference_images=["https://h/a.png", link])
    assert refused.value.problems[0].field == "reference_images[1]"


def test_a_file_that_is_gone_is_known_from_the_record(picture) -> None:
    """What was paid for before is found again; the file itself cannot be sent any more."""
    before = _identified(first_frame=str(picture))
    picture.unlink()
    after = _identified(before.keys, first_frame=str(picture))
    assert after.request == before.request
    assert not after.files
    assert "no such file" in next(iter(after.missing.values()))
    assert named_by(GenerationRequest(first_frame=str(picture)), before.keys) == before.request

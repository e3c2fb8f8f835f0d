"""Uploads: what is sent, and what the answers of both file services come to."""

from __future__ import annotations

import io
import json
from datetime import datetime, timezone

import pytest

from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import FormBody, HttpResponse, Upload
from airflow_provider_seedance.errors import Kind, MalformedReply, ValidationRefused, VendorRefusal

FILE = Upload("image", "abcd.png", "image/png", 3, lambda: io.BytesIO(b"abc"))
EVOLINK = {
    "success": True,
    "code": 200,
    "msg": "File uploaded successfully",
    "data": {
        "file_id": "file_abc123",
        "file_url": "https://files.evolink.ai/seedance/abcd.png",
        "expires_at": "2025-10-12T00:00:00+08:00",
    },
}
TOAPIS = {
    "success": True,
    "message": "",
    "data": {"id": "upload_abc12345", "url": "https://files.toapis.com/uploads/123/abcd.png", "size": 3},
}
each_service = pytest.mark.parametrize("vendor", ["evolink", "toapis"])


def _upload(vendor: str):
    files = load_vendor(vendor).files
    assert files
    return files.upload(FILE)


def _read(vendor: str, body: object, status: int = 200):
    return _upload(vendor).read(HttpResponse(status, {}, json.dumps(body).encode(), 0.0))


@each_service
def test_a_file_is_sent_as_a_form_to_the_service_that_takes_it(vendor) -> None:
    request = _upload(vendor).request
    assert (request.method, request.service) == ("POST", {"evolink": "files", "toapis": "api"}[vendor])
    assert isinstance(request.body, FormBody)
    (part,) = request.body.files
    assert (part.name, part.filename, part.content_type, part.size) == ("file", "abcd.png", "image/png", 3)


def test_an_upload_has_a_link_and_an_end() -> None:
    made = _read("evolink", EVOLINK)
    assert made.url == EVOLINK["data"]["file_url"]
    assert made.expires_at == datetime(2025, 10, 11, 16, tzinfo=timezone.utc)
    assert _read("toapis", TOAPIS).expires_at is None
    assert "files." not in repr(made)


@each_service
@pytest.mark.parametrize("status", [200, 400])
def test_a_refusal_counts_whatever_its_status(vendor, status) -> None:
    """``success: false`` may come with HTTP 200."""
    body = {"success": False, "code": 400, "msg": "Unsupported file type", "message": "Unsupported file type"}
    with pytest.raises(VendorRefusal, match="Unsupported file type") as refused:
        _read(vendor, body, status)
    assert not refused.value.retryable or status == 200
    if status == 400:
        assert isinstance(refused.value, ValidationRefused)


@pytest.mark.parametrize("status", [200, 403])
def test_a_full_quota_is_told_from_other_refusals(status) -> None:
    with pytest.raises(VendorRefusal, match="72 hours") as refused:
        _read("evolink", {"success": False, "code": 403, "msg": "File quota exceeded"}, status)
    assert refused.value.kind is Kind.BALANCE


@each_service
@pytest.mark.parametrize("data", [None, {}, {"url": "ftp://h/x", "file_url": "ftp://h/x"}, []])
def test_an_upload_without_a_link_is_none(vendor, data) -> None:
    with pytest.raises(MalformedReply):
        _read(vendor, {"success": True, "code": 200, "data": data})


@pytest.mark.parametrize("when", ["2025-10-12", "tomorrow", 7, None, "9999-99-99T00:00:00Z"])
def test_an_end_that_cannot_be_read_is_not_known(when) -> None:
    body = {**EVOLINK, "data": {**EVOLINK["data"], "expires_at": when}}
    assert _read("evolink", body).expires_at is None

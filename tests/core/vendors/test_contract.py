"""HTTP as plain values."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    Credential,
    GenerationCalls,
    HttpResponse,
    Service,
    Vendor,
)
from airflow_provider_seedance.errors import MalformedReply

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30.0),
        ("Fri, 15 Jan 2027 08:00:30 -0000", 30.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("soon", None),
        ("3601", 3_600.0),
        ("999999999", 3_600.0),
        ("Fri, 15 Jan 2027 12:00:00 GMT", 3_600.0),
        ("-1", None),
        ("²", None),
        ("nan", None),
        ("1, 15 Jan 99999999999 08:00:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Both forms of the header are understood, at most an hour, and a value nobody can read is no wish."""
    assert seconds == HttpResponse(429, {"retry-after": header}, b"", NOW).retry_after


def test_no_retry_after() -> None:
    """Without the header there is no wish."""
    assert HttpResponse(429, {}, b"", NOW).retry_after is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<html><title>502</title>", "<html>"),
        (b"[1]", "[1]"),
        (b"\xff\xfe", "not a JSON object"),
        (b"[" * 200_000, "not a JSON object"),
    ],
)
def test_what_is_not_a_json_object_is_malformed(content: bytes, words: str) -> None:
    """The error shows how the body begins, and that the request may have been accepted."""
    with pytest.raises(MalformedReply, match="not a JSON object") as caught:
        HttpResponse(200, {"retry-after": "2"}, content, NOW).json_object()
    assert words in str(caught.value)
    assert (
        caught.value.http_status,
        caught.value.retry_after,
        caught.value.maybe_accepted,
    ) == (200, 2.0, True)


def test_a_malformed_answer_does_not_show_a_signed_link() -> None:
    """A body that is a bare link is shown without its signature."""
    with pytest.raises(MalformedReply) as caught:
        HttpResponse(200, {}, b"https://h/v.mp4?X-Tos-Signature=abc", NOW).json_object()
    assert "abc" not in str(caught.value)


def test_the_first_region_is_the_default() -> None:
    """A connection without a region uses the first one that the vendor names."""
    nothing: Any = None
    api = Service(API, {"a": "https://a", "b": "https://b"})
    vendor = Vendor("v", (api,), GenerationCalls(create=nothing, get=nothing), AccountCalls(probe=nothing))
    assert vendor.regions == ("a", "b")


def test_a_service_is_known_by_its_name() -> None:
    """What a request goes to, and what it shows there."""
    nothing: Any = None
    services = (Service(API, {"a": "https://a"}), Service("files", {"a": "https://f"}, Credential.NONE))
    vendor = Vendor("v", services, GenerationCalls(create=nothing, get=nothing), AccountCalls(probe=nothing))
    assert vendor.service("files").base_urls == {"a": "https://f"}
    assert vendor.service(API).credential is Credential.BEARER

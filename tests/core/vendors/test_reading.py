"""Tolerant reading of vendors' JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors import reading
from airflow_provider_seedance.core.vendors.reading import ErrorDetails
from airflow_provider_seedance.errors import Kind, MalformedReply
from airflow_provider_seedance.models import Status

INFINITY = float("inf")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Kind.VALIDATION),
        (401, Kind.AUTHENTICATION),
        (402, Kind.BALANCE),
        (403, Kind.AUTHENTICATION),
        (404, Kind.NOT_FOUND),
        (408, Kind.OVERLOAD),
        (409, Kind.CONFLICT),
        (413, Kind.VALIDATION),
        (422, Kind.VALIDATION),
        (429, Kind.RATE_LIMIT),
        (500, Kind.OVERLOAD),
        (503, Kind.OVERLOAD),
        (302, Kind.UNKNOWN),
    ],
)
def test_kind_of_status(status: int, kind: Kind) -> None:
    """A status alone says this much."""
    assert kind is reading.kind_of_status(status)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (reading.as_text, " a ", "a"),
        (reading.as_text, 404, "404"),
        (reading.as_text, "\ud800!", "?!"),
        (reading.as_text, "  ", None),
        (reading.as_text, True, None),
        (reading.as_text, ["a"], None),
        (reading.as_int, 5, 5),
        (reading.as_int, 5.9, 5),
        (reading.as_int, "5", None),
        (reading.as_int, False, None),
        (reading.as_int, INFINITY, None),
        (reading.as_int, 10**400, None),
        (reading.as_number, 5.04, 5.04),
        (reading.as_number, float("nan"), None),
        (reading.as_bool, False, False),
        (reading.as_bool, 0, None),
        (reading.as_decimal, "0.135", Decimal("0.135")),
        (reading.as_decimal, 1095.3996, Decimal("1095.3996")),
        (reading.as_decimal, "a lot", None),
        (reading.as_decimal, INFINITY, None),
        (reading.as_decimal, True, None),
        (reading.as_time, 1779348818, datetime(2026, 5, 21, 7, 33, 38, tzinfo=timezone.utc)),
        (reading.as_time, 0, None),
        (reading.as_time, -5, None),
        (reading.as_time, 10**18, None),
        (reading.as_link, "https://h/v.mp4", "https://h/v.mp4"),
        (reading.as_link, "file:///etc/passwd", None),
        (reading.as_link, None, None),
        (reading.as_dict, [], {}),
        (reading.first, ["a", "b"], "a"),
        (reading.first, [], None),
        (reading.first, {"0": "a"}, None),
        (reading.json_or_nothing, '{"a": 1}', {"a": 1}),
        (reading.json_or_nothing, b"<html>", {}),
        (reading.json_or_nothing, "[1]", {}),
    ],
)
def test_a_value_of_the_wrong_type_is_absent(read: Callable[[Any], Any], value: Any, expected: Any) -> None:
    """Each reader takes what fits and gives nothing for the rest."""
    assert expected == read(value)


def test_the_first_link_wins() -> None:
    """Places are tried in order; what is not a link is passed over."""
    assert reading.first_link(None, "", 5, "http://a", "http://b") == "http://a"
    assert reading.first_link(None, "no") is None


def test_expiry() -> None:
    """A link dies its life after it was made, if that is known and before the end of time."""
    made = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert made + timedelta(hours=1) == reading.expiry(made, 3600)
    assert reading.expiry(None, 3600) is None
    assert reading.expiry(datetime.max.replace(tzinfo=timezone.utc), 3600) is None


def test_required(reply: Callable[..., Any]) -> None:
    """What the contract promises and the answer lacks makes the answer malformed."""
    assert reading.required(reply(), "id", "x") == "x"
    with pytest.raises(MalformedReply, match="the answer has no id"):
        reading.required(reply(), "id", None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": "c", "message": "m", "type": "t"}}, ErrorDetails("c", "m", None)),
        ({"error": {"code": 404, "message": "m"}}, ErrorDetails("404", "m", None)),
        ({"error": {"code": "", "type": "t", "message": "m"}}, ErrorDetails("t", "m", None)),
        ({"error": "m"}, ErrorDetails(None, "m", None)),
        ({"message": "m"}, ErrorDetails(None, "m", None)),
        ({"code": "c", "message": "m", "data": None}, ErrorDetails("c", "m", None)),
        ({"error": {"message": "m (request id: 2026A-1)"}}, ErrorDetails(None, "m", "2026A-1")),
        ({"error": {"message": "m. Request id: 021f."}}, ErrorDetails(None, "m.", "021f")),
        ({"error": {"message": "Request id: 021f"}}, ErrorDetails(None, None, "021f")),
        ({"error": {"code": {}, "message": [1]}}, ErrorDetails(None, None, None)),
        ({}, ErrorDetails(None, None, None)),
    ],
)
def test_complaints_of_every_shape(body: dict[str, Any], expected: ErrorDetails) -> None:
    """Objects, texts and bare messages become the same three facts."""
    assert expected == reading.error_details(body)


def test_an_error_inside_a_success_may_name_its_own_status() -> None:
    """A 200 whose error code is 429 is read as a 429; elsewhere the HTTP status counts."""
    assert reading.effective_status(ErrorDetails("429", None, None), 200) == 429
    assert reading.effective_status(ErrorDetails("429", None, None), 500) == 500
    assert reading.effective_status(ErrorDetails("1429", None, None), 200) == 200
    assert reading.effective_status(ErrorDetails(None, None, None), 200) == 200


def test_a_refusal_carries_all_that_is_known(reply: Callable[..., Any]) -> None:
    """Code, status, request id and the wish to wait travel with the error."""
    answer = reply(429, {}, x_request_id="r1", retry_after="7")
    error = reading.refuse(
        answer, Kind.RATE_LIMIT, ErrorDetails("c", "m", None), retry_after=60, advice="Wait."
    )
    assert (
        error.message,
        error.code,
        error.http_status,
        error.request_id,
        error.retry_after,
    ) == ("m", "c", 429, "r1", 7.0)
    assert str(error) == "m (HTTP 429, code c, request id r1). Wait."


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "an empty error answer"), (b"<html>oops", "an error answer without a readable reason")],
)
def test_a_refusal_without_words(reply: Callable[..., Any], content: bytes, words: str) -> None:
    """An empty body or a proxy's page still makes a sentence."""
    assert words in reading.refuse(reply(502, content), Kind.OVERLOAD, ErrorDetails(None, None, None)).message


@pytest.mark.parametrize(
    ("status", "said", "kind", "message"),
    [
        (Status.FAILED, ErrorDetails("c", "m", "r1"), Kind.VALIDATION, "m (request id r1)"),
        (Status.FAILED, ErrorDetails("c", None, None), Kind.VALIDATION, "c"),
        (Status.FAILED, ErrorDetails(None, None, None), Kind.VALIDATION, "the vendor gave no reason"),
        (
            Status.EXPIRED,
            ErrorDetails(None, None, None),
            Kind.EXPIRED,
            "the vendor's time limit passed before it was finished",
        ),
        (Status.CANCELLED, ErrorDetails(None, None, None), Kind.CANCELLED, "it was cancelled"),
    ],
)
def test_why_a_generation_ended(status: Status, said: ErrorDetails, kind: Kind, message: str) -> None:
    """Expired and cancelled are reasons themselves; a failure has the kind that its error was given."""
    why = reading.failure(status, Kind.VALIDATION, said)
    assert (kind, message) == (why.kind, why.message)

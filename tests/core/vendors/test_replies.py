"""Who wrote an answer, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors import replies
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import json_or_nothing
from airflow_provider_seedance.core.vendors.replies import ErrorDetails
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    IntermediaryReply,
    Kind,
    NotFound,
    VendorRefusal,
    VendorUnavailable,
)
from airflow_provider_seedance.models import Status


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
    assert kind is replies.kind_of_status(status)


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
        ({"error": {"code": {}, "message": [1]}}, ErrorDetails(None, '{"code": {}, "message": [1]}', None)),
        ({"error": [{"message": "a"}, {"msg": "b"}]}, ErrorDetails(None, "a; b", None)),
        ({"detail": "Insufficient credits"}, ErrorDetails(None, "Insufficient credits", None)),
        ({"detail": {"code": "c", "message": "m"}}, ErrorDetails("c", "m", None)),
        (
            {"detail": [{"loc": ["body", "duration"], "msg": "must be less", "type": "int"}, {"msg": "b"}]},
            ErrorDetails(None, "body.duration: must be less; b", None),
        ),
        ({"errors": [{"code": 7, "message": "m"}]}, ErrorDetails(None, "m", None)),
        ({"errors": {"message": "m"}}, ErrorDetails(None, "m", None)),
        ({"msg": "m"}, ErrorDetails(None, "m", None)),
        ({"error": "invalid", "error_description": "m"}, ErrorDetails(None, "invalid", None)),
        ({"error": True, "error_description": "m"}, ErrorDetails(None, "m", None)),
        ({"error": {"reason": "m"}}, ErrorDetails(None, "m", None)),
        ({"fail_reason": "m"}, ErrorDetails(None, "m", None)),
        ({"error": '{"error": {"code": "c", "message": "m"}}'}, ErrorDetails("c", "m", None)),
        ({"message": '{"error": {"code": "c", "message": "m"}}'}, ErrorDetails("c", "m", None)),
        ({"message": '{"code": "c", "detail": [{"msg": "m"}]}'}, ErrorDetails("c", "m", None)),
        (
            {"error": {"code": "c", "message": "m", "param": "p"}},
            ErrorDetails("c", "m (parameter p)", None, "p"),
        ),
        (
            {"error": {"code": "c", "message": "p is bad", "param": "p"}},
            ErrorDetails("c", "p is bad", None, "p"),
        ),
        ({"error": {"code": "c", "message": "m", "param": ""}}, ErrorDetails("c", "m", None)),
        ({"ResponseMetadata": {"Error": {"Code": "c", "Message": "m"}}}, ErrorDetails("c", "m", None)),
        ({"title": "Not Found", "status": 404, "detail": "m"}, ErrorDetails(None, "m", None)),
        ({}, ErrorDetails(None, None, None)),
    ],
)
def test_complaints_of_every_shape(body: dict[str, Any], expected: ErrorDetails) -> None:
    """Objects, texts and bare messages become the same three facts."""
    assert expected == replies.error_details(body)


def test_an_error_inside_a_success_may_name_its_own_status() -> None:
    """A 200 whose error code is 429 is read as a 429; elsewhere the HTTP status counts."""
    assert replies.effective_status(ErrorDetails("429", None, None), 200) == 429
    assert replies.effective_status(ErrorDetails("429", None, None), 500) == 500
    assert replies.effective_status(ErrorDetails("1429", None, None), 200) == 200
    assert replies.effective_status(ErrorDetails(None, None, None), 200) == 200


def test_a_refusal_carries_all_that_is_known(reply: Callable[..., Any]) -> None:
    """Code, status, request id and the wish to wait travel with the error."""
    answer = reply(429, {"error": {"code": "c", "message": "m"}}, x_request_id="r1", retry_after="7")
    error = replies.refuse(
        answer, Kind.RATE_LIMIT, ErrorDetails("c", "m", None), retry_after=60, advice="Wait."
    )
    assert (
        error.message,
        error.code,
        error.http_status,
        error.request_id,
        error.retry_after,
    ) == ("m", "c", 429, "r1", 7.0)
    assert str(error) == "m (HTTP 429, code c, request id r1).\nWait."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty error answer"),
        (b"<html>oops", "an error answer without a readable reason: <html>oops"),
        (b'{"odd": "\xc3\xa9t\xc3\xa9"}', 'reason: {"odd": "été"}'),
        (b"see https://h/v.mp4?sig=abc \x1b[0m", "reason: see https://h/v.mp4?*** [0m"),
        (b"x" * 5_000, "reason: " + "x" * 297 + "..."),
    ],
)
def test_a_refusal_without_words(reply: Callable[..., Any], content: bytes, words: str) -> None:
    """An empty body or a proxy's page still makes a sentence: some 300 characters, as text, without secrets."""
    said = replies.refuse(reply(502, content), Kind.OVERLOAD, replies.error_details({})).message
    assert said.endswith(words)


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
    why = replies.failure(status, Kind.VALIDATION, said)
    assert (kind, message) == (why.kind, why.message)


OWN_WORD = {"error": {"code": "task_not_found", "message": "m", "type": "invalid_request_error"}}
#: What proxies, ingresses, meshes, gateways, firewalls and frameworks say, to which no vendor has put its name.
IN_BETWEEN: list[Any] = [
    b"",
    b"404 page not found",
    b"<html><h1>403 Forbidden</h1></html>",
    b"upstream connect error or disconnect/reset before headers",
    b"[]",
    b"null",
    {},
    {"message": "no Route matched with those values"},
    {"message": "Forbidden"},
    {"detail": "Not Found"},
    {"error": "not_found"},
    {"error": "Not Found", "status": 404, "path": "/v1/tasks/1", "timestamp": 1},
    {"error_msg": "404 Route Not Found"},
    {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "NotFound",
        "message": "m",
        "code": 404,
    },
    {"code": 404, "message": "Path does not match any requirement URI template."},
    {"statusCode": 404, "message": "Resource not found"},
    {"success": False, "errors": [{"code": 1000, "message": "blocked"}]},
    {"error": {"message": "Invalid URL (GET /v1/tasks/1)", "type": "invalid_request_error", "code": ""}},
    {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "m"},
]
in_between = pytest.mark.parametrize("body", IN_BETWEEN, ids=lambda body: str(body)[:40])


def refuse(response: HttpResponse, **options: Any) -> VendorRefusal:
    details = replies.error_details(json_or_nothing(response.content))
    return replies.refuse(response, replies.kind_of_status(response.status), details, **options)


@in_between
@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 410, 418, 451])
def test_what_came_in_between_says_nothing_of_a_generation(
    reply: Callable[..., Any], body: Any, status: int
) -> None:
    """To a reading it is trouble that passes, and no word about the key or the id."""
    error = refuse(reply(status, body, retry_after="3"))
    assert isinstance(error, IntermediaryReply)
    assert error.kind.traits.tolerated_while_waiting
    assert error.kind.traits.transient
    assert error.retryable
    assert "something between Airflow and the vendor answered" in str(error)
    assert "key" not in str(error)
    assert (error.http_status, error.retry_after) == (status, 3.0)


@in_between
@pytest.mark.parametrize(
    ("status", "maybe"), [(302, True), (401, False), (403, True), (404, True), (410, True)]
)
def test_after_it_a_create_may_have_been_accepted(
    reply: Callable[..., Any], body: Any, status: int, maybe: bool
) -> None:
    """Unless its status says by itself that the request has not been applied."""
    error = refuse(reply(status, body), to_create=True)
    assert isinstance(error, IntermediaryReply)
    assert error.maybe_accepted is maybe


@in_between
@pytest.mark.parametrize("status", [500, 502, 503, 530])
def test_a_5xx_is_trouble_whoever_says_so(reply: Callable[..., Any], body: Any, status: int) -> None:
    """And a create may have been accepted."""
    for to_create in (False, True):
        error = refuse(reply(status, body), to_create=to_create)
        assert (type(error), error.kind, error.maybe_accepted) == (VendorUnavailable, Kind.OVERLOAD, True)


@pytest.mark.parametrize("status", [413, 414, 431])
def test_a_create_that_is_too_large_is_told_whoever_says_so(reply: Callable[..., Any], status: int) -> None:
    """A proxy that refuses the size has not passed it on."""
    error = refuse(reply(status, b"<html>Request Entity Too Large"), to_create=True)
    assert (error.kind, error.maybe_accepted) == (Kind.VALIDATION, False)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (402, {"detail": "Insufficient credits: top up"}, Kind.BALANCE),
        (422, {"detail": [{"loc": ["body", "prompt"], "msg": "too long"}]}, Kind.VALIDATION),
        (400, {"msg": "bad"}, Kind.VALIDATION),
    ],
)
def test_a_reason_in_json_for_refusing_a_create_is_believed(
    reply: Callable[..., Any], status: int, body: Any, kind: Kind
) -> None:
    """Nothing in between speaks of the request's fields or of money; to a reading it is no answer."""
    error = refuse(reply(status, body), to_create=True)
    assert (error.kind, error.maybe_accepted) == (kind, False)
    assert isinstance(refuse(reply(status, body)), IntermediaryReply)


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        (OWN_WORD, replies.ERROR_OBJECT),
        ({"error": {"code": 404, "message": "m", "type": "not_found_error"}}, replies.ERROR_OBJECT),
        (
            {"error": {"code": "NotFound.id", "message": "m", "type": "NotFound", "param": ""}},
            replies.ERROR_OBJECT,
        ),
        ({"code": "task_not_exist", "message": "m", "data": None}, replies.OwnShape(flat_code=True)),
    ],
)
def test_absence_is_the_vendor_s_own_word(reply: Callable[..., Any], body: Any, shape: Any) -> None:
    """By its error shape and a code or a type that says so."""
    assert isinstance(refuse(reply(404, body), shape=shape), NotFound)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "NOT_FOUND", "message": "The page could not be found"}},
        {"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}},
        {"error": {"message": "not found"}},
    ],
)
def test_an_error_object_with_a_404_is_not_yet_absence(reply: Callable[..., Any], body: Any) -> None:
    """Hosts and gateways have such objects too."""
    assert isinstance(refuse(reply(404, body)), IntermediaryReply)


@pytest.mark.parametrize("status", [401, 403])
def test_the_vendor_s_own_401_and_403_stay_what_they_are(reply: Callable[..., Any], status: int) -> None:
    """Its error object makes them its word."""
    error = refuse(reply(status, {"error": {"code": "unauthorized", "message": "m"}}))
    assert isinstance(error, AuthenticationRefused)


def test_a_429_is_one_too_many_whoever_counts(reply: Callable[..., Any]) -> None:
    """It says that the request was not taken."""
    error = refuse(reply(429, b"<html>"), to_create=True)
    assert (error.kind, error.maybe_accepted) == (Kind.RATE_LIMIT, False)

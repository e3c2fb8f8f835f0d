"""EvoLink."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.evolink import VENDOR
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    Kind,
    MalformedReply,
    VendorRefusal,
    VendorUnavailable,
)
from airflow_provider_seedance.models import (
    Balance,
    Cost,
    Failed,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

Golden = Callable[[str], HttpResponse]
Reply = Callable[..., HttpResponse]
TASK = {"id": "task-unified-1", "created": 1774857405, "status": "processing"}
DONE = {**TASK, "status": "completed", "results": ["https://files.evolink.ai/v.mp4"]}
CREATE = VENDOR.generations.create(GenerationRequest(prompt="p"))
GET = VENDOR.generations.get("task-unified-1")
GOLDEN_GET = VENDOR.generations.get("task-unified-1774857405-abc123")

assert VENDOR.account.balance is not None
(BALANCE,) = VENDOR.account.balance()


def credits_of(amount: str, basis: Any) -> Cost:
    return Cost(amount=Decimal(amount), currency="credits", basis=basis)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"web_search": True}, {"web_search": True}),
        (
            {"web_search": True, "vendor_options": {"model_params": {"depth": 2}}},
            {"web_search": True, "depth": 2},
        ),
        (
            {"web_search": True, "vendor_options": {"model_params": {"web_search": False}}},
            {"web_search": False},
        ),
        ({"vendor_options": {"model_params": {"depth": 2}}}, {"depth": 2}),
        ({"web_search": False}, None),
        ({"web_search": True, "vendor_options": {"model_params": "raw"}}, "raw"),
    ],
)
def test_web_search_shares_its_object(fields: dict[str, Any], expected: Any) -> None:
    """The caller's own model_params are merged with web search's, and win."""
    sent = VENDOR.generations.create(GenerationRequest(prompt="p", **fields)).request.body.json
    assert sent is not None
    assert expected == sent.get("model_params")


def test_created(golden: Golden) -> None:
    """The create's answer tells the reserved credits and the estimated run."""
    seen = CREATE.read(golden("created"))
    assert (
        seen.vendor,
        seen.generation_id,
        seen.status,
        seen.vendor_status,
    ) == ("evolink", "task-unified-1774857405-abc123", Status.QUEUED, "pending")
    assert (seen.estimated_seconds, seen.duration) == (165.0, 8.0)
    assert credits_of("50", "estimated") == seen.charge
    assert datetime(2026, 3, 30, 7, 56, 45, tzinfo=timezone.utc) == seen.created_at


@pytest.mark.parametrize(
    ("name", "status", "progress"), [("pending", Status.QUEUED, 0), ("processing", Status.RUNNING, 65)]
)
def test_pending(golden: Golden, name: str, status: Status, progress: int) -> None:
    """Queued and running, with the progress."""
    seen = GOLDEN_GET.read(golden(name))
    assert isinstance(seen, Pending)
    assert (status, progress) == (seen.status, seen.progress)


def test_completed(golden: Golden) -> None:
    """The link is the first result; a reservation is all that is known of the price."""
    seen = GOLDEN_GET.read(golden("completed"))
    assert isinstance(seen, Succeeded)
    assert seen.video_url.endswith("/b35f41e735fe42539f822b6249f2ce68.mp4")
    assert credits_of("50", "estimated") == seen.charge
    assert seen.expires_at == datetime(2026, 3, 31, 7, 56, 45, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    "place",
    [
        {"results": ["https://h/v"]},
        {"results": [], "result_data": [{"video_url": "https://h/v", "image_url": "https://h/i"}]},
        {"result_data": [{"url": "https://h/v"}]},
        {"output": {"video_url": "https://h/v"}},
        {"video_url": "https://h/v"},
        {"result": {"video_url": "https://h/v"}},
        {"url": "https://h/v"},
        {"results": [{"odd": 1}], "url": "https://h/v"},
    ],
)
def test_every_place_of_the_link(reply: Reply, place: dict[str, Any]) -> None:
    """The link is found where the official clients look for it."""
    seen = GET.read(reply(200, {**TASK, "status": "completed", **place}))
    assert isinstance(seen, Succeeded)
    assert seen.video_url == "https://h/v"


@pytest.mark.parametrize("name", ["credits_used", "credits_consumed", "credits"])
def test_settled_credits_are_billed(reply: Reply, name: str) -> None:
    """Once finished, what was used counts, whatever its name."""
    usage = {"credits_reserved": 50, name: 10.23}
    assert credits_of("10.23", "billed") == GET.read(reply(200, {**DONE, "usage": usage})).charge
    running = GET.read(reply(200, {**TASK, "usage": usage}))
    assert credits_of("50", "estimated") == running.charge


def test_a_failed_task_keeps_no_reservation(reply: Reply) -> None:
    """A failure is not billed, so its reservation is no charge."""
    body = {**TASK, "status": "failed", "usage": {"credits_reserved": 50}}
    assert GET.read(reply(200, body)).charge is None


def test_failed(golden: Golden) -> None:
    """The safety filter's answer is moderation, in the vendor's words."""
    seen = GOLDEN_GET.read(golden("failed"))
    assert isinstance(seen, Failed)
    assert (
        seen.status,
        seen.failure.kind,
        seen.failure.code,
    ) == (Status.FAILED, Kind.MODERATION, "content_policy_violation")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("invalid_parameters", Kind.VALIDATION),
        ("image_processing_error", Kind.VALIDATION),
        ("image_dimension_mismatch", Kind.VALIDATION),
        ("generation_failed_no_content", Kind.UNKNOWN),
        ("service_error", Kind.OVERLOAD),
        ("generation_timeout", Kind.OVERLOAD),
        ("resource_exhausted", Kind.OVERLOAD),
        ("service_unavailable", Kind.OVERLOAD),
        ("upstream_error", Kind.OVERLOAD),
        ("quota_exceeded", Kind.RATE_LIMIT),
        ("resource_not_found", Kind.NOT_FOUND),
        ("model_unavailable", Kind.AUTHENTICATION),
        ("unknown_error", Kind.UNKNOWN),
        ("brand_new", Kind.UNKNOWN),
    ],
)
def test_failure_codes(reply: Reply, code: str, kind: Kind) -> None:
    """Each documented code of a failed task has its kind."""
    seen = GET.read(reply(200, {**TASK, "status": "failed", "error": {"code": code, "message": "m"}}))
    assert isinstance(seen, Failed)
    assert kind is seen.failure.kind


def test_both_ways_of_being_cancelled(golden: Golden, reply: Reply) -> None:
    """A state of its own, or a failure with that code: both are cancelled."""
    for answer in (golden("cancelled"), reply(200, {**TASK, "status": "cancelled"})):
        seen = GET.read(answer)
        assert isinstance(seen, Failed)
        assert (seen.status, seen.failure.kind) == (Status.CANCELLED, Kind.CANCELLED)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", Status.QUEUED),
        ("running", Status.RUNNING),
        ("Processing", Status.RUNNING),
        ("x", Status.RUNNING),
    ],
)
def test_words_of_other_generations(reply: Reply, word: str, status: Status) -> None:
    """Older words are known, and an unknown one is never an end."""
    assert status is GET.read(reply(200, {**TASK, "status": word})).status


@pytest.mark.parametrize("word", ["succeeded", "success"])
def test_older_words_of_success(reply: Reply, word: str) -> None:
    """The official client's other words for completed."""
    assert GET.read(reply(200, {**DONE, "status": word})).status is Status.SUCCEEDED


@pytest.mark.parametrize(
    "body", [{**TASK, "status": "completed"}, {"id": "task-unified-1"}, {"id": "x", "status": "pending"}, {}]
)
def test_what_the_contract_promises_must_be_there(reply: Reply, body: dict[str, Any]) -> None:
    """A success without a link, or a task without id or state, is malformed."""
    with pytest.raises(MalformedReply):
        GET.read(reply(200, body))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "invalid_request", "type": "invalid_request_error"}, Kind.VALIDATION),
        (400, {"code": 400, "type": "invalid_request_error"}, Kind.VALIDATION),
        (400, {"code": "invalid_task_id", "param": "task_id"}, Kind.NOT_FOUND),
        (400, {"code": "invalid_request", "message": "Real human face detected"}, Kind.MODERATION),
        (400, {"code": "invalid_request", "message": "图片包含人脸"}, Kind.MODERATION),
        (400, {"code": "invalid_request", "message": "image surface size exceed"}, Kind.VALIDATION),
        (400, {"code": "content_policy_violation"}, Kind.MODERATION),
        (401, {"code": "unauthorized", "type": "authentication_error"}, Kind.AUTHENTICATION),
        (402, {"code": "insufficient_quota"}, Kind.BALANCE),
        (402, {"code": "quota_exceeded"}, Kind.BALANCE),
        (402, {"code": 402, "type": "insufficient_quota_error"}, Kind.BALANCE),
        (403, {"code": "model_access_denied"}, Kind.AUTHENTICATION),
        (403, {"code": "permission_denied"}, Kind.AUTHENTICATION),
        (404, {"code": "task_not_found"}, Kind.NOT_FOUND),
        (404, {"code": "resource_not_found"}, Kind.NOT_FOUND),
        (413, {"code": 413, "type": "request_too_large_error"}, Kind.VALIDATION),
        (429, {"code": "rate_limit_exceeded", "type": "evo_api_error"}, Kind.RATE_LIMIT),
        (500, {"code": "internal_error", "type": "api_error"}, Kind.OVERLOAD),
        (502, {"code": 502, "type": "upstream_error"}, Kind.OVERLOAD),
        (503, {"code": 503, "type": "service_unavailable_error"}, Kind.OVERLOAD),
        (429, "slow down", Kind.RATE_LIMIT),
        (200, {"code": 401, "type": "authentication_error"}, Kind.AUTHENTICATION),
        (200, {"code": "service_error"}, Kind.OVERLOAD),
        (200, {"code": "insufficient_quota"}, Kind.BALANCE),
    ],
)
def test_refusals(reply: Reply, status: int, error: Any, kind: Kind) -> None:
    """Codes are texts or the status again; the status leads."""
    with pytest.raises(VendorRefusal) as caught:
        CREATE.read(reply(status, {"error": error}))
    assert kind is caught.value.kind


def test_refusal_samples(golden: Golden) -> None:
    """The contract's own error bodies keep their code and message."""
    for name, code, message in (
        ("refused", "invalid_request", "Invalid request parameters (parameter duration)"),
        ("refused, integer code", "400", "Invalid prompt parameter"),
    ):
        with pytest.raises(VendorRefusal) as caught:
            CREATE.read(golden(name))
        assert (code, message) == (caught.value.code, caught.value.message)


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"message": "m"}'])
def test_after_a_5xx_a_create_may_have_been_accepted(reply: Reply, content: bytes) -> None:
    """Whatever the body, the outcome of a create is unknown."""
    for status in (500, 502, 503, 504):
        with pytest.raises(VendorUnavailable) as caught:
            CREATE.read(reply(status, content))
        assert caught.value.maybe_accepted


@pytest.mark.parametrize(
    ("error", "headers", "seconds"),
    [
        ({"code": 429, "fallback_suggestion": "retry after 60 seconds"}, {}, 60.0),
        ({"code": 503, "message": "retry after 30 s"}, {}, 30.0),
        ({"code": 429, "fallback_suggestion": "retry after 60 seconds"}, {"retry_after": "5"}, 5.0),
        ({"code": 429, "message": "Too many requests"}, {}, None),
    ],
)
def test_the_wish_to_wait_may_be_in_the_text(
    reply: Reply, error: dict[str, Any], headers: dict[str, str], seconds: float | None
) -> None:
    """No header is documented; the words are, and a header would win."""
    with pytest.raises(VendorRefusal) as caught:
        CREATE.read(reply(429, {"error": error}, **headers))
    assert seconds == caught.value.retry_after


def test_a_task_that_failed_at_once_was_still_created(reply: Reply) -> None:
    """An answer with id and state is a task, even with an error: the next look tells why it failed."""
    body = {**TASK, "status": "failed", "error": {"code": "service_error", "message": "m"}}
    assert CREATE.read(reply(200, body)).generation_id == "task-unified-1"


@pytest.mark.parametrize("content", [b"", b"<html>welcome", b'{"status": "pending"}'])
def test_a_created_answer_without_an_id_is_malformed(reply: Reply, content: bytes) -> None:
    """Without an id the outcome is unknown."""
    with pytest.raises(MalformedReply) as caught:
        CREATE.read(reply(200, content))
    assert caught.value.maybe_accepted


TOKEN = {"remaining_credits": 99416.4429, "unlimited_credits": False}
USER = {"remaining_credits": 1095.3996}


@pytest.mark.parametrize(
    ("token", "user", "left"),
    [
        (TOKEN, USER, "1095.3996"),
        ({"remaining_credits": 5}, USER, "5"),
        ({"remaining_credits": 0, "unlimited_credits": True}, USER, "1095.3996"),
        (TOKEN, None, "99416.4429"),
    ],
)
def test_the_lower_limit_is_the_balance(reply: Reply, token: Any, user: Any, left: str) -> None:
    """The key's credits and the account's: the lower one can be spent, an unlimited key's do not count."""
    body = {"success": True, "data": {"token": token, "user": user}}
    assert Balance(amount=Decimal(left), currency="credits") == BALANCE.read(reply(200, body))


def test_balance_sample(golden: Golden) -> None:
    """The contract's own answer."""
    assert (BALANCE.request.method, BALANCE.request.path) == ("GET", "/v1/credits")
    assert BALANCE.read(golden("credits")) == Balance(amount=Decimal("1095.3996"), currency="credits")


def test_a_balance_without_numbers_is_malformed(reply: Reply) -> None:
    """No number must never look like no limit."""
    with pytest.raises(MalformedReply):
        BALANCE.read(reply(200, {"success": True, "data": {"token": {"unlimited_credits": True}}}))


def test_probe(golden: Golden, reply: Reply) -> None:
    """The credits page proves the key; an answer that says it failed does not."""
    call = VENDOR.account.probe()
    call.read(golden("credits"))
    with pytest.raises(VendorRefusal, match="no such token"):
        call.read(reply(200, {"success": False, "message": "no such token"}))
    with pytest.raises(AuthenticationRefused):
        call.read(reply(401, {"error": {"code": 401, "message": "Invalid or expired token"}}))

"""AnyFast."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.anyfast import VENDOR
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    Kind,
    MalformedReply,
    ModerationRefused,
    NotFound,
    RateLimited,
    VendorRefusal,
)
from airflow_provider_seedance.models import Failed, GenerationRequest, Pending, Status, Succeeded, Usage

Golden = Callable[[str], HttpResponse]
Reply = Callable[..., HttpResponse]
CREATE = VENDOR.generations.create(GenerationRequest(prompt="p"))
GET = VENDOR.generations.get("asyntask_1")
ID = "asyntask_h81ef0c4b7a94d2e8c1f6a5b3d907e24"
GOLDEN_GET = VENDOR.generations.get(ID)


def envelope(**task: Any) -> dict[str, Any]:
    return {"code": "success", "message": "", "data": {"task_id": "asyntask_1", **task}}


def nested(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})


def test_media_parts_come_in_the_fixed_order() -> None:
    """Text, images, videos, audios, each with its role: another order may fail."""
    request = GenerationRequest(
        prompt="p",
        reference_audios=("https://a",),
        reference_videos=("https://v",),
        reference_images=("https://i",),
    )
    sent = VENDOR.generations.create(request).request.body.json
    assert sent is not None
    assert [part["type"] for part in sent["content"]] == ["text", "image_url", "video_url", "audio_url"]
    assert all("role" in part for part in sent["content"][1:])


@pytest.mark.parametrize(
    ("name", "generation_id"),
    [("created, fast", "cgt-20260312231129-7db6s"), ("created", ID), ("created, flat", "gen-abc123")],
)
def test_created(golden: Golden, name: str, generation_id: str) -> None:
    """Every form of the answer gives the id; its empty state word is not used."""
    seen = CREATE.read(golden(name))
    assert (generation_id, Status.QUEUED) == (seen.generation_id, seen.status)
    assert seen.created_at is not None


@pytest.mark.parametrize(
    ("name", "status", "progress"),
    [
        ("not start", Status.QUEUED, 0),
        ("queued", Status.QUEUED, 20),
        ("in progress", Status.RUNNING, 50),
    ],
)
def test_pending(golden: Golden, name: str, status: Status, progress: int) -> None:
    """The progress is a text with a percent sign."""
    seen = GOLDEN_GET.read(golden(name))
    assert isinstance(seen, Pending)
    assert (ID, status, progress) == (seen.generation_id, seen.status, seen.progress)


@pytest.mark.parametrize("word", ["", "SUBMITTED", "UNKNOWN", "queued"])
def test_words_for_accepted(reply: Reply, word: str) -> None:
    """The gateway's words before the upstream has it, in any case."""
    assert GET.read(reply(200, envelope(status=word))).status is Status.QUEUED


@pytest.mark.parametrize("word", ["running", "processing", "PAUSED"])
def test_unknown_words_are_running(reply: Reply, word: str) -> None:
    """Other guides' words and new ones are never an end."""
    assert GET.read(reply(200, envelope(status=word))).status is Status.RUNNING


def test_success(golden: Golden) -> None:
    """The link of the envelope, and what the nested Ark object says."""
    seen = GOLDEN_GET.read(golden("success"))
    assert isinstance(seen, Succeeded)
    assert seen.video_url.startswith("https://ark-acg-cn-beijing")
    assert (seen.resolution, seen.aspect_ratio, seen.duration, seen.seed) == ("720p", "16:9", 5.0, 4304)
    assert Usage(completion_tokens=108900, total_tokens=108900) == seen.usage
    assert seen.finished_at == datetime(2026, 4, 27, 11, 20, tzinfo=timezone.utc)
    assert seen.expires_at == seen.finished_at + timedelta(hours=12)
    assert seen.model is None


def test_success_of_an_old_row(golden: Golden) -> None:
    """Old rows keep the link in fail_reason: the state alone decides."""
    seen = GOLDEN_GET.read(golden("success, old row"))
    assert isinstance(seen, Succeeded)
    assert seen.video_url.startswith("https://ark-acg-cn-beijing")


def test_success_in_the_flat_form(golden: Golden) -> None:
    """The older models' answer has no envelope."""
    seen = VENDOR.generations.get("gen-abc123").read(golden("success, flat"))
    assert isinstance(seen, Succeeded)
    assert (
        seen.generation_id,
        seen.video_url,
        seen.model,
    ) == ("gen-abc123", "https://example.com/v.mp4", "doubao-seedance-1-5-pro-251215")


def test_nested_links(reply: Reply) -> None:
    """Without a link of the gateway the upstream's is taken, and the last frame is only there."""
    content = {"video_url": "https://h/v", "last_frame_url": "https://h/l"}
    seen = GET.read(reply(200, envelope(status="SUCCEEDED", result_url="", data={"content": content})))
    assert isinstance(seen, Succeeded)
    assert (seen.video_url, seen.last_frame_url) == ("https://h/v", "https://h/l")


def test_failure(golden: Golden) -> None:
    """Ark's nested error names the reason."""
    seen = GOLDEN_GET.read(golden("failure"))
    assert isinstance(seen, Failed)
    assert (
        seen.status,
        seen.failure.kind,
        seen.failure.code,
    ) == (Status.FAILED, Kind.MODERATION, "OutputVideoSensitiveContentDetected")


def test_failure_as_text(golden: Golden) -> None:
    """A plain reason is shown as it is, and judged by its words."""
    seen = GOLDEN_GET.read(golden("failure, text"))
    assert isinstance(seen, Failed)
    assert (seen.failure.kind, seen.failure.message) == (Kind.OVERLOAD, "task timed out")


ARK_ERROR = {"code": "InternalServiceError", "message": "inner"}


@pytest.mark.parametrize(
    ("task", "kind", "message"),
    [
        (
            {"fail_reason": nested("InvalidParameter", "outer"), "data": {"error": ARK_ERROR}},
            Kind.OVERLOAD,
            "inner",
        ),
        ({"fail_reason": nested("InvalidParameter", "outer")}, Kind.VALIDATION, "outer"),
        (
            {"fail_reason": json.dumps({"message": nested("AccessDenied", "deep")})},
            Kind.AUTHENTICATION,
            "deep",
        ),
        ({"fail_reason": "famous person", "progress": "100%"}, Kind.MODERATION, "famous person"),
        ({"fail_reason": "famous person", "progress": "60%"}, Kind.UNKNOWN, "famous person"),
        ({"fail_reason": "internal error", "progress": "100%"}, Kind.OVERLOAD, "internal error"),
        ({"fail_reason": nested("InvalidParameter", "m"), "progress": "100%"}, Kind.VALIDATION, "m"),
        ({"fail_reason": "", "progress": "100%"}, Kind.UNKNOWN, "the vendor gave no reason"),
        ({}, Kind.UNKNOWN, "the vendor gave no reason"),
    ],
)
def test_where_the_reason_is_looked_for(reply: Reply, task: dict[str, Any], kind: Kind, message: str) -> None:
    """Ark's error, then JSON in fail_reason, then its text; at 100 % an error without a reason is moderation."""
    seen = GET.read(reply(200, envelope(status="FAILURE", **task)))
    assert isinstance(seen, Failed)
    assert (kind, message) == (seen.failure.kind, seen.failure.message)


@pytest.mark.parametrize(
    ("word", "inner", "status"),
    [
        ("FAILURE", "expired", Status.EXPIRED),
        ("FAILURE", "cancelled", Status.CANCELLED),
        ("EXPIRED", None, Status.EXPIRED),
        ("cancelled", None, Status.CANCELLED),
        ("ERROR", None, Status.FAILED),
    ],
)
def test_ways_to_end(reply: Reply, word: str, inner: str | None, status: Status) -> None:
    """The envelope has one word for every bad end; the nested one is finer."""
    assert status is GET.read(reply(200, envelope(status=word, data={"status": inner}))).status


@pytest.mark.parametrize(
    "body",
    [
        envelope(status="SUCCESS"),
        envelope(status="SUCCESS", result_url="soon"),
        {"code": "success", "message": "", "data": None},
        {},
    ],
)
def test_what_the_contract_promises_must_be_there(reply: Reply, body: dict[str, Any]) -> None:
    """A success without a link, or a task without an id, is malformed."""
    with pytest.raises(MalformedReply):
        GET.read(reply(200, body))


def test_unknown_task(golden: Golden, reply: Reply) -> None:
    """Gone is a 400, a 404 or a 200 with that code."""
    unknown = {"code": "task_not_exist", "message": "task_not_exist", "data": None}
    for answer in (golden("unknown task"), reply(404, unknown), reply(200, unknown)):
        with pytest.raises(NotFound):
            GET.read(answer)


def test_refused_by_the_gateway(golden: Golden) -> None:
    """Shape A: an error object, the request id inside the text."""
    with pytest.raises(AuthenticationRefused) as caught:
        CREATE.read(golden("refused by the gateway"))
    assert (
        caught.value.code,
        caught.value.message,
        caught.value.request_id,
    ) == ("invalid_api_key", "Invalid token", "20260427111505260254000NBdvZFoP")


def test_refused_by_ark(golden: Golden) -> None:
    """Shape B: Ark's error as a JSON text inside the message."""
    with pytest.raises(ModerationRefused) as caught:
        CREATE.read(golden("refused by Ark"))
    assert (
        caught.value.code,
        caught.value.request_id,
    ) == ("InputImageSensitiveContentDetected.PrivacyInformation", "021777288506000")


def test_refused_with_the_code_in_brackets(golden: Golden) -> None:
    """The asset service writes Ark's code into the text."""
    with pytest.raises(NotFound) as caught:
        CREATE.read(golden("refused, code in brackets"))
    assert caught.value.code == "NotFound.group_id"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"code": "invalid_request", "message": "model is required"}, Kind.VALIDATION),
        (400, {"code": "model_mapping_failed", "message": "m"}, Kind.AUTHENTICATION),
        (400, {"code": "invalid_api_platform", "message": "m"}, Kind.AUTHENTICATION),
        (400, {"code": "model_price_error", "message": "m"}, Kind.AUTHENTICATION),
        (400, {"code": "fail_to_fetch_task", "message": nested("InvalidParameter", "m")}, Kind.VALIDATION),
        (403, {"error": {"code": "insufficient_user_quota", "message": "m"}}, Kind.BALANCE),
        (403, {"error": {"code": "", "message": "user quota is not enough"}}, Kind.BALANCE),
        (403, {"error": {"message": "not yours"}}, Kind.AUTHENTICATION),
        (429, {"code": "fail_to_fetch_task", "message": nested("QuotaExceeded", "full")}, Kind.RATE_LIMIT),
        (429, {"message": "slow down"}, Kind.RATE_LIMIT),
        (500, {"code": "do_request_failed", "message": "m"}, Kind.OVERLOAD),
        (502, {"message": "upstream asset error: Face consistency verification failed"}, Kind.MODERATION),
        (502, {"error": "bad gateway"}, Kind.OVERLOAD),
        (503, {"error": {"code": "model_not_found", "message": "m"}}, Kind.AUTHENTICATION),
        (503, {"error": {"message": "No available channel for model x"}}, Kind.AUTHENTICATION),
        (503, {"error": {"message": "busy"}}, Kind.OVERLOAD),
        (200, {"error": {"code": "InvalidParameter", "message": "m"}, "id": "x"}, Kind.VALIDATION),
        (200, {"ResponseMetadata": {"Error": {"Code": "AccessDenied", "Message": "m"}}}, Kind.AUTHENTICATION),
        (200, {"code": "fail_to_fetch_task", "message": nested("ServerOverloaded", "m")}, Kind.RATE_LIMIT),
    ],
)
def test_refusals(reply: Reply, status: int, body: dict[str, Any], kind: Kind) -> None:
    """The gateway's codes, Ark's codes, words where there is nothing else, and the status for the rest."""
    with pytest.raises(VendorRefusal) as caught:
        CREATE.read(reply(status, body))
    assert kind is caught.value.kind


@pytest.mark.parametrize(
    "text",
    [
        "the specified asset asset-1 is still processing and is not available yet",
        "The specified asset asset-1 is not found.",
    ],
)
def test_an_asset_that_is_not_ready_yet(reply: Reply, text: str) -> None:
    """Surely nothing was accepted, and the same request can succeed some seconds later."""
    body = {"code": "fail_to_fetch_task", "message": nested("InvalidParameter", text), "data": None}
    with pytest.raises(RateLimited, match="asset") as caught:
        CREATE.read(reply(400, body))
    assert (
        caught.value.retry_after,
        caught.value.retryable,
        caught.value.maybe_accepted,
    ) == (10.0, True, False)


def test_an_unexplained_error_in_a_success_leaves_the_outcome_open(reply: Reply) -> None:
    """A 200 with an error that nobody knows is no proof that nothing was created."""
    with pytest.raises(VendorRefusal) as caught:
        CREATE.read(reply(200, {"error": {"code": "odd", "message": "m"}}))
    assert caught.value.maybe_accepted


def test_probe(reply: Reply) -> None:
    """The model list proves the key; the gateway's own web page does not."""
    call = VENDOR.account.probe()
    assert (call.request.method, call.request.path) == ("GET", "/v1/models")
    call.read(reply(200, {"data": []}))
    with pytest.raises(AuthenticationRefused):
        call.read(reply(401, {"error": {"message": "Invalid token"}}))
    with pytest.raises(MalformedReply):
        call.read(reply(200, b"<!doctype html>"))

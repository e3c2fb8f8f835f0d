"""ToAPIs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.toapis import VENDOR
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    Kind,
    MalformedReply,
    NotFound,
    RateLimited,
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
    Usage,
)

Golden = Callable[[str], HttpResponse]
Reply = Callable[..., HttpResponse]
TASK = {"id": "tsk_vid_1", "status": "in_progress"}
CREATE = VENDOR.generations.create(GenerationRequest(prompt="p"))
GET = VENDOR.generations.get("tsk_vid_1")
GOLDEN_GET = VENDOR.generations.get("tsk_vid_01JXABCDEF")

assert VENDOR.account.balance is not None
OF_KEY, OF_ACCOUNT = VENDOR.account.balance()


def test_created(golden: Golden) -> None:
    """The vendor's id, not the caller's, is the generation's."""
    seen = CREATE.read(golden("created"))
    assert (seen.vendor, seen.generation_id, seen.status) == ("toapis", "tsk_vid_01JXABCDEF", Status.QUEUED)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"task_id": "t", "status": "queued"}, Status.QUEUED),
        ({"id": "t"}, Status.QUEUED),
        ({"id": "t", "status": "in_progress", "progress": 10}, Status.RUNNING),
        ({"id": "t", "status": "completed"}, Status.RUNNING),
        ({"id": "t", "status": "failed", "error": {"code": "generation_failed"}}, Status.RUNNING),
    ],
)
def test_a_create_may_find_its_generation_further_on(
    reply: Reply, body: dict[str, Any], status: Status
) -> None:
    """It may run already, and a repeated caller's id finds it in any state: the next look tells which."""
    seen = CREATE.read(reply(200, body))
    assert ("t", status) == (seen.generation_id, seen.status)


def test_a_generation_is_found_by_the_caller_s_id() -> None:
    """The field that stores it, and the lookup after a lost answer: the same call as by the vendor's id."""
    request = GenerationRequest(prompt="x", model="seedance-2")
    marked = VENDOR.generations.mark(request, "sd-1")
    assert VENDOR.generations.create(marked).request.body.json["client_business_id"] == "sd-1"
    assert VENDOR.generations.find(marked).request.path == "/v1/videos/generations/sd-1"


def test_a_caller_s_own_id_is_respected() -> None:
    """It is looked up by what was sent."""
    request = GenerationRequest(prompt="x", model="seedance-2", vendor_options={"client_business_id": "mine"})
    assert (
        VENDOR.generations.find(VENDOR.generations.mark(request, "sd-1")).request.path
        == "/v1/videos/generations/mine"
    )


@pytest.mark.parametrize(
    ("name", "status", "progress"), [("queued", Status.QUEUED, 0), ("in progress", Status.RUNNING, 65)]
)
def test_pending(golden: Golden, name: str, status: Status, progress: int) -> None:
    """Queued and running, with the progress."""
    seen = GOLDEN_GET.read(golden(name))
    assert isinstance(seen, Pending)
    assert (status, progress) == (seen.status, seen.progress)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("submitted", Status.QUEUED),
        ("pending", Status.QUEUED),
        ("processing", Status.RUNNING),
        ("running", Status.RUNNING),
        ("polishing", Status.RUNNING),
        ("error", Status.FAILED),
        ("cancelled", Status.CANCELLED),
        ("expired", Status.EXPIRED),
    ],
)
def test_words_of_other_pages(reply: Reply, word: str, status: Status) -> None:
    """Words met elsewhere are known, and an unknown one is never an end."""
    assert status is GET.read(reply(200, {**TASK, "status": word})).status


def test_completed(golden: Golden) -> None:
    """Links, times, searches and the settled price."""
    seen = GOLDEN_GET.read(golden("completed"))
    assert isinstance(seen, Succeeded)
    assert (
        seen.video_url,
        seen.last_frame_url,
    ) == ("https://files.toapis.com/videos/abc.mp4", "https://files.toapis.com/images/abc_last.png")
    assert seen.finished_at == datetime(2026, 1, 14, 8, 48, 34, tzinfo=timezone.utc)
    assert seen.expires_at == datetime(2026, 1, 15, 8, 48, 34, tzinfo=timezone.utc)
    assert Usage(web_searches=1) == seen.usage
    assert Cost(amount=Decimal("0.135"), currency="USD", basis="billed") == seen.charge


@pytest.mark.parametrize("place", [{"url": "https://h/v"}, {"video_url": "https://h/v"}])
def test_other_places_of_the_link(reply: Reply, place: dict[str, str]) -> None:
    """Older answers have the link at the top; without an expiry, 24 hours are promised."""
    body = {**TASK, "status": "succeeded", "completed_at": 1768380514, **place}
    seen = GET.read(reply(200, body))
    assert isinstance(seen, Succeeded)
    assert seen.expires_at == datetime(2026, 1, 15, 8, 48, 34, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("billing", "charge"),
    [
        ({"status": "settled", "cost_usd": "0.135"}, ("0.135", "billed")),
        ({"status": "refunded", "cost_usd": "0"}, ("0", "billed")),
        ({"status": "reserved", "cost_usd": "0.2"}, ("0.2", "estimated")),
        ({"status": "settled"}, None),
        ({"status": "settled", "cost_usd": "free"}, None),
        (None, None),
    ],
)
def test_charge(reply: Reply, billing: Any, charge: tuple[str, Any] | None) -> None:
    """Settled and refunded amounts are billed, anything before is an estimate, no block is no knowledge."""
    expected = Cost(amount=Decimal(charge[0]), currency="USD", basis=charge[1]) if charge else None
    assert expected == GET.read(reply(200, {**TASK, "billing": billing})).charge


def test_failed(golden: Golden) -> None:
    """A failure is refunded, and its words tell that it was moderation."""
    seen = GOLDEN_GET.read(golden("failed"))
    assert isinstance(seen, Failed)
    assert (seen.failure.kind, seen.failure.code) == (Kind.MODERATION, "generation_failed")
    assert Cost(amount=Decimal(0), currency="USD", basis="billed") == seen.charge


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "generation_failed", "message": "violates our Policy"}, Kind.MODERATION),
        ({"code": "generation_failed", "message": "may contain sensitive information"}, Kind.MODERATION),
        ({"code": "generation_failed", "message": "素材审核未通过"}, Kind.MODERATION),
        ({"code": "generation_failed", "message": "image may contain real person"}, Kind.MODERATION),
        ({"code": "InputImageSensitiveContentDetected.PrivacyInformation"}, Kind.MODERATION),
        (
            {
                "code": "generation_failed",
                "message": "call upstream API failed: upstream returned status 502",
            },
            Kind.OVERLOAD,
        ),
        ({"code": "generation_failed", "message": "upstream timeout"}, Kind.OVERLOAD),
        ({"code": "generation_failed", "message": "任务超时"}, Kind.OVERLOAD),
        (
            {
                "code": "generation_failed",
                "message": "call upstream API failed: upstream returned status 422",
            },
            Kind.REJECTED,
        ),
        (None, Kind.REJECTED),
    ],
)
def test_the_words_of_a_failure_decide(reply: Reply, error: Any, kind: Kind) -> None:
    """One code stands for everything; what the words leave open is not repeated by itself."""
    seen = GET.read(reply(200, {**TASK, "status": "failed", "error": error}))
    assert isinstance(seen, Failed)
    assert kind is seen.failure.kind


def test_a_very_old_failure(reply: Reply) -> None:
    """Very old tasks keep the reason in fail_reason."""
    seen = GET.read(reply(200, {**TASK, "status": "failed", "fail_reason": "内容违反了内容政策"}))
    assert isinstance(seen, Failed)
    assert (seen.failure.kind, seen.failure.message) == (Kind.MODERATION, "内容违反了内容政策")


@pytest.mark.parametrize(
    "body", [{**TASK, "status": "completed"}, {"id": "tsk_vid_1"}, {"id": "x", "status": "queued"}, {}]
)
def test_what_the_contract_promises_must_be_there(reply: Reply, body: dict[str, Any]) -> None:
    """A success without a link, or a task without id or state, is malformed."""
    with pytest.raises(MalformedReply):
        GET.read(reply(200, body))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "invalid_request", "message": "base64 image is not allowed"}, Kind.VALIDATION),
        (400, {"code": "UnsupportedImageFormat", "message": "m"}, Kind.VALIDATION),
        (
            400,
            {"code": "", "message": "InputImageSensitiveContentDetected.PrivacyInformation: content[1]"},
            Kind.MODERATION,
        ),
        (401, {"code": "unauthorized", "type": "authentication_error"}, Kind.AUTHENTICATION),
        (402, {"code": "insufficient_quota"}, Kind.BALANCE),
        (403, {"code": "quota_not_enough"}, Kind.BALANCE),
        (403, {"code": "", "type": "new_api_error"}, Kind.AUTHENTICATION),
        (404, {"code": "task_not_found"}, Kind.NOT_FOUND),
        (404, {"code": 404, "type": "not_found_error"}, Kind.NOT_FOUND),
        (413, None, Kind.VALIDATION),
        (422, {"code": "content_policy_violation"}, Kind.MODERATION),
        (422, {"code": "", "message": "bad field"}, Kind.VALIDATION),
        (429, {"code": "rate_limit_exceeded"}, Kind.RATE_LIMIT),
        (408, None, Kind.OVERLOAD),
        (500, {"code": "internal_error"}, Kind.OVERLOAD),
        (502, {"code": "invalid_request"}, Kind.OVERLOAD),
        (504, None, Kind.OVERLOAD),
        (503, {"code": "model_not_found", "type": "new_api_error"}, Kind.AUTHENTICATION),
        (503, {"code": "", "message": "no available channel"}, Kind.OVERLOAD),
        (503, None, Kind.OVERLOAD),
        (200, {"code": 429, "message": "m"}, Kind.RATE_LIMIT),
        (200, {"code": "insufficient_quota"}, Kind.BALANCE),
    ],
)
def test_refusals(reply: Reply, status: int, error: Any, kind: Kind) -> None:
    """The status leads, then the code; words only tell moderation."""
    with pytest.raises(VendorRefusal) as caught:
        CREATE.read(reply(status, {"error": error}))
    assert kind is caught.value.kind


def test_refusal_samples(golden: Golden) -> None:
    """Integer, text and empty codes, and a message in any language."""
    with pytest.raises(NotFound, match="任务不存在"):
        GOLDEN_GET.read(golden("refused, integer code"))
    with pytest.raises(RateLimited, match="Async task request rate exceeded"):
        CREATE.read(golden("refused, string code"))
    with pytest.raises(AuthenticationRefused) as caught:
        CREATE.read(golden("refused by the gateway"))
    assert (caught.value.message, caught.value.code) == ("未提供令牌", "new_api_error")
    with pytest.raises(VendorRefusal, match="invalid request body"):
        CREATE.read(golden("refused without success"))


@pytest.mark.parametrize(("status", "body"), [(429, b"<html>"), (503, b'{"error":{"message":"busy"}}')])
def test_surely_not_accepted(reply: Reply, status: int, body: bytes) -> None:
    """These two may be sent again, after the time that the vendor asks for."""
    with pytest.raises(RateLimited) as caught:
        CREATE.read(reply(status, body, retry_after="4"))
    assert (
        caught.value.retry_after,
        caught.value.retryable,
        caught.value.maybe_accepted,
    ) == (4.0, True, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_maybe_accepted(reply: Reply, status: int) -> None:
    """After these the generation may exist; a 503 that is a proxy's page is not the vendor's word."""
    with pytest.raises(VendorUnavailable) as caught:
        CREATE.read(reply(status, b""))
    assert caught.value.maybe_accepted


def test_failure_inside_a_success(reply: Reply) -> None:
    """success:false with HTTP 200 is an error, and leaves the outcome of a create open."""
    with pytest.raises(VendorRefusal, match="no luck") as caught:
        CREATE.read(reply(200, {"success": False, "message": "no luck"}))
    assert caught.value.maybe_accepted


def test_balance(golden: Golden) -> None:
    """Two limits, in credits: the key's and the account's."""
    assert [OF_KEY.request.path, OF_ACCOUNT.request.path] == ["/v1/balance", "/v1/user/balance"]
    assert OF_KEY.read(golden("key balance")) == Balance(amount=Decimal(2100), currency="credits")
    assert OF_ACCOUNT.read(golden("account balance")) == Balance(amount=Decimal(20000), currency="credits")
    assert OF_KEY.read(golden("unlimited key")) == Balance(amount=None, currency="credits")


@pytest.mark.parametrize("left", [None, "much", {}])
def test_a_balance_without_a_number_is_malformed(reply: Reply, left: Any) -> None:
    """No number must never look like no limit."""
    with pytest.raises(MalformedReply):
        OF_KEY.read(reply(200, {"success": True, "remain_credits": left}))


def test_probe(golden: Golden) -> None:
    """The key's balance proves the key; its failure comes with HTTP 200."""
    call = VENDOR.account.probe()
    call.read(golden("key balance"))
    with pytest.raises(VendorRefusal, match="record not found"):
        call.read(golden("no key balance"))

"""Which answers to a create say that it was surely not accepted, at every vendor: after these it is paid for again."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import GenerationRequest

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
FOREIGN = {"code": 503, "message": "The service is currently unavailable.", "status": "UNAVAILABLE"}


def refused(vendor: str, status: int, error: Any, **headers: str) -> SeedanceError:
    account = Account.create(vendor=vendor, api_key="sk-test-0123456789")
    call = account.vendor.generations.create(
        GenerationRequest(prompt="A fox", model="seedance-2.0", duration=5)
    )
    content = json.dumps({"error": error}).encode()
    with pytest.raises(SeedanceError) as caught:
        call.read(HttpResponse(status, {"content-type": "application/json", **headers}, content, NOW))
    return caught.value


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (503, FOREIGN),
        (503, {"message": "upstream request timeout", "type": "upstream_error"}),
        (503, {"code": "RateLimitExceeded.EndpointRPMExceeded", "message": "too many"}),
        (500, {"code": "ServerOverloaded", "message": "overloaded"}),
        (504, {"code": "QuotaExceeded", "message": "The request has exceeded the quota"}),
        (408, {"code": "RequestBurstTooFast", "message": "slow down"}),
        (200, FOREIGN),
        (200, {"code": "server_error", "message": "failed by the retry policy of the mesh"}),
        (200, {"code": "internal", "message": "sensitive content"}),
    ],
)
def test_what_is_in_between_may_have_passed_the_create_on(vendor: str, status: int, error: Any) -> None:
    """A server error says nothing about the request, whatever its words or its code; nor do words beside a 200."""
    assert refused(vendor, status, error).maybe_accepted


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("status", "error", "headers"),
    [
        (429, {"code": "RateLimitExceeded", "message": "too many"}, {}),
        (429, {"message": "slow down"}, {}),
        (400, {"code": "InvalidParameter", "message": "duration"}, {}),
        (400, {"code": "x", "message": "sensitive content"}, {}),
    ],
)
def test_a_refusal_of_the_request_is_sure(
    vendor: str, status: int, error: Any, headers: dict[str, str]
) -> None:
    assert not refused(vendor, status, error, **headers).maybe_accepted


@pytest.mark.parametrize(
    ("vendor", "status", "error", "headers", "kind"),
    [
        ("toapis", 503, {"code": "", "type": "new_api_error", "message": "busy"}, {}, Kind.RATE_LIMIT),
        ("toapis", 503, {"code": "rate_limit_exceeded"}, {}, Kind.RATE_LIMIT),
        ("toapis", 503, {"message": "busy"}, {"retry-after": "7"}, Kind.RATE_LIMIT),
        ("modelark", 503, {"code": "ServerOverloaded"}, {"retry-after": "7"}, Kind.RATE_LIMIT),
        ("modelark", 200, {"code": "InputTextSensitiveContentDetected"}, {}, Kind.MODERATION),
        ("evolink", 200, {"code": "content_policy_violation"}, {}, Kind.MODERATION),
        ("anyfast", 503, {"code": "model_not_found"}, {}, Kind.AUTHENTICATION),
    ],
)
def test_a_server_error_refuses_by_a_known_code_or_a_pause(
    vendor: str, status: int, error: Any, headers: dict[str, str], kind: Kind
) -> None:
    """One from the vendor's own table, or the time at which to come back."""
    error_read = refused(vendor, status, error, **headers)
    assert (error_read.kind, error_read.maybe_accepted) == (kind, False)

"""Ark's error codes and task object, shared by the official API and by the gateway in front of it."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.replies import ErrorDetails
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.models import GenerationRequest, Usage


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "MissingParameter", Kind.VALIDATION),
        (400, "MissingParameter.content", Kind.VALIDATION),
        (400, "InvalidParameter", Kind.VALIDATION),
        (400, "InvalidParameter.UnsupportedParameter", Kind.VALIDATION),
        (400, "InvalidParameter.TaskTypeConstraint", Kind.VALIDATION),
        (0, "InvalidParameter.TaskTypeMismatch", Kind.VALIDATION),
        (400, "InvalidImageURL.EmptyURL", Kind.VALIDATION),
        (400, "OutofContextError", Kind.VALIDATION),
        (400, "Duplicate.Tags.Key", Kind.VALIDATION),
        (400, "InvalidEndpoint.ClosedEndpoint", Kind.OVERLOAD),
        (400, "SensitiveContentDetected.Violence", Kind.MODERATION),
        (400, "InputTextSensitiveContentDetected", Kind.MODERATION),
        (400, "InputImageSensitiveContentDetected.PrivacyInformation", Kind.MODERATION),
        (0, "OutputVideoSensitiveContentDetected.PolicyViolation", Kind.MODERATION),
        (400, "InputImageRiskDetection", Kind.MODERATION),
        (400, "ContentSecurityDetectionError", Kind.OVERLOAD),
        (401, "AuthenticationError", Kind.AUTHENTICATION),
        (401, "InvalidAccountStatus", Kind.AUTHENTICATION),
        (403, "AccountOverdueError", Kind.BALANCE),
        (403, "OperationDenied.ServiceOverdue", Kind.BALANCE),
        (403, "AccessDenied", Kind.AUTHENTICATION),
        (403, "OperationDenied.ServiceNotOpen", Kind.AUTHENTICATION),
        (404, "InvalidEndpointOrModel.NotFound", Kind.AUTHENTICATION),
        (404, "ModelNotOpen", Kind.AUTHENTICATION),
        (404, "UnsupportedModel", Kind.AUTHENTICATION),
        (404, "NotFound.id", Kind.NOT_FOUND),
        (409, "InvalidAction.RunningTaskDeletion", Kind.CONFLICT),
        (429, "RateLimitExceeded.EndpointRPMExceeded", Kind.RATE_LIMIT),
        (429, "ModelAccountRpmRateLimitExceeded", Kind.RATE_LIMIT),
        (429, "APIAccountRpmRateLimitExceeded", Kind.RATE_LIMIT),
        (429, "AccountRateLimitExceeded", Kind.RATE_LIMIT),
        (429, "ServerOverloaded", Kind.RATE_LIMIT),
        (429, "RequestBurstTooFast", Kind.RATE_LIMIT),
        (429, "InflightBatchsizeExceeded", Kind.RATE_LIMIT),
        (429, "SetLimitExceeded", Kind.BALANCE),
        (500, "InternalServiceError", Kind.OVERLOAD),
        (0, "InternalServiceError", Kind.OVERLOAD),
        (418, "BrandNewCode", Kind.VALIDATION),
        (502, "BrandNewCode", Kind.OVERLOAD),
        (0, "BrandNewCode", Kind.UNKNOWN),
        (404, None, Kind.NOT_FOUND),
    ],
)
def test_error_codes(status: int, code: str | None, kind: Kind) -> None:
    """The code decides; where it is new, the HTTP status does, which a failed task (0) has not."""
    assert kind is ark.kind_of(ErrorDetails(code, None, None), status=status)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The request has exceeded the quota", Kind.RATE_LIMIT),
        ("Your free trial quota is used up", Kind.BALANCE),
        ("The quota of your plan is exhausted", Kind.BALANCE),
    ],
)
def test_a_quota_is_a_full_queue_or_an_empty_purse(message: str, kind: Kind) -> None:
    """QuotaExceeded has two meanings, and only the message tells which."""
    assert kind is ark.kind_of(ErrorDetails("QuotaExceeded", message, None), status=429)


def test_unset_options_are_not_sent() -> None:
    """A field left out takes the vendor's default; false and zero are values."""
    assert ark.options(GenerationRequest(watermark=False, priority=0)) == {"watermark": False, "priority": 0}


def test_references_are_grouped_by_kind() -> None:
    """All images, all videos, all audios, each with its role."""
    request = GenerationRequest(
        reference_audios=("https://a",),
        reference_images=("https://i", "https://j"),
        reference_videos=("https://v",),
    )
    assert [part["role"] for part in ark.reference_parts(request)] == [
        "reference_image",
        "reference_image",
        "reference_video",
        "reference_audio",
    ]


def test_usage_counts_searches_and_super_resolution() -> None:
    """Every counter that a bill depends on is kept."""
    counted = {
        "completion_tokens": 1,
        "total_tokens": 2,
        "super_resolution_tokens": 3,
        "tool_usage": {"web_search": 4},
    }
    assert ark.usage(counted) == Usage(
        completion_tokens=1, total_tokens=2, super_resolution_tokens=3, web_searches=4
    )
    assert ark.usage({}) is None


@pytest.mark.parametrize("field", ["error", "failure_reason"])
def test_both_names_of_a_failure(field: str) -> None:
    """The get calls it error, some lists call it failure_reason."""
    assert ark.task_error_details({field: {"code": "c", "message": "m"}}) == ErrorDetails("c", "m", None)

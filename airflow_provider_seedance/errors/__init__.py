"""Every error of the provider, what each says, and what it may have cost.

The tree follows the question a user asks first, "was anything sent, and can it have cost money?":

* :class:`RequestInvalid`, :class:`ConfigurationError`, :class:`Unsupported`: refused here, nothing was sent;
* :class:`NotSent`: no connection, nothing was sent, safe to repeat;
* :class:`NoReply`, :class:`MalformedReply`: sent, but the outcome is unknown;
* :class:`VendorRefusal` and its children: the vendor answered with an error (:class:`IntermediaryReply`: something
  between Airflow and the vendor did);
* :class:`GenerationFailed`: the vendor accepted the request and ended it without a video;
* :class:`LandingError` and its children: the video exists but could not be brought home.
"""

from __future__ import annotations

from airflow_provider_seedance.core.diagnosis import MAX_DETAIL, Diagnosis, Problem
from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import redact
from airflow_provider_seedance.errors.base import MAX_MESSAGE, SeedanceError
from airflow_provider_seedance.errors.landing import (
    DestinationError,
    DownloadIncomplete,
    LandingError,
    LinkDead,
    LinkRefused,
    NoVideo,
    QualityRejected,
    ResumeRefused,
    VideoCorrupt,
    VideoTooLarge,
)
from airflow_provider_seedance.errors.outcomes import (
    AssetFailed,
    AssetOutcomeUnknown,
    BatchIncomplete,
    DeadlinePassed,
    GenerationFailed,
    TooManyFailures,
)
from airflow_provider_seedance.errors.records import (
    ForeignGeneration,
    LedgerUnavailable,
    OrphanedIntent,
    OutcomeUnknown,
    RecordedConnectionLost,
    StaleState,
    StateUnreadable,
    StateUnwritable,
)
from airflow_provider_seedance.errors.replies import (
    AuthenticationRefused,
    BalanceRefused,
    Conflict,
    IntermediaryReply,
    MalformedReply,
    ModerationRefused,
    NoReply,
    NotFound,
    NotSent,
    RateLimited,
    Redirected,
    ValidationRefused,
    VendorRefusal,
    VendorUnavailable,
    refusal,
)
from airflow_provider_seedance.errors.requests import (
    BudgetExceeded,
    ConfigurationError,
    RequestInvalid,
    Unsupported,
)

__all__ = [
    "MAX_DETAIL",
    "MAX_MESSAGE",
    "AssetFailed",
    "AssetOutcomeUnknown",
    "AuthenticationRefused",
    "BalanceRefused",
    "BatchIncomplete",
    "BudgetExceeded",
    "ConfigurationError",
    "Conflict",
    "DeadlinePassed",
    "DestinationError",
    "Diagnosis",
    "DownloadIncomplete",
    "ForeignGeneration",
    "GenerationFailed",
    "IntermediaryReply",
    "Kind",
    "LandingError",
    "LedgerUnavailable",
    "LinkDead",
    "LinkRefused",
    "MalformedReply",
    "ModerationRefused",
    "NoReply",
    "NoVideo",
    "NotFound",
    "NotSent",
    "OrphanedIntent",
    "OutcomeUnknown",
    "Problem",
    "QualityRejected",
    "RateLimited",
    "RecordedConnectionLost",
    "Redirected",
    "RequestInvalid",
    "ResumeRefused",
    "SeedanceError",
    "StaleState",
    "StateUnreadable",
    "StateUnwritable",
    "TooManyFailures",
    "Unsupported",
    "ValidationRefused",
    "VendorRefusal",
    "VendorUnavailable",
    "VideoCorrupt",
    "VideoTooLarge",
    "redact",
    "refusal",
]

"""The errors of a request of which it is not clear whether the vendor accepted it, with what may have been bought."""

from __future__ import annotations

from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import OrphanedIntent, OutcomeUnknown, SeedanceError
from airflow_provider_seedance.models import GenerationRequest

_LOOK_FOR_IT = (
    "Look for it in the vendor's console by that time, and for its id in the answer, where one is shown."
    " If there is one, set generation_id on the task, or in the task's record, to its id and clear the task"
)


def orphaned_intent(request: GenerationRequest, intent: SubmissionRecord, why: str) -> OrphanedIntent:
    """The error where nobody can tell.

    :param why: the vendor does not tell.
    """
    advice = f"{_LOOK_FOR_IT}; if there is none, clear it with on_orphaned_intent='resubmit'."
    if intent.unread_reply:
        advice += (
            f" If the answer is not the vendor's, correct the host of connection {intent.seedance_conn_id!r}."
        )
    return OrphanedIntent(
        f"{_in_words(request, intent)}, and its id is not known: {why}", vendor=intent.vendor, advice=advice
    )


def outcome_unknown(
    request: GenerationRequest, intent: SubmissionRecord, error: SeedanceError
) -> OutcomeUnknown:
    """The error where the vendor cannot be asked at the moment.

    :param error: of the question; a retry is as useful after this one.
    """
    return OutcomeUnknown(
        f"{_in_words(request, intent)}, and the vendor cannot be asked: {error.message}",
        vendor=intent.vendor,
        kind=error.kind,
        code=error.code,
        http_status=error.http_status,
        request_id=error.request_id,
        retry_after=error.retry_after,
        advice=f"A retry asks again before anything is paid. Does the vendor stay away? {_LOOK_FOR_IT}.",
    )


def _in_words(request: GenerationRequest, intent: SubmissionRecord) -> str:
    moment = intent.intended_at.isoformat()
    return f"one {request.mode.value} video of {request.model} may have been bought at {moment}"

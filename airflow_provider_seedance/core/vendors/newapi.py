"""What gateways built on "new-api" have in common: words for a task's state, and an answer's envelope.

EvoLink and ToAPIs are two of them (contracts: evolink 1, 4; toapis 1, 4).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import as_text, required
from airflow_provider_seedance.errors import VendorRefusal
from airflow_provider_seedance.models import Status

_STATUS = {
    "queued": Status.QUEUED,
    "submitted": Status.QUEUED,
    "pending": Status.QUEUED,
    "in_progress": Status.RUNNING,
    "processing": Status.RUNNING,
    "running": Status.RUNNING,
    "completed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "success": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "error": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "expired": Status.EXPIRED,
}


def accepted(response: HttpResponse, refusal: Callable[[HttpResponse], VendorRefusal]) -> dict[str, Any]:
    """The body of a 2xx answer, unless it is a complaint: an error without the state of a task.

    :param refusal: reads the error in an answer.
    """
    if response.status >= 300:
        raise refusal(response)
    body = response.json_object()
    if body.get("success") is False or (body.get("error") and not body.get("status")):
        raise refusal(response)
    return body


def created_status(body: dict[str, Any]) -> Status:
    """The state of a task that was just created: it is queued or it runs, whatever its word says."""
    word = as_text(body.get("status")) or "queued"
    return Status.QUEUED if _STATUS.get(word.lower()) is Status.QUEUED else Status.RUNNING


def task_status(response: HttpResponse, body: dict[str, Any]) -> Status:
    """The state of a task. An unknown word counts as running.

    :raises MalformedReply: without a word.
    """
    word = required(response, "status", as_text(body.get("status")))
    return _STATUS.get(word.lower(), Status.RUNNING)

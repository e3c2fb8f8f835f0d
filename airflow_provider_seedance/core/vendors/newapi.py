"""What gateways built on "new-api" have in common: an answer's envelope, and the shapes of their errors.

EvoLink and ToAPIs are two of them (contracts: evolink 1, 4; toapis 1, 4).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.replies import ErrorDetails, OwnShape, error_details
from airflow_provider_seedance.core.vendors.status_words import status_of
from airflow_provider_seedance.core.vendors.tasks import is_complaint, word_of
from airflow_provider_seedance.errors import VendorRefusal
from airflow_provider_seedance.models import Status

SHAPE = OwnShape(success_flag=True)


def accepted(response: HttpResponse, refusal: Callable[[HttpResponse], VendorRefusal]) -> dict[str, Any]:
    """The body of a 2xx answer, unless it is a complaint.

    :param refusal: reads the error in an answer.
    """
    if response.status >= 300:
        raise refusal(response)
    body = response.json_object()
    if is_complaint(body):
        raise refusal(response)
    return body


def created_status(task: Mapping[str, Any]) -> Status:
    """The state of a task that was just created: it is queued or it runs, whatever its word says."""
    return Status.QUEUED if status_of(word_of(task) or "queued") is Status.QUEUED else Status.RUNNING


def task_error_details(task: Mapping[str, Any]) -> ErrorDetails:
    """Why a task failed."""
    return error_details({"error": task.get("error") or task.get("fail_reason")})

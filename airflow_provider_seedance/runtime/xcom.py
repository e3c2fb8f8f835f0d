"""What other tasks read of a task that has not succeeded, or not yet: XComs that are pushed on the way."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.errors import SeedanceError

log = logging.getLogger(__name__)

#: The keys of XComs; the last one holds the request that a TaskFlow function wrote. Airflow clears them when a task is
#: tried again.
ERROR, GENERATION_ID, REQUEST = "error", "generation_id", "request"


def push_generation_id(context: Context, generation_id: str | None) -> None:
    """Tell which generation the task waits for."""
    _push(context, GENERATION_ID, generation_id)


def push_link(context: Context, key: str, address: str) -> None:
    """Show a link on the task's page.

    :param key: the link's ``xcom_key``.
    """
    _push(context, key, address)


def push_error(context: Context, error: SeedanceError) -> None:
    """Tell what ended the task, so that others can branch on it."""
    _push(context, ERROR, error_value(error, getattr(context.get("task"), "seedance_conn_id", None)))


def error_value(error: SeedanceError, conn_id: Any = None) -> dict[str, Any]:
    """The error as a JSON object; keys are always there, null where there is nothing.

    :param conn_id: the task's connection, for an error that names none.
    """
    from airflow_provider_seedance.core.redaction import MAX_TEXT, shorten

    return {
        "kind": error.kind.value,
        "code": error.code,
        "stage": error.stage,
        "medium": error.medium,
        "field": error.field,
        "index": error.index,
        "vendor": error.vendor,
        "connection": error.connection or (conn_id if isinstance(conn_id, str) else None),
        "generation_id": error.generation_id,
        "billed": error.billed,
        "message": shorten(error.message, MAX_TEXT),
    }


def _push(context: Context, key: str, value: Any) -> None:
    """An XCom that cannot be pushed costs no video, and hides no error."""
    try:
        context["ti"].xcom_push(key=key, value=value)
    except Exception as fault:  # noqa: BLE001 - whatever a backend of the team's own raises
        log.warning("The XCom %r of this task could not be stored: %s", key, type(fault).__name__)

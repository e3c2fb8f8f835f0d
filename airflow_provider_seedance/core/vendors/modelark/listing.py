"""ModelArk's list of the tasks of the last seven days (contract: modelark 4)."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse
from airflow_provider_seedance.core.vendors.modelark.errors import accepted
from airflow_provider_seedance.core.vendors.modelark.generations import (
    TASKS,
    common_fields,
    read_task,
    video_url,
)
from airflow_provider_seedance.core.vendors.reading import as_int
from airflow_provider_seedance.errors import MalformedReply
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Status

#: Sent with every query, since the vendor's own default hides results.
DEFAULT_PAGE_SIZE = 100
LARGEST_PAGE_SIZE, LAST_PAGE = 500, 500
#: Ids in one query. No maximum is published; a hundred make a URL of 4 kB, and 8 kB is a common limit.
IDS_PER_REQUEST = 100
#: A list without a tier shows the first one only.
SERVICE_TIERS = ("default", "flex")


def list_tasks(query: ListQuery) -> Call[GenerationPage]:
    wanted = [
        ("page_num", str(query.page)),
        ("page_size", str(query.page_size or DEFAULT_PAGE_SIZE)),
        ("filter.status", query.status.value if query.status else ""),
        ("filter.model", query.model or ""),
        ("filter.service_tier", query.service_tier or ""),
        *(("filter.task_ids", generation_id) for generation_id in query.ids),
    ]
    return Call(HttpRequest("GET", TASKS, tuple(pair for pair in wanted if pair[1])), _read_page)


def _read_page(response: HttpResponse) -> GenerationPage:
    body = accepted(response)
    rows, total = body.get("items"), as_int(body.get("total"))
    if rows is None and total == 0:
        rows = []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise MalformedReply("the answer has no list of items", http_status=response.status)
    items = tuple(_read_row(response, row) for row in rows)
    return GenerationPage(total=total or len(items), items=items)


def _read_row(response: HttpResponse, row: dict[str, Any]) -> Generation:
    """One row of the list, which also holds other modalities' tasks: their success has no video.

    Such a row counts as running, for a page must not be lost by one row, nor a row be taken for absent.
    """
    if row.get("status") == Status.SUCCEEDED.value and not video_url(row):
        return Pending(status=Status.RUNNING, **common_fields(response, row))
    return read_task(response, row)

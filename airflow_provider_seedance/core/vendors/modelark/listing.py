"""ModelArk's list of the tasks of the last seven days (contract: modelark 4)."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse
from airflow_provider_seedance.core.vendors.modelark.errors import accepted
from airflow_provider_seedance.core.vendors.modelark.generations import TASKS, read_row
from airflow_provider_seedance.core.vendors.reading import as_int, malformed
from airflow_provider_seedance.models import GenerationPage, ListQuery

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
        raise malformed(response, "the answer has no list of items")
    items = tuple(read_row(response, row) for row in rows)
    return GenerationPage(total=total or len(items), items=items)

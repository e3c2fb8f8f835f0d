"""What a batch hands over: one line for each row, and a summary that is small enough for XCom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_seedance.core.batch.budget import totals
from airflow_provider_seedance.core.batch.journal.lines import States
from airflow_provider_seedance.core.batch.journal.store import state_of
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.lifecycle.result import cost_dict
from airflow_provider_seedance.models import Cost

#: Failed rows in the summary.
FIRST = 20
#: The longest reason in it.
LONGEST_REASON = 500


def result_of(row: Row, state: RowState) -> dict[str, Any]:
    """A row's result: every key always there, null where there is nothing."""
    end, record = state.end, state.record
    manifest = end.manifest if end else None
    return {
        "row": row.number,
        "status": state.status,
        "generation_id": record.generation_id if record else None,
        "uri": manifest["uri"] if manifest else None,
        "manifest": manifest,
        "cost": cost_dict(end.cost if end else Cost()),
        "error": {"kind": end.kind.value, "message": end.reason} if end and end.kind else None,
        "attempts": record.intent if record else 0,
        "metadata": dict(row.metadata),
    }


def results(rows: Mapping[int, Row], states: States) -> list[dict[str, Any]]:
    """The results of all rows, in their order."""
    return [result_of(rows[number], state_of(states, number)) for number in sorted(rows)]


def as_lines(found: Iterable[Mapping[str, Any]]) -> str:
    """As JSON lines."""
    return "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in found)


def summary(found: list[dict[str, Any]], uri: str) -> dict[str, Any]:
    """What the task returns.

    :param uri: of the results.
    """
    statuses = ("succeeded", "failed", "uncollected", "uncertain", "in_flight", "not_submitted")
    counts = {status: sum(result["status"] == status for result in found) for status in statuses}
    return {
        "rows": len(found),
        "counts": counts,
        "cost": totals(Cost(**result["cost"]) for result in found),
        "results": uri,
        "failures": [_short(result) for result in found if result["error"]][:FIRST],
    }


def _short(result: Mapping[str, Any]) -> dict[str, Any]:
    message = result["error"]["message"]
    return {
        "row": result["row"],
        "status": result["status"],
        "generation_id": result["generation_id"],
        "kind": result["error"]["kind"],
        "message": message if len(message) <= LONGEST_REASON else f"{message[:LONGEST_REASON]}...",
    }

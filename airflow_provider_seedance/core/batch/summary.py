"""What a batch hands over: one result for each row, a summary small enough for XCom, and whether the task succeeded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_provider_seedance.core.batch.journal.lines import States
from airflow_provider_seedance.core.batch.journal.store import state_of
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.lifecycle.describe import totals_in_words
from airflow_provider_seedance.core.lifecycle.result import Totals, attempt_dict, cost_dict, totals
from airflow_provider_seedance.errors import BatchIncomplete, Kind, SeedanceError
from airflow_provider_seedance.models import Cost

#: Attempts that ended without a video, and may be billed all the same.
WITHOUT_VIDEO = ("failed", "expired", "cancelled")
#: How many failed rows the summary lists, and how many characters of each reason.
MAX_FAILURES_IN_SUMMARY, MAX_REASON_CHARACTERS = 20, 500


def result_of(row: Row, state: RowState) -> dict[str, Any]:
    """A row's result: every key is always there, null where there is nothing."""
    outcome, record = state.outcome, state.record
    manifest = outcome.manifest if outcome else None
    return {
        "row": row.number,
        "status": state.status,
        "generation_id": _generation_id(state),
        "uri": manifest["uri"] if manifest else None,
        "manifest": manifest,
        "publication": outcome.publication if outcome else None,
        "cost": cost_dict(outcome.cost if outcome else Cost()),
        "reused": outcome is not None and outcome.reused,
        "error": _error_of(outcome) if outcome else None,
        "attempts": [attempt_dict(attempt) for attempt in (record.all_attempts if record else ())],
        "intents": record.intent_number if record else 0,
        "metadata": dict(row.metadata),
    }


def _error_of(outcome: RowOutcome) -> dict[str, Any] | None:
    """Why a row has no video, in the words of a task's XCom ``error``."""
    if outcome.error_kind is None:
        return None
    about = outcome.diagnosis
    return {
        "kind": outcome.error_kind.value,
        "code": outcome.code,
        "stage": about.stage,
        "medium": about.medium,
        "field": about.field,
        "index": about.index,
        "message": outcome.reason,
    }


def _generation_id(state: RowState) -> str | None:
    """The generation that made the row's video, or is to make it."""
    outcome = state.outcome
    if outcome is not None and outcome.reused and outcome.manifest:
        return str(outcome.manifest["source"]["generation_id"])
    return state.generation_id


def results_of(rows: Mapping[int, Row], states: States) -> list[dict[str, Any]]:
    """The results of all rows, in their order."""
    return [result_of(rows[number], state_of(states, number)) for number in sorted(rows)]


def to_json_lines(results: Iterable[Mapping[str, Any]]) -> str:
    """The results as the text of a JSONL file."""
    return "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)


def summarize(results: list[dict[str, Any]], uri: str) -> dict[str, Any]:
    """What the task returns.

    :param uri: of the file with the results.
    """
    statuses = ("succeeded", "failed", "uncollected", "uncertain", "in_flight", "not_submitted")
    return {
        "rows": len(results),
        "counts": {status: sum(result["status"] == status for result in results) for status in statuses},
        "cost": totals(cost for result in results for cost in _costs(result)),
        "results": uri,
        "failures": [_short(result) for result in results if result["error"]][:MAX_FAILURES_IN_SUMMARY],
    }


def published_by_task(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The publications that the batch has made, with what they are about: without prompts and links."""
    return [
        {
            **result["publication"],
            "row": result["row"],
            "metadata": result["metadata"],
            "source": result["manifest"]["source"],
            "manifest": result["manifest"],
        }
        for result in results
        if result["publication"] and result["publication"].get("published")
    ]


def progress_in_words(rows: int, counts: Mapping[str, int], cost: Totals, limit: str | None) -> str:
    """How far a batch is: ``Of 100 rows: 3 succeeded, 97 in flight; cost so far 1.35 USD (billed) of 150 USD.``

    :param limit: what all rows may cost together; ``None`` for no limit.
    """
    listed = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
    return f"Of {rows} rows: {listed}; cost so far {totals_in_words(cost)}{f' of {limit}' if limit else ''}."


def _costs(result: Mapping[str, Any]) -> Iterator[Cost]:
    """What a row has cost: its video, and its attempts without one."""
    yield Cost(**result["cost"])
    for attempt in result["attempts"]:
        if attempt["status"] in WITHOUT_VIDEO:
            yield Cost(**attempt["cost"])


def _is_billed(counts: Mapping[str, int], states: Iterable[RowState]) -> bool | None:
    """Whether any row is billed; ``None`` where that is not known."""
    states = list(states)
    if counts["succeeded"] or any(
        attempt.cost.amount for state in states for attempt in state.ended_attempts
    ):
        return True
    unknown = counts["uncollected"] or counts["uncertain"]
    return None if unknown or any(state.may_have_billed_attempts for state in states) else False


def _short(result: Mapping[str, Any]) -> dict[str, Any]:
    message = result["error"]["message"]
    cut = f"{message[:MAX_REASON_CHARACTERS]}..."
    return {
        "row": result["row"],
        "status": result["status"],
        "generation_id": result["generation_id"],
        "kind": result["error"]["kind"],
        "message": message if len(message) <= MAX_REASON_CHARACTERS else cut,
    }


def check_complete(
    summary: Mapping[str, Any], states: Iterable[RowState], stopped_by: SeedanceError | None
) -> None:
    """Refuse a batch that is not as it should be when all that was submitted has ended.

    :param stopped_by: why rows were not submitted.
    :raises BatchIncomplete: if it was stopped early, if rows may be billed and have no video, or if none succeeded.
        It is retryable if another try may do better.
    """
    rows, counts = summary["rows"], summary["counts"]
    listed = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    overview = f"Of {rows} rows: {listed}. The results are in {summary['results']}."
    states = list(states)
    billed = _is_billed(counts, states)
    if stopped_by is not None:
        raise BatchIncomplete(
            f"{stopped_by.message}. {overview}",
            billed=billed,
            kind=stopped_by.kind,
            code=stopped_by.code,
            vendor=stopped_by.vendor,
            advice=stopped_by.advice,
        )
    outcomes = [state.outcome for state in states if state.outcome]
    retryable = any(outcome.retryable for outcome in outcomes if outcome.status != "succeeded")
    # An error without a vendor's answer: LANDING is retryable, REJECTED is not.
    kind = Kind.LANDING if retryable else Kind.REJECTED
    if counts["uncollected"] or counts["uncertain"]:
        raise BatchIncomplete(
            f"some rows may have been billed but have no downloaded video yet. {overview}",
            billed=billed,
            kind=kind,
            advice="Clear the task: it goes on with the rows whose generation id is known. Look for the others in the"
            " vendor's console; give those that are there to their rows as generation_id, and clear the task with"
            " on_orphaned_intent='resubmit' for those that are not.",
        )
    if rows and not counts["succeeded"]:
        raise BatchIncomplete(
            f"no row succeeded. {overview}",
            billed=billed,
            kind=kind,
            advice="See the results for the reasons.",
        )

"""Puts a task instance where an earlier try left it: a record, and a generation at the vendor."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.paths import folder_of_batch
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.batch.worker import identity_of_row
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp, Outcome, Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.task_state import KEY, identity_of
from tests.faults.oracle.decisions import Decision
from tests.faults.scene import LONG, VIDEO, Scene

#: The connection that a record may name beside the task's own.
OTHER, GONE = "seedance_other", "seedance_gone"
CONTENT = "[emulator:moderation] A fox"

OUTCOMES: dict[str, Outcome | None] = {
    "refused: no room, no connection, key or balance": Refused(error=Kind.RATE_LIMIT),
    "refused: content or request": Refused(error=Kind.MODERATION),
    "an intent without an id": None,
    "a generation": None,
    "gave up: its time was up": GaveUp(limit="timeout"),
    "ended: succeeded and delivered": Ended(status="succeeded"),
    "ended: failed for its content": Ended(status="failed", error=Kind.MODERATION),
    "ended: expired, cancelled or vendor trouble": Ended(status="expired", error=Kind.EXPIRED),
    "a generation of another connection": None,
    "a generation of a connection that is gone": None,
    "a generation of another account": None,
}


def leave_behind(scene: Scene, decision: Decision) -> SubmissionRecord | None:
    """The record that the next try finds, put where it looks."""
    if decision.record == "nothing":
        return None
    at_other = decision.record == "a generation of another connection"
    conn_id = scene.connect("evolink", OTHER) if at_other else scene.task.operator.seedance_conn_id
    record = _intent(scene, decision, conn_id)
    if "intent" in decision.record or "generation" in decision.record or record.blocks_new_payment:
        record = record.replace(**_generation(scene, decision, conn_id, record.intent_id))
    if scene.row:
        _write_row(scene, record)
    else:
        scene.task.state.set(KEY, record.to_dict())
    return record


def _intent(scene: Scene, decision: Decision, conn_id: str) -> SubmissionRecord:
    account = SeedanceHook(conn_id).get_account()
    task = identity_of(scene.task.context)
    task = identity_of_row(task, 1) if scene.row else task
    now = datetime.now(timezone.utc)
    passed = decision.record.startswith("gave up")
    return SubmissionRecord(
        intent_number=1,
        intent_id=task.intent_id(1, random=0.5),
        vendor=account.vendor.name,
        seedance_conn_id=GONE if decision.record.endswith("gone") else conn_id,
        account_id="another" if decision.record.endswith("account") else account.account_id,
        fingerprint="v1:another" if decision.changed else fingerprint(_request(scene)),
        intended_at=now,
        max_tries=0,
        started=now - timedelta(hours=2) if passed else now,
        deadline=now - timedelta(hours=1) if passed else now + timedelta(hours=1),
        outcome=OUTCOMES[decision.record],
    )


def _request(scene: Scene) -> GenerationRequest:
    prompt = scene.arguments.get("prompt", VIDEO["prompt"])
    return GenerationRequest.parse({**VIDEO, "model": "seedance-2.0", "prompt": prompt})


def _generation(scene: Scene, decision: Decision, conn_id: str, intent_id: str) -> dict[str, Any]:
    """What the record says about its generation, which is brought to where the vendor is to have it."""
    if decision.vendor == "does not know it":
        return {"generation_id": "task-unknown"}
    if decision.vendor == "failed: vendor trouble":
        scene.emulator.add_fault(on="create", kind="fail", times=1)
    request = _request(scene)
    if decision.vendor == "failed: content":
        request = request.model_copy(update={"prompt": CONTENT})
    with SeedanceHook(conn_id).get_conn() as client:
        generation_id = client.generations.create(request, intent_id).generation_id
    if decision.vendor.startswith(("failed", "succeeded")):
        scene.emulator.advance(LONG)
    return {} if decision.record.startswith("an intent") else {"generation_id": generation_id}


def _write_row(scene: Scene, record: SubmissionRecord) -> None:
    folder = folder_of_batch(scene.task.operator.destination, identity_of(scene.task.context))
    with open_journal(Path(folder)) as journal:
        journal.write(RowState(row=1, record=record, outcome=_row_outcome(record)))


def _row_outcome(record: SubmissionRecord) -> RowOutcome | None:
    outcome = record.outcome
    if record.is_delivered:
        return RowOutcome(status="succeeded", manifest={"uri": "somewhere"})
    if isinstance(outcome, Refused | Ended):
        retryable = outcome.error is not None and outcome.error.traits.retryable
        return RowOutcome(status="failed", error_kind=outcome.error, reason="so it was", retryable=retryable)
    return RowOutcome(status="uncollected") if isinstance(outcome, GaveUp) else None

"""What is on record about each row, and what a later try makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import REFUSED, SubmissionRecord
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.models import Cost

#: ``succeeded``: finished, and landed where that was asked for. ``failed``: no video, and nothing to pay.
#: ``uncollected``: paid for, or may be, under a known id; a retry goes on with it. ``uncertain``: may have been
#: accepted, and its id is not known. ``not_submitted``: the batch stopped before it.
Status = Literal["succeeded", "failed", "uncollected", "uncertain", "not_submitted"]

#: Outcomes of a record whose row is to be bought anew by the user's own choice.
CLEARED, CHANGED = "cleared", "changed"
#: Outcomes of a record after which nothing more is to pay for it.
_NOTHING_DUE = (REFUSED, "failed", "expired", "cancelled", CLEARED, CHANGED)

#: How often one row is submitted, or collected, in one try of the task before its failure counts.
MAX_ROW_ATTEMPTS = 4


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RowOutcome(_Value):
    """How a row ended.

    :param cost: what the vendor billed for it, or the estimate.
    :param manifest: of the landed video, as JSON.
    :param kind: of the error that ended it; ``reason`` is the error's text.
    :param retryable: whether another try of the task may do better.
    """

    status: Status
    cost: Cost = Cost()
    manifest: dict[str, Any] | None = None
    kind: Kind | None = None
    reason: str | None = None
    retryable: bool = False


class Phase(str, Enum):
    """Where a row is on its way."""

    #: To be submitted, or an intent to be reconciled.
    WAITING = "waiting"
    #: Submitted, with an id.
    IN_FLIGHT = "in_flight"
    ENDED = "ended"


class RowState(_Value):
    """All that is on record about one row.

    :param attempts: how often it was submitted, or tried to be, in this try of the task.
    :param record: of its latest intent.
    :param outcome: ``None`` until the row has ended.
    """

    row: int
    attempts: int = 0
    record: SubmissionRecord | None = None
    outcome: RowOutcome | None = None

    def replace(self, **changes: Any) -> RowState:
        """This state with changes."""
        return self.model_copy(update=changes)

    @property
    def generation_id(self) -> str | None:
        return self.record.generation_id if self.record else None

    @property
    def may_be_billed(self) -> bool:
        """Whether money may be gone, or going, for its latest intent, which is to be gone on with."""
        if self.record is None or self.record.outcome in _NOTHING_DUE:
            return False
        return self.outcome is None or self.outcome.status != "failed"

    @property
    def phase(self) -> Phase:
        """From the state alone. A record whose generation failed, and is to be tried again, carries its outcome."""
        if self.outcome is not None:
            return Phase.ENDED
        if self.generation_id is None or (self.record and self.record.outcome):
            return Phase.WAITING
        return Phase.IN_FLIGHT

    @property
    def status(self) -> str:
        """A :data:`Status`, or ``in_flight``."""
        if self.outcome is not None:
            return self.outcome.status
        if self.phase is Phase.IN_FLIGHT:
            return "in_flight"
        if not self.may_be_billed:
            return "not_submitted"
        return "uncollected" if self.generation_id else "uncertain"


def resume_row(
    state: RowState, policies: Policies, *, max_tries: int, now: datetime, timeout: float, lands: bool
) -> RowState:
    """The row as a new try of the task begins with it.

    A retry goes on with what is paid for and tries failures again that may do better; a clear tries all failures
    again, and everything if the user chose ``regenerate``.

    :param max_tries: Airflow's count; a clear raises it.
    :param patience: seconds that a wait which ran out is given once more.
    :param lands: whether videos are landed; one that has succeeded before that was asked for is landed now.
    """
    record, end = state.record, state.outcome
    fresh = state.replace(attempts=0, outcome=None)
    if record is None:
        return fresh
    cleared = max_tries > record.max_tries
    if cleared and policies.on_clear == "regenerate":
        return fresh.replace(record=record.replace(outcome=CLEARED))
    if end is not None and end.status == "succeeded" and (end.manifest or not lands):
        return state
    if end is not None and end.status == "failed":
        if not (end.retryable or cleared):
            return state
        return fresh.replace(record=record.replace(outcome=record.outcome or "failed"))
    if record.generation_id is None:
        return fresh
    record = record.replace(outcome=None, reason=None)
    if record.deadline is None or now >= record.deadline:
        deadline = now + timedelta(seconds=timeout)
        record = record.replace(started=record.started or now, deadline=deadline)
    return fresh.replace(record=record)


def stale_rows(states: Mapping[int, RowState], fingerprints: Mapping[int, str]) -> list[int]:
    """Rows whose request changed, or that are gone, while a generation of theirs is paid for or may be."""
    return [
        number
        for number, state in sorted(states.items())
        if state.may_be_billed and state.record and state.record.fingerprint != fingerprints.get(number)
    ]


def rows_elsewhere(states: Mapping[int, RowState], vendor: str) -> list[int]:
    """Rows that are under way, or may be, at another vendor."""
    return [
        number
        for number, state in sorted(states.items())
        if state.may_be_billed and state.record and state.record.vendor != vendor and not _succeeded(state)
    ]


def _succeeded(state: RowState) -> bool:
    return state.outcome is not None and state.outcome.status == "succeeded"


def count_by_status(rows: int, states: Iterable[RowState]) -> dict[str, int]:
    """How many of so many ``rows`` have which status; all keys are always there."""
    found = dict.fromkeys(("succeeded", "failed", "uncollected", "uncertain", "in_flight", "waiting"), 0)
    for state in states:
        if state.phase is Phase.IN_FLIGHT:
            found["in_flight"] += 1
        elif state.outcome is not None:
            found[state.outcome.status] += 1
    found["waiting"] = rows - sum(found.values())
    return found

"""What is on record about each row, and what a later try makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from airflow_provider_seedance.core.submission.attempts import Attempt
from airflow_provider_seedance.core.submission.decide import Action, reattached
from airflow_provider_seedance.core.submission.outcome import Ended, Superseded
from airflow_provider_seedance.core.submission.record import StoredVideo, SubmissionRecord
from airflow_provider_seedance.errors import Diagnosis, Kind
from airflow_provider_seedance.models import Cost

#: ``succeeded``: finished, and landed where that was asked for. ``failed``: no video, and nothing more to pay.
#: ``uncollected``: paid for, or may be, under a known id; a retry goes on with it. ``uncertain``: may have been
#: accepted, and its id is not known. ``not_submitted``: not submitted yet, or the batch stopped before it.
RowStatus = Literal["succeeded", "failed", "uncollected", "uncertain", "not_submitted"]

#: How often one row is submitted, or collected, in one try of the task before its failure counts.
MAX_ROW_ATTEMPTS = 4


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RowOutcome(_Value):
    """How a row ended.

    :param cost: what the vendor billed for it, or the estimate.
    :param tokens: as the vendor counted.
    :param reused: the video is that of an equal request, and nothing was paid.
    :param manifest: of the landed video, as JSON, without the request.
    :param publication: where it was published: ``uri, sidecar_uri, bytes, sha256, published_at``, and ``published``,
        whether this task did it.
    :param error_kind: of the error that ended it; ``reason`` is the error's text.
    :param code: the vendor's own error code.
    :param diagnosis: what in the request, or in the result, the error is about.
    :param retryable: whether another try of the task may do better.
    """

    status: RowStatus
    cost: Cost = Cost()
    tokens: int | None = None
    reused: bool = False
    manifest: dict[str, Any] | None = None
    publication: dict[str, Any] | None = None
    error_kind: Kind | None = None
    code: str | None = None
    diagnosis: Diagnosis = Diagnosis()
    reason: str | None = None
    retryable: bool = False


class Phase(str, Enum):
    """Where a row is on its way."""

    #: To be submitted, or an intent to be reconciled.
    TO_SUBMIT = "to_submit"
    #: Submitted, with an id.
    IN_FLIGHT = "in_flight"
    ENDED = "ended"


class RowState(_Value):
    """All that is on record about one row.

    :param attempts_this_try: how often its submission or its generation has failed in this try of the task.
    :param record: of its latest intent.
    :param outcome: ``None`` until the row has ended.
    """

    row: int
    attempts_this_try: int = 0
    record: SubmissionRecord | None = None
    outcome: RowOutcome | None = None

    def replace(self, **changes: Any) -> RowState:
        """This state with changes."""
        return self.model_copy(update=changes)

    @property
    def generation_id(self) -> str | None:
        return self.record.generation_id if self.record else None

    @property
    def videos(self) -> tuple[StoredVideo, ...]:
        """Where its videos are: landed, then published."""
        outcome = self.outcome
        if outcome is None or outcome.manifest is None:
            return ()
        landed = StoredVideo.from_manifest(outcome.manifest)
        if outcome.publication is None:
            return (landed,)
        published = StoredVideo.from_manifest({**outcome.manifest, **outcome.publication}, published=True)
        return (landed, published)

    @property
    def _ended_attempts(self) -> tuple[Attempt, ...]:
        """The attempts that have made way for another one."""
        attempts = self.record.all_attempts if self.record else ()
        return attempts[:-1] if self.blocks_new_payment else attempts

    @property
    def billed_attempts(self) -> tuple[Cost, ...]:
        """What attempts without a video have cost, of those for which the vendor has told an amount."""
        return tuple(
            attempt.cost
            for attempt in self._ended_attempts
            if attempt.cost.amount and attempt.status != "succeeded"
        )

    @property
    def spent_on_attempts(self) -> tuple[Cost, ...]:
        """What counts for them against ``max_cost``: also the estimate of one that the vendor may have accepted."""
        without_video = (
            made for made in self._ended_attempts if made.status not in ("succeeded", "submitted")
        )
        return tuple(attempt.spent for attempt in without_video if attempt.spent.amount)

    @property
    def may_have_billed_attempts(self) -> bool:
        """Whether the row has made way for an attempt of which it is not known what it has cost."""
        return any(attempt.cost.amount is None for attempt in self._ended_attempts)

    @property
    def blocks_new_payment(self) -> bool:
        """Whether its latest intent does; see :attr:`SubmissionRecord.blocks_new_payment`."""
        return self.record is not None and self.record.blocks_new_payment

    def ended(self, outcome: RowOutcome) -> RowState:
        """This state with its outcome; a success is the outcome of its intent too."""
        record = self.record
        if record is not None and outcome.status == "succeeded":
            record = record.replace(
                outcome=Ended(status="succeeded", cost=outcome.cost, tokens=outcome.tokens)
            )
        return self.replace(outcome=outcome, record=record)

    def has_result(self, *, lands: bool, publishes: bool = False) -> bool:
        """Whether it has succeeded, and its video is landed and published as far as videos are to be."""
        return (
            self.outcome is not None
            and self.outcome.status == "succeeded"
            and (self.outcome.manifest is not None or not lands)
            and (self.outcome.publication is not None or not publishes)
        )

    @property
    def phase(self) -> Phase:
        """Where the row is on its way. A row without an outcome whose record has one is to be submitted again."""
        if self.outcome is not None:
            return Phase.ENDED
        if self.generation_id is None or (self.record and self.record.outcome):
            return Phase.TO_SUBMIT
        return Phase.IN_FLIGHT

    @property
    def status(self) -> str:
        """A :data:`RowStatus`, or ``in_flight``."""
        if self.outcome is not None:
            return self.outcome.status
        if self.phase is Phase.IN_FLIGHT:
            return "in_flight"
        if not self.blocks_new_payment:
            return "not_submitted"
        return "uncollected" if self.generation_id else "uncertain"


def resume_row(
    state: RowState, action: Action, *, cleared: bool, max_tries: int, now: datetime, timeout: float
) -> RowState:
    """The row as a new try begins with it, after what the policy says about its record.

    :param action: from :mod:`airflow_provider_seedance.core.submission.decide`.
    :param cleared: whether a user cleared the task.
    :param max_tries: Airflow's count; a clear raises it.
    :param timeout: seconds that a wait which ran out is given once more.
    """
    record = state.record
    assert record is not None
    if action is Action.KEEP:
        return state.replace(record=record.replace(max_tries=max_tries))
    if action is Action.REATTACH:
        record = reattached(record, max_tries=max_tries, now=now, timeout=timeout)
    elif action is Action.SUBMIT and record.blocks_new_payment:
        record = record.replace(outcome=Superseded(by="clear" if cleared else "change"))
    return state.replace(attempts_this_try=0, outcome=None, record=record)


def count_by_status(rows: int, states: Iterable[RowState]) -> dict[str, int]:
    """How many of so many ``rows`` have which status; all keys are always there."""
    found = dict.fromkeys(
        ("succeeded", "failed", "uncollected", "uncertain", "in_flight", "not_submitted"), 0
    )
    for state in states:
        if state.phase is Phase.IN_FLIGHT:
            found["in_flight"] += 1
        elif state.outcome is not None:
            found[state.outcome.status] += 1
    found["not_submitted"] = rows - sum(found.values())
    return found

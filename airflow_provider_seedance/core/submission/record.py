"""What is on record about a task's generation: written before paying, completed right after.

Rule 1: the intent is stored before the request leaves.
Rule 2: a record belongs to a task instance, never to one of its tries.
Rule 3: "cannot read the record" is an error, never "there is none".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.core.submission.attempts import FREE, Attempt, AttemptStatus, with_attempt
from airflow_provider_seedance.core.submission.outcome import Ended, Outcome, Refused, Superseded
from airflow_provider_seedance.errors import StateUnreadable
from airflow_provider_seedance.models import Cost


@dataclass(frozen=True)
class TaskIdentity:
    """Whose record it is.

    :param max_tries: Airflow's count; a user's clear raises it, a retry does not.
    :param run_started: when its DAG run began, which is the same for all tries, and not for another Airflow's run
        of the same name.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    max_tries: int = 0
    run_started: str = ""

    def intent_id(self, number: int, *, random: float | None) -> str:
        """A key for the ``number``-th intent that a vendor can store and look up, unique beyond this Airflow.

        :param random: a random number in [0, 1); ``None`` where no record keeps the key, so that all tries of the
            task are to send the same one.
        """
        own = self.run_started if random is None else random.hex()
        whose = "\0".join((self.dag_id, self.run_id, self.task_id, str(self.map_index), own))
        return f"sd-{hashlib.sha256(whose.encode()).hexdigest()[:22]}-{number}"


class StoredVideo(BaseModel):
    """Where a generation's video was put, and how it is known to be whole."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    generation_id: str
    uri: str
    bytes: int
    #: Lower-case hex.
    sha256: str
    #: Whether it is a published copy.
    published: bool = False

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], *, published: bool = False) -> StoredVideo:
        """As a manifest or a publication tells."""
        return cls(
            generation_id=manifest["source"]["generation_id"],
            uri=manifest["uri"],
            bytes=manifest["bytes"],
            sha256=manifest["sha256"],
            published=published,
        )


class SubmissionRecord(BaseModel):
    """One task instance's latest intent and what became of it. Users see and may edit it in Airflow's UI.

    An intent is one decision to pay for one generation.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 1
    #: Counts the intents of this task instance, from 1.
    intent_number: int
    intent_id: str
    vendor: str
    seedance_conn_id: str
    #: Tells the vendor's accounts apart, as far as key and host do.
    account_id: str | None = None
    fingerprint: str
    #: The fingerprint of the request as it was written, of which a later rung's is a variant.
    written: str | None = None
    #: What this intent may cost.
    estimate: Cost = Cost()
    intended_at: AwareDatetime
    #: The task instance's when this record was last acted on; tells a clear from a retry.
    max_tries: int
    generation_id: str | None = None
    #: The times of the wait for it; a restart does not move them.
    started: AwareDatetime | None = None
    deadline: AwareDatetime | None = None
    queue_deadline: AwareDatetime | None = None
    #: Whether the vendor was given a URL, at which it tells of the generation's end.
    has_callback: bool = False
    #: ``None`` while the generation is waited for, or it is not known whether there is one.
    outcome: Outcome | None = None
    #: How the vendor's answer to the create begins, if no id could be read from it: a person may find it there.
    unread_reply: str | None = None
    #: The generation ids of earlier intents.
    earlier_generation_ids: tuple[str, ...] = ()
    #: Where the videos of this and of earlier intents are, as far as that was noted; the latest last.
    videos: tuple[StoredVideo, ...] = ()
    #: What the task returned for the generation, without the links in it.
    result: dict[str, Any] | None = None
    #: The content of the request's files, ``sha256:<hex>``, by a digest of what the user wrote for each.
    media: dict[str, str] = Field(default_factory=dict)
    #: How many of the earlier intents bought nothing: refused, not in the vendor's list, or ended without a video.
    unbilled_intents: int = 0
    #: The place of this intent among the attempts at the video: which change of the request, and which series.
    rung: int = 0
    series: int = 1
    #: What became of earlier attempts, the latest last.
    attempts: tuple[Attempt, ...] = ()
    #: Since when its connection has been out of reach or overloaded, if it was before this intent.
    trouble_since: AwareDatetime | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the generation has succeeded and its result was handed over."""
        return isinstance(self.outcome, Ended) and self.outcome.status == "succeeded"

    @property
    def all_generation_ids(self) -> tuple[str, ...]:
        """The ids of this and of earlier intents, the latest last."""
        return (*self.earlier_generation_ids, *([self.generation_id] if self.generation_id else ()))

    @property
    def own_videos(self) -> tuple[StoredVideo, ...]:
        """Where the present generation's video is, the latest first."""
        own = (video for video in self.videos if video.generation_id == self.generation_id)
        return tuple(own)[::-1]

    def with_video(self, video: StoredVideo) -> SubmissionRecord:
        """This record, with a place of a video that it may name already."""
        others = tuple(known for known in self.videos if known.uri != video.uri)
        return self.replace(videos=(*others, video))

    @property
    def is_unbilled(self) -> bool:
        """Whether it is sure that nothing is billed: the request was refused, or ended without a video."""
        return isinstance(self.outcome, Refused) or (
            isinstance(self.outcome, Ended) and not self.is_delivered
        )

    @property
    def blocks_new_payment(self) -> bool:
        """Whether this intent stands in the way of another payment: the vendor may bill it, or has.

        It does not once nothing is billed for sure, or once the user has chosen to pay for a new one all the same.
        """
        return not self.is_unbilled and not isinstance(self.outcome, Superseded)

    @property
    def _end(self) -> Outcome | None:
        """The outcome, or that of a generation which the user has chosen to pay for anew."""
        return (isinstance(self.outcome, Superseded) and self.outcome.ended) or self.outcome

    @property
    def attempt(self) -> Attempt:
        """What became of this intent, as the latest of the attempts."""
        outcome = self._end
        failed = outcome if isinstance(outcome, Refused | Ended) else None
        cost = FREE if self.is_unbilled else Cost(**((self.result or {}).get("cost") or {}))
        return Attempt(
            connection=self.seedance_conn_id,
            vendor=self.vendor,
            rung=self.rung,
            generation_id=self.generation_id,
            status=self._attempt_status(),
            reason=outcome.reason if outcome else None,
            cost=(outcome.cost if isinstance(outcome, Ended) else None) or cost,
            error=failed.error if failed else None,
            stage=failed.stage if failed else None,
            since=self.trouble_since or self.intended_at,
            series=self.series,
            estimate=self.estimate,
            max_tries=self.max_tries,
        )

    def _attempt_status(self) -> AttemptStatus:
        if isinstance(self._end, Refused):
            return "refused"
        if isinstance(self._end, Ended):
            return self._end.status
        return "submitted" if self.generation_id else "unknown"

    @property
    def all_attempts(self) -> tuple[Attempt, ...]:
        """Those of this and of earlier intents, the latest last."""
        return with_attempt(self.attempts, self.attempt)

    @property
    def tried(self) -> tuple[Attempt, ...]:
        """The attempts of the present series, the latest last."""
        return tuple(attempt for attempt in self.all_attempts if attempt.series == self.series)

    def to_dict(self) -> dict[str, Any]:
        """The record as a JSON object."""
        return self.model_dump(mode="json")

    def replace(self, **changes: Any) -> SubmissionRecord:
        """This record with changes."""
        return self.model_copy(update=changes)

    @classmethod
    def parse(cls, fields: Any) -> SubmissionRecord:
        """The record in ``fields``.

        :raises StateUnreadable: if it is not one.
        """
        try:
            if isinstance(fields, Mapping):
                return cls.model_validate(fields)
        except ValidationError as fault:
            wrong = "; ".join(
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in fault.errors(include_url=False)
            )
            raise StateUnreadable(f"the record of this task's generation is damaged: {wrong}") from fault
        raise StateUnreadable(f"the record of this task's generation is damaged: it is {describe(fields)}")


class RecordStore(Protocol):
    """Where one task instance's record lives."""

    @property
    def remembers(self) -> bool:
        """Whether a later try finds what this one writes."""

    def read(self) -> SubmissionRecord | None:
        """The record, or ``None`` if there surely is none.

        :raises StateUnreadable: if that cannot be found out.
        """

    def write(self, record: SubmissionRecord) -> None:
        """Store it durably.

        :raises StateUnwritable: if it may not have been stored.
        """


class NoRecords:
    """For tasks that are not durable: nothing is remembered from try to try, nor over a deferral."""

    remembers = False

    def __init__(self) -> None:
        self._record: SubmissionRecord | None = None

    def read(self) -> SubmissionRecord | None:
        return self._record

    def write(self, record: SubmissionRecord) -> None:
        """Keep it as long as this process works on the task."""
        self._record = record

"""What became of an intent: four words, on record and in the docs. An intent is one decision to pay for one generation.

They are stored as JSON objects with ``kind`` first. A record with any other word is unreadable, because the word
decides about money.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from airflow_provider_seedance.core.diagnosis import Diagnosis, Medium, Stage
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Cost, Failed, Failure, Usage

#: What a person looks for in a record, whether or not it is known.
_ALWAYS = ("reason", "error")

Limit = Literal["timeout", "queue_timeout", "unreachable"]


class _Outcome(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keeps ``kind`` also where defaults are left out, as in a journal; says nothing of what is not known."""
        fields = {
            name: value for name, value in handler(self).items() if value is not None or name in _ALWAYS
        }
        return {"kind": self.kind, **fields}


class _WithReason(_Outcome):
    """An outcome that may be for a reason of the vendor's.

    :param error: the kind of the reason; tells whether a retry may do better.
    :param code: the vendor's own error code.
    :param stage: with the four that follow, what it is about; see :class:`.Diagnosis`.
    """

    reason: str | None = None
    error: Kind | None = None
    code: str | None = None
    stage: Stage | None = None
    medium: Medium | None = None
    field: str | None = None
    index: int | None = None
    param: str | None = None

    @property
    def diagnosis(self) -> Diagnosis:
        """What it is about."""
        return Diagnosis(self.stage, self.medium, self.field, self.index, self.param)


def _reason_of(why: SeedanceError | Failure) -> dict[str, Any]:
    """What an error, or a generation's failure, tells an outcome."""
    return {"reason": why.message, "error": why.kind, "code": why.code, **vars(why.diagnosis)}


class Refused(_WithReason):
    """The vendor surely did not accept the request: nothing is billed."""

    kind: Literal["refused"] = "refused"

    @classmethod
    def by(cls, error: SeedanceError) -> Refused:
        """The outcome of a create that ended in ``error``."""
        return cls(**_reason_of(error))


class Ended(_WithReason):
    """The generation's final status; one that has succeeded is delivered as well.

    :param cost: what it cost, as far as that is known.
    :param tokens: as the vendor counted.
    """

    kind: Literal["ended"] = "ended"
    status: Literal["succeeded", "failed", "expired", "cancelled"]
    cost: Cost | None = None
    tokens: int | None = None

    @classmethod
    def without_video(cls, generation: Failed) -> Ended:
        """The outcome of a generation that ended without a video."""
        charge = generation.charge
        billed = charge if charge is not None and charge.basis == "billed" else None
        return cls(status=generation.status.value, cost=billed, **_reason_of(generation.failure))

    @classmethod
    def failed(cls, error: SeedanceError) -> Ended:
        """The outcome of a generation that ended in ``error``."""
        return cls(status="failed", **_reason_of(error))


def tokens_of(usage: Usage | None) -> int | None:
    """All tokens that a vendor counted; ``None`` if it tells none."""
    if usage is None or (counted := usage.completion_tokens or usage.total_tokens) is None:
        return None
    return counted + (usage.super_resolution_tokens or 0)


class GaveUp(_Outcome):
    """The wait has ended and the generation may go on: a retry waits for it again.

    :param limit: the argument whose time was up, or ``unreachable`` if the vendor could not be asked any more.
    """

    kind: Literal["gave_up"] = "gave_up"
    limit: Limit
    reason: str | None = None


class Superseded(_Outcome):
    """The user has chosen to pay for a new intent instead: by a clear, or by a changed request.

    :param ended: how the generation had ended by then, if that was on record.
    """

    kind: Literal["superseded"] = "superseded"
    by: Literal["clear", "change"]
    reason: str | None = None
    ended: Ended | None = None

    @classmethod
    def after(
        cls, outcome: Outcome | None, *, by: Literal["clear", "change"], reason: str | None = None
    ) -> Superseded:
        """The outcome of an intent that had this one before."""
        return cls(by=by, reason=reason, ended=outcome if isinstance(outcome, Ended) else None)


Outcome = Annotated[Refused | Ended | GaveUp | Superseded, Field(discriminator="kind")]

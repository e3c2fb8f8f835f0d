"""What became of an intent: four words, on record and in the docs. An intent is one decision to pay for one generation.

They are stored as JSON objects with ``kind`` first. A record with any other word is unreadable, because the word
decides about money.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Failed

Limit = Literal["timeout", "queue_timeout", "unreachable"]


class _Outcome(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str

    @model_serializer(mode="wrap")
    def _with_kind(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Keeps ``kind`` also where defaults are left out, as in a journal."""
        return {"kind": self.kind, **handler(self)}


class Refused(_Outcome):
    """The vendor surely did not accept the request: nothing is billed.

    :param error: the kind of the refusal; tells whether a retry may do better.
    """

    kind: Literal["refused"] = "refused"
    reason: str | None = None
    error: Kind | None = None

    @classmethod
    def by(cls, error: SeedanceError) -> Refused:
        """The outcome of a create that ended in ``error``."""
        return cls(reason=error.message, error=error.kind)


class Ended(_Outcome):
    """The generation's final status; one that has succeeded is delivered as well.

    :param error: why there is no video; tells whether a retry may do better.
    """

    kind: Literal["ended"] = "ended"
    status: Literal["succeeded", "failed", "expired", "cancelled"]
    reason: str | None = None
    error: Kind | None = None

    @classmethod
    def without_video(cls, generation: Failed) -> Ended:
        """The outcome of a generation that ended without a video."""
        failure = generation.failure
        return cls(status=generation.status.value, reason=failure.message, error=failure.kind)


class GaveUp(_Outcome):
    """The wait has ended and the generation may go on: a retry waits for it again.

    :param limit: the argument whose time was up, or ``unreachable`` if the vendor could not be asked any more.
    """

    kind: Literal["gave_up"] = "gave_up"
    limit: Limit
    reason: str | None = None


class Superseded(_Outcome):
    """The user has chosen to pay for a new intent instead: by a clear, or by a changed request."""

    kind: Literal["superseded"] = "superseded"
    by: Literal["clear", "change"]
    reason: str | None = None


Outcome = Annotated[Refused | Ended | GaveUp | Superseded, Field(discriminator="kind")]

"""What is on record of earlier tries, and cannot be read, written, or acted on."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.errors.base import SeedanceError
from airflow_provider_seedance.errors.requests import ConfigurationError


class StateUnreadable(SeedanceError):
    """The record cannot be read. Nothing was sent: a paid generation may already exist."""

    kind = Kind.CONNECTION

    def __init__(self, message: str, **details: Any) -> None:
        details.setdefault(
            "advice",
            "Nothing was sent. A retry reads it again; do not delete it, a paid generation may be in it.",
        )
        super().__init__(message, **details)


class StateUnwritable(SeedanceError):
    """The record cannot be written."""

    kind = Kind.CONNECTION


class LedgerUnavailable(SeedanceError):
    """The ledger cannot be read or written. Nothing was sent."""

    kind = Kind.CONNECTION


class StaleState(SeedanceError):
    """The request changed after an earlier one that may be billed was submitted. Nothing was sent."""

    kind = Kind.CONFIGURATION


class OrphanedIntent(SeedanceError):
    """A request may have been accepted and billed, and its generation cannot be found with certainty."""

    kind = Kind.CONFLICT


class OutcomeUnknown(SeedanceError):
    """A request may have been accepted and billed, and the vendor cannot be asked at the moment.

    A retry asks again before anything else is paid.
    """

    kind = Kind.CONNECTION

    @property
    def maybe_accepted(self) -> bool:
        return True


class ForeignGeneration(SeedanceError):
    """The vendor answered a create with a generation that is not this request's. Nothing new was bought."""

    kind = Kind.CONFLICT


class RecordedConnectionLost(ConfigurationError):
    """The connection that submitted a generation does not lead to its vendor any more. Nothing was sent."""

"""How generations, batches and assets end that were accepted."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.errors.base import SeedanceError


class GenerationFailed(SeedanceError):
    """The vendor accepted the request and ended it without a video. ``kind`` says why."""

    @cached_property
    def billed(self) -> bool | None:
        """Vendors bill finished videos only."""
        return False


class DeadlinePassed(SeedanceError):
    """The generation was not finished by the caller's deadline."""

    kind = Kind.TIMEOUT


class TooManyFailures(SeedanceError):
    """More rows failed than ``max_failures`` allows."""

    kind = Kind.REJECTED


class BatchIncomplete(SeedanceError):
    """A batch ended with rows that were not submitted, that may be billed without a video, or without any success.

    :param billed: whether any of its rows is.
    """

    def __init__(self, message: str, *, billed: bool | None, **details: Any) -> None:
        super().__init__(message, **details)
        self.billed = billed


class AssetFailed(SeedanceError):
    """The vendor refused an asset after its review, or took it back."""

    kind = Kind.MODERATION


class AssetOutcomeUnknown(SeedanceError):
    """A group or an asset may have been made, and its id is not known."""

    kind = Kind.CONFLICT

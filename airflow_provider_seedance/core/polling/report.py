"""What a wait has to tell: a line when the status changes, when trouble begins, and when that has ended."""

from __future__ import annotations

import logging
from collections.abc import Callable

from airflow_provider_seedance.core.polling.decide import MAX_OUTAGE_SECONDS
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status

#: Trouble after the first is told once it has lasted so long, seconds: a refusal now and then belongs to polling.
LASTING_TROUBLE_SECONDS = 60.0

#: Takes a level of :mod:`logging` and a sentence, and does not block.
Write = Callable[[int, str], None]


class TroubleReport:
    """Tells that status requests fail, and that they are answered again. Many waits may share one.

    The first trouble is told at once, later ones when they have lasted a minute without any answer.

    :param subject: who waits, or what is waited for.
    """

    __slots__ = ("_failures", "_is_told", "_since", "_subject", "_was_told", "_write")

    def __init__(self, subject: str, write: Write) -> None:
        self._subject = subject
        self._write = write
        self._since: float | None = None
        self._failures = 0
        self._is_told = self._was_told = False

    def on_error(self, error: SeedanceError, now: float) -> None:
        """Take note of a status request that failed and is repeated; ``now`` is epoch seconds."""
        self._since = now if self._since is None else self._since
        self._failures += 1
        if self._is_told or (self._was_told and now - self._since < LASTING_TROUBLE_SECONDS):
            return
        self._is_told = self._was_told = True
        self._write(
            logging.WARNING,
            f"{self._subject}: a status request failed: {error.message.rstrip('.')}. It is repeated, for"
            f" {MAX_OUTAGE_SECONDS / 60:.0f} minutes without an answer at most.",
        )

    def on_status(self, generation: Generation, now: float) -> None:
        """Take note of an answer; ``now`` is epoch seconds."""
        if self._since is None:
            return
        if self._is_told:
            self._write(
                logging.INFO,
                f"{self._subject}: status requests are answered again, after {self._failures} that failed within"
                f" {now - self._since:.0f} s.",
            )
        self._since, self._failures, self._is_told = None, 0, False


class WaitReport(TroubleReport):
    """Tells also each status of one generation but the last, of which whoever waited tells more."""

    __slots__ = ("_status", "_warning")

    def __init__(self, generation_id: str, write: Write) -> None:
        super().__init__(f"Generation {generation_id}", write)
        self._status: Status | None = None
        self._warning: str | None = None

    def on_status(self, generation: Generation, now: float) -> None:
        super().on_status(generation, now)
        if not isinstance(generation, Pending):
            return
        if generation.status is not self._status:
            self._status = generation.status
            self._write(logging.INFO, f"{self._subject} is {generation.status.value} at {generation.vendor}.")
        if generation.warning != self._warning:
            self._warning = generation.warning
            if generation.warning:
                self._write(logging.WARNING, f"{self._subject}: {generation.warning}; it is waited for.")

"""What the trigger of a batch reports to its task: row numbers and wait outcomes, nothing secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.errors import ConfigurationError

VERSION = 1


@dataclass(frozen=True)
class BatchEvent:
    """How the waits of a batch went. Airflow stores events in clear text.

    :param ended: rows whose wait is over, and how it ended; ``None`` if the trigger could not read the journal, and
        the task has to look at all rows.
    """

    ended: Mapping[int, WaitOutcome] | None

    def to_payload(self) -> dict[str, Any]:
        """The event as a JSON object."""
        ended = (
            None
            if self.ended is None
            else [[row, outcome.value] for row, outcome in sorted(self.ended.items())]
        )
        return {"version": VERSION, "ended": ended}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any] | None) -> BatchEvent:
        """Read an event, also one with keys that a later version added.

        :raises ConfigurationError: if it lacks what every version has.
        """
        try:
            assert payload is not None
            ended = payload["ended"]
            return cls(None if ended is None else {int(row): WaitOutcome(outcome) for row, outcome in ended})
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"the trigger's event cannot be read: {payload!r}",
                advice="Run the same provider version on workers and triggerers, then clear the task.",
            ) from None

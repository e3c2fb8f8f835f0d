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

    :param finished_waits: how the waits ended that are over, by row; ``None`` if the trigger could not read the
        journal, so that the task has to look at all rows.
    """

    finished_waits: Mapping[int, WaitOutcome] | None

    def to_payload(self) -> dict[str, Any]:
        """The event as a JSON object."""
        finished = (
            None
            if self.finished_waits is None
            else [[row, outcome.value] for row, outcome in sorted(self.finished_waits.items())]
        )
        return {"version": VERSION, "finished_waits": finished}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any] | None) -> BatchEvent:
        """Read an event, also one with keys that a later version added.

        :raises ConfigurationError: if it lacks what every version has.
        """
        try:
            assert payload is not None
            finished = payload["finished_waits"]
            return cls(
                None if finished is None else {int(row): WaitOutcome(outcome) for row, outcome in finished}
            )
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"the trigger's event cannot be read: {payload!r}",
                advice="Run the same provider version on workers and triggerers, then clear the task.",
            ) from None

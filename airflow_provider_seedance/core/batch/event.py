"""What the trigger of a batch tells its task: row numbers and words, nothing that must not be stored in clear text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.errors import ConfigurationError

VERSION = 1


@dataclass(frozen=True)
class BatchEvent:
    """Rows whose wait is over. ``None`` if the trigger could not look: then the task looks at all."""

    ended: Mapping[int, WaitOutcome] | None

    def to_payload(self) -> dict[str, Any]:
        rows = None if self.ended is None else [[row, how.value] for row, how in sorted(self.ended.items())]
        return {"version": VERSION, "ended": rows}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any] | None) -> BatchEvent:
        """Read an event, also one with keys that a later version added.

        :raises ConfigurationError: if it lacks what every version has.
        """
        try:
            assert payload is not None
            rows = payload["ended"]
            return cls(None if rows is None else {int(row): WaitOutcome(how) for row, how in rows})
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"the trigger's event cannot be read: {payload!r}",
                advice="Run the same provider version on workers and triggerers, then clear the task.",
            ) from None

"""What a trigger tells its task: small, versioned, and without anything that must not be stored in clear text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.errors import ConfigurationError

VERSION = 1


def times(wait: WaitState) -> dict[str, float | None]:
    """The times of a wait, as they are stored."""
    return {"started": wait.started, "deadline": wait.deadline, "queue_deadline": wait.queue_deadline}


def wait_state_of(stored: Mapping[str, Any]) -> WaitState:
    """The wait with these times. Raises ``KeyError``, ``TypeError`` or ``ValueError`` if they are not times."""
    limit = stored.get("queue_deadline")
    return WaitState(
        started=float(stored["started"]),
        deadline=float(stored["deadline"]),
        queue_deadline=None if limit is None else float(limit),
    )


@dataclass(frozen=True)
class GenerationEvent:
    """The end of a wait. The link and the reason are read afresh by the task; they never travel."""

    generation_id: str
    outcome: WaitOutcome
    wait: WaitState

    def to_payload(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "generation_id": self.generation_id,
            "outcome": self.outcome.value,
            **times(self.wait),
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any] | None) -> GenerationEvent:
        """Read an event, also one with keys that a later version added.

        :raises ConfigurationError: if it lacks what every version has.
        """
        try:
            assert payload is not None
            return cls(str(payload["generation_id"]), WaitOutcome(payload["outcome"]), wait_state_of(payload))
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"the trigger's event cannot be read: {payload!r}",
                advice="Run the same provider version on workers and triggerers, then clear the task.",
            ) from None

"""What the trigger tells its task: small, versioned, and without anything that must not be stored in clear text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.errors import ConfigurationError

VERSION = 1


@dataclass(frozen=True)
class GenerationEvent:
    """The end of a wait. The task reads the link or the failure from the vendor; neither of them travels."""

    generation_id: str
    outcome: WaitOutcome
    wait: WaitState

    def to_payload(self) -> dict[str, Any]:
        """The event as JSON values."""
        return {
            "version": VERSION,
            "generation_id": self.generation_id,
            "outcome": self.outcome.value,
            **self.wait.to_payload(),
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any] | None) -> GenerationEvent:
        """Read an event; keys that a later version added are ignored.

        :raises ConfigurationError: if it lacks what every version has.
        """
        try:
            assert payload is not None
            outcome, wait = WaitOutcome(payload["outcome"]), WaitState.from_payload(payload)
            return cls(str(payload["generation_id"]), outcome, wait)
        except (AssertionError, KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"the trigger's event cannot be read: {payload!r}",
                advice="Run the same provider version on workers and triggerers, then clear the task.",
            ) from None

"""What the trigger reports to the task."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.errors import ConfigurationError


def test_an_event_survives_the_database() -> None:
    """Also one of a trigger that could not read the journal, and with keys of a later version."""
    for event in (BatchEvent({3: WaitOutcome.ENDED, 1: WaitOutcome.TIMED_OUT}), BatchEvent(None)):
        stored = json.loads(json.dumps({**event.to_payload(), "more": 1}))
        assert BatchEvent.from_payload(stored) == event


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"finished_waits": 1},
        {"finished_waits": [["x", "ended"]]},
        {"finished_waits": [[1, "asleep"]]},
    ],
)
def test_an_event_that_cannot_be_read_is_an_error(payload: Any) -> None:
    """It names the likely reason."""
    with pytest.raises(ConfigurationError, match="same provider version"):
        BatchEvent.from_payload(payload)

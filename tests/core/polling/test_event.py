"""What travels from the triggerer to the task."""

import json

import pytest

from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.event import GenerationEvent
from airflow_provider_seedance.errors import ConfigurationError

EVENT = GenerationEvent("cgt-1", WaitOutcome.TIMED_OUT, WaitState(started=1000.0, deadline=4600.0))


def test_an_event_survives_the_journey() -> None:
    """Airflow stores it as JSON."""
    assert GenerationEvent.from_payload(json.loads(json.dumps(EVENT.to_payload()))) == EVENT


def test_an_event_is_small_and_plain() -> None:
    """It holds ids and times only, since it is stored in clear text and logged."""
    assert EVENT.to_payload() == {
        "version": 1,
        "generation_id": "cgt-1",
        "outcome": "timed_out",
        "started": 1000.0,
        "deadline": 4600.0,
        "queue_deadline": None,
    }


def test_keys_of_a_later_version_are_tolerated() -> None:
    """A triggerer may be upgraded before its workers."""
    assert GenerationEvent.from_payload({**EVENT.to_payload(), "version": 2, "new": True}) == EVENT


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"generation_id": "cgt-1"}, {**EVENT.to_payload(), "outcome": "exploded"}, "text"],
)
def test_an_event_that_cannot_be_read_says_what_to_do(payload: object) -> None:
    """It is an error, never a silent success."""
    with pytest.raises(ConfigurationError, match="same provider version"):
        GenerationEvent.from_payload(payload)  # type: ignore[arg-type]

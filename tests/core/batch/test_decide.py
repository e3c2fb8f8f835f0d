"""What an error means for its row, as a table."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.decide import Next, after_collection, after_submission
from airflow_provider_seedance.core.batch.state import TRIES, End, RowState
from airflow_provider_seedance.core.submission.decide import OrphanedIntent, StaleState
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable
from airflow_provider_seedance.errors import (
    DeadlinePassed,
    DestinationError,
    GenerationFailed,
    Kind,
    LinkDead,
    NoReply,
    NotSent,
    SeedanceError,
    VideoCorrupt,
    refusal,
)
from tests.core.batch.simulation import record_of

REFUSED_ROW = RowState(row=1, record=record_of(1, outcome=Refused()))
UNKNOWN_ROW = RowState(row=1, record=record_of(1))
LAST = {"attempts": TRIES - 1}


def told(decision: Next | End) -> tuple[str, bool] | Next:
    return (decision.status, decision.again) if isinstance(decision, End) else decision


@pytest.mark.parametrize(
    ("error", "state", "decision"),
    [
        (refusal(Kind.RATE_LIMIT, "x", http_status=429), REFUSED_ROW.replace(**LAST), Next.NO_ROOM),
        (refusal(Kind.BALANCE, "x"), REFUSED_ROW, Next.STOP),
        (refusal(Kind.AUTHENTICATION, "x"), REFUSED_ROW, Next.STOP),
        (StateUnreadable("x"), REFUSED_ROW, Next.STOP),
        (StateUnwritable("x"), UNKNOWN_ROW, Next.STOP),
        (NotSent("x"), REFUSED_ROW.replace(**LAST), Next.TROUBLE),
        (refusal(Kind.RATE_LIMIT, "x", http_status=429), UNKNOWN_ROW, Next.LATER),
        (NoReply("x"), UNKNOWN_ROW, Next.LATER),
        (NoReply("x"), UNKNOWN_ROW.replace(**LAST), ("uncertain", True)),
        (OrphanedIntent("x"), UNKNOWN_ROW, ("uncertain", False)),
        (refusal(Kind.VALIDATION, "x"), REFUSED_ROW, ("failed", False)),
        (refusal(Kind.MODERATION, "x"), REFUSED_ROW, ("failed", False)),
        (refusal(Kind.NOT_FOUND, "x"), UNKNOWN_ROW, ("uncertain", True)),
        (StaleState("x"), UNKNOWN_ROW, ("uncertain", True)),
    ],
)
def test_after_a_submission(error: SeedanceError, state: RowState, decision: object) -> None:
    """Only what concerns the account stops the batch; what may be paid for is never called failed."""
    assert told(after_submission(error, state)) == decision


IN_FLIGHT = RowState(row=1, record=record_of(1, generation_id="g"))
CANCELLED = RowState(row=1, record=record_of(1, generation_id="g", outcome=Ended(status="cancelled")))


@pytest.mark.parametrize(
    ("error", "state", "collected", "decision"),
    [
        (GenerationFailed("x", kind=Kind.OVERLOAD), IN_FLIGHT, 0, Next.LATER),
        (GenerationFailed("x", kind=Kind.OVERLOAD), IN_FLIGHT.replace(**LAST), 0, ("failed", True)),
        (GenerationFailed("x", kind=Kind.MODERATION), IN_FLIGHT, 0, ("failed", False)),
        (GenerationFailed("x", kind=Kind.CANCELLED), IN_FLIGHT, 0, ("failed", True)),
        (refusal(Kind.RATE_LIMIT, "x"), IN_FLIGHT, 99, Next.WAIT),
        (LinkDead("x"), IN_FLIGHT, 0, Next.COLLECT),
        (VideoCorrupt("x"), IN_FLIGHT, TRIES - 1, ("uncollected", True)),
        (DestinationError("x", kind=Kind.CONFIGURATION), IN_FLIGHT, 0, ("uncollected", False)),
        (refusal(Kind.NOT_FOUND, "x"), IN_FLIGHT, 0, ("uncollected", False)),
        (DeadlinePassed("x"), IN_FLIGHT, 0, ("uncollected", True)),
        (DeadlinePassed("x"), CANCELLED, 0, ("failed", True)),
    ],
)
def test_after_a_wait(error: SeedanceError, state: RowState, collected: int, decision: object) -> None:
    """What failed is bought anew, what is paid for is collected again, and what was cancelled costs nothing."""
    assert told(after_collection(error, state, collected, late=False)) == decision


@pytest.mark.parametrize(("collected", "decision"), [(0, Next.COLLECT), (TRIES - 1, ("uncollected", True))])
def test_too_many_requests_are_borne_until_the_rows_time_is_up(collected: int, decision: object) -> None:
    """Then it is looked at a few times more."""
    error = refusal(Kind.RATE_LIMIT, "x")
    assert told(after_collection(error, IN_FLIGHT, collected, late=True)) == decision

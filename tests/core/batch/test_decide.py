"""What an error means for its row, as a table."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.decide import RowAction, after_collection, after_submission
from airflow_provider_seedance.core.batch.state import MAX_ROW_ATTEMPTS, RowOutcome, RowState
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.errors import (
    DeadlinePassed,
    DestinationError,
    GenerationFailed,
    Kind,
    LinkDead,
    NoReply,
    NotSent,
    OrphanedIntent,
    SeedanceError,
    StaleState,
    StateUnreadable,
    StateUnwritable,
    VideoCorrupt,
    refusal,
)
from tests.core.batch.simulation import record_of

REFUSED_ROW = RowState(row=1, record=record_of(1, outcome=Refused()))
UNKNOWN_ROW = RowState(row=1, record=record_of(1))
LAST = {"attempts_this_try": MAX_ROW_ATTEMPTS - 1}


def brief(decision: RowAction | RowOutcome) -> tuple[str, bool] | RowAction:
    return (decision.status, decision.retryable) if isinstance(decision, RowOutcome) else decision


@pytest.mark.parametrize(
    ("error", "state", "decision"),
    [
        (
            refusal(Kind.RATE_LIMIT, "x", http_status=429),
            REFUSED_ROW.replace(**LAST),
            RowAction.SHRINK_WINDOW,
        ),
        (refusal(Kind.BALANCE, "x"), REFUSED_ROW, RowAction.STOP_BATCH),
        (refusal(Kind.AUTHENTICATION, "x"), REFUSED_ROW, RowAction.STOP_BATCH),
        (StateUnreadable("x"), REFUSED_ROW, RowAction.STOP_BATCH),
        (StateUnwritable("x"), UNKNOWN_ROW, RowAction.STOP_BATCH),
        (NotSent("x"), REFUSED_ROW.replace(**LAST), RowAction.BACK_OFF),
        (refusal(Kind.RATE_LIMIT, "x", http_status=429), UNKNOWN_ROW, RowAction.RESUBMIT),
        (NoReply("x"), UNKNOWN_ROW, RowAction.RESUBMIT),
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
    assert brief(after_submission(error, state)) == decision


IN_FLIGHT = RowState(row=1, record=record_of(1, generation_id="g"))
CANCELLED = RowState(row=1, record=record_of(1, generation_id="g", outcome=Ended(status="cancelled")))


@pytest.mark.parametrize(
    ("error", "state", "failed_collections", "decision"),
    [
        (GenerationFailed("x", kind=Kind.OVERLOAD), IN_FLIGHT, 0, RowAction.RESUBMIT),
        (GenerationFailed("x", kind=Kind.OVERLOAD), IN_FLIGHT.replace(**LAST), 0, ("failed", True)),
        (GenerationFailed("x", kind=Kind.MODERATION), IN_FLIGHT, 0, ("failed", False)),
        (GenerationFailed("x", kind=Kind.CANCELLED), IN_FLIGHT, 0, ("failed", True)),
        (refusal(Kind.RATE_LIMIT, "x"), IN_FLIGHT, 99, RowAction.POLL_AGAIN),
        (LinkDead("x"), IN_FLIGHT, 0, ("uncollected", False)),
        (VideoCorrupt("x"), IN_FLIGHT, MAX_ROW_ATTEMPTS - 1, ("uncollected", True)),
        (DestinationError("x", kind=Kind.CONFIGURATION), IN_FLIGHT, 0, ("uncollected", False)),
        (refusal(Kind.NOT_FOUND, "x"), IN_FLIGHT, 0, ("uncollected", False)),
        (DeadlinePassed("x"), IN_FLIGHT, 0, ("uncollected", True)),
        (DeadlinePassed("x"), CANCELLED, 0, ("failed", True)),
    ],
)
def test_after_a_wait(
    error: SeedanceError, state: RowState, failed_collections: int, decision: object
) -> None:
    """What failed is bought anew, what is paid for is collected again, and what was cancelled costs nothing."""
    assert brief(after_collection(error, state, failed_collections, late=False)) == decision


@pytest.mark.parametrize(
    ("failed_collections", "decision"),
    [(0, RowAction.COLLECT_AGAIN), (MAX_ROW_ATTEMPTS - 1, ("uncollected", True))],
)
def test_too_many_requests_are_borne_until_the_rows_time_is_up(
    failed_collections: int, decision: object
) -> None:
    """Then it is looked at a few times more."""
    error = refusal(Kind.RATE_LIMIT, "x")
    assert brief(after_collection(error, IN_FLIGHT, failed_collections, late=True)) == decision

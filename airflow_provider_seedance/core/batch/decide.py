"""What an error means for its row, and for the batch: a table as two pure functions."""

from __future__ import annotations

from enum import Enum

from airflow_provider_seedance.core.batch.state import TRIES, End, RowState, Status
from airflow_provider_seedance.core.submission.decide import OrphanedIntent
from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable
from airflow_provider_seedance.errors import GenerationFailed, Kind, SeedanceError


class Next(str, Enum):
    """What to do next, if the row has not ended by it."""

    #: The vendor has no room: the row keeps its place.
    NO_ROOM = "no room"
    #: The vendor cannot be reached, or asked: the row keeps its place, and all wait for a while.
    TROUBLE = "trouble"
    #: Nothing more is submitted; the row keeps its place.
    STOP = "stop"
    #: The row is submitted again, behind the others.
    LATER = "later"
    #: The generation is waited for again.
    WAIT = "wait"
    #: It is collected again.
    COLLECT = "collect"


def after_submission(error: SeedanceError, state: RowState) -> Next | End:
    """After a submission that came to nothing, or may have."""
    if isinstance(error, OrphanedIntent):
        return end_of(error, "uncertain")
    if error.kind.traits.account_wide or isinstance(error, (StateUnreadable, StateUnwritable)):
        return Next.STOP
    if not state.may_be_billed and error.kind.traits.transient:
        return Next.NO_ROOM if error.kind is Kind.RATE_LIMIT else Next.TROUBLE
    if error.retryable and state.attempts + 1 < TRIES:
        return Next.LATER
    # A refusal that is certain is on record: what spends now may have been accepted, whatever a later call said.
    return end_of(error, "uncertain", again=True) if state.may_be_billed else end_of(error, "failed")


def after_collection(error: SeedanceError, state: RowState, collected: int, *, late: bool) -> Next | End:
    """After a wait that ended without a video at home.

    :param collected: how often that happened before, in this try.
    :param late: whether the row's time is up.
    """
    if isinstance(error, GenerationFailed):
        # Its failure costs nothing; where another may do better, it is bought anew.
        if error.retryable and state.attempts + 1 < TRIES:
            return Next.LATER
        return end_of(error, "failed", again=error.kind is Kind.CANCELLED)
    if error.kind is Kind.RATE_LIMIT and not late:
        return Next.WAIT
    if error.retryable and error.kind is not Kind.TIMEOUT and collected + 1 < TRIES:
        return Next.COLLECT
    return end_of(error, "uncollected" if state.may_be_billed else "failed")


def end_of(error: SeedanceError, status: Status, *, again: bool = False) -> End:
    """The end of a row by an error."""
    return End(status=status, kind=error.kind, reason=str(error), again=again or error.retryable)

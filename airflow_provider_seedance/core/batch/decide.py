"""What an error means for its row, and for the batch: a table as two pure functions."""

from __future__ import annotations

from enum import Enum

from airflow_provider_seedance.core.batch.state import MAX_ROW_ATTEMPTS, RowOutcome, RowState, Status
from airflow_provider_seedance.core.submission.decide import OrphanedIntent
from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable
from airflow_provider_seedance.errors import GenerationFailed, Kind, SeedanceError


class RowAction(str, Enum):
    """What to do with a row that has not ended by its error."""

    #: The vendor takes no more at a time: the row keeps its place, and fewer are submitted beside each other.
    SHRINK_WINDOW = "shrink_window"
    #: The vendor cannot be reached, or asked: the row keeps its place, and all rows wait for a while.
    BACK_OFF = "back_off"
    #: The error concerns all rows: nothing more is submitted, and the row keeps its place.
    STOP_BATCH = "stop_batch"
    #: The row is submitted again, behind the others.
    RESUBMIT = "resubmit"
    #: Its generation is waited for again.
    POLL_AGAIN = "poll_again"
    #: Its generation is read and landed again.
    COLLECT_AGAIN = "collect_again"


def after_submission(error: SeedanceError, state: RowState) -> RowAction | RowOutcome:
    """What follows from a submission that failed, or may have failed."""
    if isinstance(error, OrphanedIntent):
        return outcome_of_error(error, "uncertain")
    if error.kind.traits.account_wide or isinstance(error, (StateUnreadable, StateUnwritable)):
        return RowAction.STOP_BATCH
    if not state.may_be_billed and error.kind.traits.transient:
        return RowAction.SHRINK_WINDOW if error.kind is Kind.RATE_LIMIT else RowAction.BACK_OFF
    if error.retryable and state.attempts + 1 < MAX_ROW_ATTEMPTS:
        return RowAction.RESUBMIT
    # A certain refusal is on record. What may still be billed may have been accepted, whatever a later call said.
    if state.may_be_billed:
        return outcome_of_error(error, "uncertain", retryable=True)
    return outcome_of_error(error, "failed")


def after_collection(
    error: SeedanceError, state: RowState, collected: int, *, late: bool
) -> RowAction | RowOutcome:
    """What follows from a wait that ended without a video, or with one that could not be landed.

    :param collected: how often that happened to the row before, in this try.
    :param late: whether the row's deadline has passed.
    """
    if isinstance(error, GenerationFailed):
        # Its failure costs nothing. Where another generation may do better, it is paid for.
        if error.retryable and state.attempts + 1 < MAX_ROW_ATTEMPTS:
            return RowAction.RESUBMIT
        return outcome_of_error(error, "failed", retryable=error.kind is Kind.CANCELLED)
    if error.kind is Kind.RATE_LIMIT and not late:
        return RowAction.POLL_AGAIN
    if error.retryable and error.kind is not Kind.TIMEOUT and collected + 1 < MAX_ROW_ATTEMPTS:
        return RowAction.COLLECT_AGAIN
    return outcome_of_error(error, "uncollected" if state.may_be_billed else "failed")


def outcome_of_error(error: SeedanceError, status: Status, *, retryable: bool = False) -> RowOutcome:
    """The outcome of a row that an error ended."""
    return RowOutcome(
        status=status, kind=error.kind, reason=str(error), retryable=retryable or error.retryable
    )

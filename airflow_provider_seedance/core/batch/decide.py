"""What an error means for its row and for the batch, as two pure functions."""

from __future__ import annotations

from enum import Enum

from airflow_provider_seedance.core.batch.state import MAX_ROW_ATTEMPTS, RowOutcome, RowState, RowStatus
from airflow_provider_seedance.core.lifecycle.describe import totals_in_words
from airflow_provider_seedance.core.lifecycle.result import totals
from airflow_provider_seedance.errors import (
    BudgetExceeded,
    GenerationFailed,
    Kind,
    OrphanedIntent,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
)


class RowAction(str, Enum):
    """What to do with a row that has not ended by its error."""

    #: The vendor takes no more at a time: the row stays first in line, and fewer rows are active at a time.
    SHRINK_WINDOW = "shrink_window"
    #: The vendor is out of reach: the row stays first in line, and nothing is submitted for a while.
    BACK_OFF = "back_off"
    #: The error concerns all rows: nothing more is submitted, and the row stays first in line.
    STOP_BATCH = "stop_batch"
    #: The row is submitted again, after the others.
    RESUBMIT = "resubmit"
    #: Its generation is waited for again.
    POLL_AGAIN = "poll_again"
    #: Its generation is read and landed again.
    COLLECT_AGAIN = "collect_again"


#: What is done about a row whose collection failed, in words for the log.
STEPS = {
    RowAction.POLL_AGAIN: "its generation is waited for again",
    RowAction.COLLECT_AGAIN: "its generation is read and landed again",
    RowAction.RESUBMIT: "a new generation is paid for",
}

#: What a row without a video costs, beside what its earlier attempts have cost.
_BILLS = {
    "failed": "which costs nothing",
    "not_submitted": "which costs nothing",
    "uncollected": "and may be billed",
    "uncertain": "and it is not known whether it is billed",
}


def bill_in_words(state: RowState) -> str:
    """What a row without a video costs, in words for the log."""
    if billed := state.billed_attempts:
        return f"and attempts without a video have cost {totals_in_words(totals(billed))}"
    if state.may_have_billed_attempts:
        return _BILLS["uncertain"]
    return _BILLS[state.status]


def after_submission(error: SeedanceError, state: RowState) -> RowAction | RowOutcome:
    """What follows from a submission that failed, or may have failed."""
    if isinstance(error, OrphanedIntent):
        return outcome_of_error(error, "uncertain")
    if error.kind.traits.account_wide or isinstance(
        error, (StateUnreadable, StateUnwritable, BudgetExceeded)
    ):
        return RowAction.STOP_BATCH
    if not state.blocks_new_payment and error.kind.traits.transient:
        return RowAction.SHRINK_WINDOW if error.kind is Kind.RATE_LIMIT else RowAction.BACK_OFF
    if error.retryable and state.attempts_this_try + 1 < MAX_ROW_ATTEMPTS:
        return RowAction.RESUBMIT
    # A refusal that is certain is on record. Without one the vendor may have accepted, whatever a later call said.
    if state.blocks_new_payment:
        return outcome_of_error(error, "uncertain", retryable=True)
    return outcome_of_error(error, "failed")


def after_collection(
    error: SeedanceError, state: RowState, failed_collections: int, *, late: bool
) -> RowAction | RowOutcome:
    """What follows from a wait that ended without a video, or with one that could not be landed.

    :param failed_collections: how often the row was collected without success before, in this try.
    :param late: whether the row's deadline has passed.
    """
    if isinstance(error, GenerationFailed):
        # A new one is paid for where it may do better, as far as max_cost has room beside what this one was billed.
        if error.retryable and state.attempts_this_try + 1 < MAX_ROW_ATTEMPTS:
            return RowAction.RESUBMIT
        return outcome_of_error(error, "failed", retryable=error.kind is Kind.CANCELLED)
    if error.kind is Kind.RATE_LIMIT and not late:
        return RowAction.POLL_AGAIN
    if error.retryable and error.kind is not Kind.TIMEOUT and failed_collections + 1 < MAX_ROW_ATTEMPTS:
        return RowAction.COLLECT_AGAIN
    return outcome_of_error(error, "uncollected" if state.blocks_new_payment else "failed")


def outcome_of_error(error: SeedanceError, status: RowStatus, *, retryable: bool = False) -> RowOutcome:
    """The outcome of a row that an error ended."""
    return RowOutcome(
        status=status,
        error_kind=error.kind,
        code=error.code,
        diagnosis=error.diagnosis,
        reason=str(error),
        retryable=retryable or error.retryable,
    )

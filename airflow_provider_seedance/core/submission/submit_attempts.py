"""Submitting one attempt after the other, until one is accepted or none is left.

Each attempt is an intent of its own, which :class:`.Submitter` makes under the one policy. Where a task is among its
attempts stands in its record, so that every try, and every part of one, goes on where the last one was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from pydantic import BaseModel, ConfigDict

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.submission.attempts import (
    FREE,
    Attempt,
    AttemptPlan,
    Place,
    Turn,
    Wait,
    next_step,
    next_turn,
    with_attempt,
)
from airflow_provider_seedance.core.submission.decide import (
    Policies,
    PriorSubmission,
    decide_by_record,
    error_on_record,
)
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.max_cost import BalanceTooLow
from airflow_provider_seedance.core.submission.outcome import Ended, Refused, Superseded
from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.core.submission.submit import RecordChanged, Submission, Submitter
from airflow_provider_seedance.errors import (
    Kind,
    RequestInvalid,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
    Unsupported,
)
from airflow_provider_seedance.models import GenerationRequest

log = logging.getLogger(__name__)

#: Pauses between two attempts through a connection that is in trouble.
TROUBLE_BACKOFF = Backoff(first=5.0, longest=60.0, longest_retry_after=60.0)

#: Makes the submitter of an attempt.
SubmitterAt = Callable[[Place, Turn], Submitter]
#: The request of a rung.
RequestOf = Callable[[int], GenerationRequest]


class Trouble(BaseModel):
    """How far a try is in waiting for a connection in trouble: what its record does not say.

    :param skipped: the attempts after the one on record for which nothing was sent.
    :param pauses: how often it has waited in a row.
    """

    model_config = ConfigDict(frozen=True)

    skipped: tuple[Attempt, ...] = ()
    pauses: int = 0


class AttemptSubmitter:
    """One task's way to its generation, by as many attempts as its plan has.

    :param pause: lets a connection in trouble have so many seconds, or raises to let it have them elsewhere; without
        it, the error of such a connection is raised.
    :param trouble: of an earlier part of the same try.
    """

    def __init__(
        self,
        plan: AttemptPlan,
        store: RecordStore,
        submitter_at: SubmitterAt,
        request_of: RequestOf,
        *,
        task: TaskIdentity,
        policies: Policies,
        clock: Clock,
        pause: Callable[[float], None] | None,
        trouble: Trouble | None = None,
    ) -> None:
        self._plan = plan
        self._store = store
        self._submitter_at = submitter_at
        self._request_of = request_of
        self._task = task
        self._policies = policies
        self._clock = clock
        self._pause = pause
        trouble = trouble or Trouble()
        #: Attempts of the present series, after the one on record, for which nothing was sent.
        self._skipped = trouble.skipped
        #: The error of the last attempt that was not made.
        self._unsent: SeedanceError | None = None
        self._pauses = trouble.pauses
        #: Of the latest attempt.
        self._place = plan.first

    def submit(self) -> Submission:
        """The generation to wait for: an earlier try's where that is right, else that of the next attempt.

        :raises SeedanceError: that the last attempt ended with.
        """
        while True:
            before = self._store.read()
            self._unsent = None
            try:
                submission = self._take_turn(before)
            except RecordChanged as changed:
                log.info("%s", changed)
                self._skipped = ()
            except SeedanceError as error:
                if len(self._plan.connections) > 1:
                    error.about(connection=self._place.connection)
                after = self._store.read()
                is_ours = isinstance(error, StateUnreadable | StateUnwritable)
                if is_ours or (error is not self._unsent and after == before):
                    raise
                self._prepare_next(error, after)
            else:
                self._skipped = ()
                return submission

    @property
    def skipped(self) -> tuple[Attempt, ...]:
        """The attempts after the one on record for which nothing was sent."""
        return self._skipped

    @property
    def trouble(self) -> Trouble:
        """What is to be known where the try goes on after a pause."""
        return Trouble(skipped=self._skipped, pauses=self._pauses)

    def next_in_words(self) -> str | None:
        """The attempt that is to be made at once, by what is on record; ``None`` if none is."""
        self._skipped = ()
        record = self._store.read()
        place = None if record is None else self._next(record)
        return in_words(self._plan, place) if isinstance(place, Place) else None

    def _take_turn(self, record: SubmissionRecord | None) -> Submission:
        place, turn = self._turn(record)
        self._place = place
        submitter = self._submitter_at(place, turn)

        def check(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
            try:
                submitter.check(conn_id, earlier_ids)
            except SeedanceError as error:
                if conn_id == place.connection and concerns_attempt(error):
                    self._skip(place, turn, error)
                raise

        request = self._request_of(place.rung)
        if self._store.read() != record:
            raise RecordChanged("Another try has written the task's record.")
        return replace(submitter, check=check, written=self._written).submit_after(record, request)

    def _written(self) -> str:
        return fingerprint(self._request_of(0))

    def _turn(self, record: SubmissionRecord | None) -> tuple[Place, Turn]:
        """The place of the next attempt, or of the one on record where that is to be gone on with."""
        now = utc_now(self._clock)
        if record is None:
            return next_turn(self._plan, (), self._skipped, now)
        if self._starts_anew(record):
            place, turn = next_turn(self._plan, (), self._skipped, now)
            return place, replace(turn, series=record.series + 1)
        if record.is_unbilled:
            if self._next(record) is None:
                self._check_may_start_over(record)
            return next_turn(self._plan, record.tried, self._skipped, now)
        place = Place(record.seedance_conn_id, record.rung)
        known = place if self._plan.has(place) else Place(self._plan.first.connection, record.rung)
        return known, Turn(record.rung, record.series)

    def _check_may_start_over(self, record: SubmissionRecord) -> None:
        """Ask the policy about the last attempt of all: its request is not the one that a new series begins with.

        :raises SeedanceError: if a retry would be refused again.
        """
        cleared = self._task.max_tries > record.max_tries
        decide_by_record(PriorSubmission(record, False, cleared, self._policies))

    def _starts_anew(self, record: SubmissionRecord) -> bool:
        """Whether a new intent would begin with the first attempt, whatever became of the one on record."""
        cleared = self._task.max_tries > record.max_tries
        if isinstance(record.outcome, Superseded) or (cleared and self._policies.on_clear == "regenerate"):
            return True
        if record.rung > len(self._plan.changes):
            return True
        if record.rung and record.written not in (None, self._written()):
            return True
        return record.fingerprint != fingerprint(self._request_of(record.rung))

    def _skip(self, place: Place, turn: Turn, error: SeedanceError) -> None:
        """Take note of an attempt for which nothing was sent."""
        last = turn.skipped[-1] if turn.skipped else None
        lasting = last is not None and last.in_trouble and last.place == place
        skipped = Attempt(
            connection=place.connection,
            vendor=error.vendor,
            rung=place.rung,
            status="skipped",
            reason=error.message,
            cost=FREE,
            error=Kind.BALANCE if isinstance(error, BalanceTooLow) else error.kind,
            since=last.since if last and lasting else utc_now(self._clock),
            series=turn.series,
        )
        self._skipped = with_attempt(turn.skipped, skipped)
        self._unsent = error

    def _prepare_next(self, error: SeedanceError, record: SubmissionRecord | None) -> None:
        """Get ready for the attempt that the failed one leads to.

        :raises SeedanceError: if it leads to none.
        """
        if error is not self._unsent:
            self._skipped = ()
        step = self._next(record)
        if step is None and self._may_start_over(record):
            return
        if step is None or (isinstance(step, Wait) and self._pause is None):
            raise self._final_error(error, record)
        if isinstance(step, Wait):
            assert self._pause
            self._pauses += 1
            seconds = TROUBLE_BACKOFF.pause(self._pauses, retry_after=error.retry_after)
            log.warning("%s It is tried again in %.0f s.", error, seconds)
            self._pause(seconds)
            return
        self._pauses = 0
        log.warning("%s The next attempt is %s.", error, in_words(self._plan, step))

    def _next(self, record: SubmissionRecord | None) -> Place | Wait | None:
        """What the attempts that were made lead to; ``None`` where the last one may be billed."""
        tried: tuple[Attempt, ...] = ()
        if record is not None and not self._starts_anew(record):
            if not record.is_unbilled:
                return None
            tried = record.tried
        if self._skipped and tried and tried[-1].series != self._skipped[-1].series:
            tried = ()
        return next_step(self._plan, (*tried, *self._skipped), utc_now(self._clock))

    def _may_start_over(self, record: SubmissionRecord | None) -> bool:
        """Whether a user has cleared the task after its attempts had come to their end, with nothing billed."""
        if record is None or not record.is_unbilled or not self._skipped:
            return False
        return self._task.max_tries > record.max_tries and self._skipped[-1].series == record.series

    def _final_error(self, error: SeedanceError, record: SubmissionRecord | None) -> SeedanceError:
        """The error of the task: where rungs were skipped, the refusal that they were to answer."""
        if record is None or error is not self._unsent:
            return error
        outcome = record.outcome
        if isinstance(outcome, Refused | Ended) and outcome.error is Kind.MODERATION:
            log.warning("%s No attempt is left.", error)
            return error_on_record(record, outcome)
        return error


def tell_unfit(plan: AttemptPlan, prepare: Callable[[Place], object]) -> None:
    """Log which attempts beside the first could not be made, before that is.

    :param prepare: raises ``RequestInvalid`` if the connection of a place does not take the request of its rung.
    """
    for rung in range(len(plan.changes) + 1):
        for connection in plan.connections:
            if (place := Place(connection, rung)) == plan.first:
                continue
            try:
                prepare(place)
            except RequestInvalid as invalid:
                log.warning(
                    "An attempt cannot be made, should it be needed: %s. %s", in_words(plan, place), invalid
                )


def concerns_attempt(error: SeedanceError) -> bool:
    """Whether an error before a payment is about the connection or the rung, so that another one may do better."""
    return isinstance(error, RequestInvalid | Unsupported | BalanceTooLow) or (
        error.kind.traits.transient or error.kind.traits.account_wide
    )


def in_words(plan: AttemptPlan, place: Place) -> str:
    """An attempt, for the log."""
    changes = plan.change_of(place.rung)
    if not place.rung:
        what = "the request as it is"
    else:
        what = f"change {place.rung} of on_moderation ({', '.join(changes) or 'the same again'})"
    return f"{what}, through connection {place.connection}"

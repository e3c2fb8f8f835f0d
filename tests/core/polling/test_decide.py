"""Waiting for one generation, as pure decisions."""

import pytest

from airflow_provider_seedance.core.polling.decide import (
    MAX_OUTAGE_SECONDS,
    PollAgain,
    WaitOutcome,
    WaitState,
    decide_after_error,
    decide_after_status,
)
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    Kind,
    NoReply,
    NotFound,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_seedance.models import Failed, Failure, Generation, Pending, Status, Succeeded

WATCH = WaitState(started=1000.0, deadline=5000.0)
NAMED = {"vendor": "evolink", "generation_id": "task-unified-1"}
QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, **NAMED)
SUCCEEDED = Succeeded(video_url="https://files.example.com/v.mp4", **NAMED)
ENDINGS = [
    SUCCEEDED,
    *(
        Failed(status=status, failure=Failure(), **NAMED)
        for status in (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
    ),
]


@pytest.mark.parametrize("seen", ENDINGS, ids=lambda seen: seen.status.value)
def test_every_final_state_ends_the_wait(seen: Generation) -> None:
    """Also past the deadline: an end is an end."""
    assert decide_after_status(WATCH, seen, now=1100.0, pause=7.0) is WaitOutcome.ENDED
    assert decide_after_status(WATCH, seen, now=9999.0, pause=7.0) is WaitOutcome.ENDED


@pytest.mark.parametrize("seen", [QUEUED, RUNNING], ids=lambda seen: seen.status.value)
def test_a_pending_generation_is_looked_at_again(seen: Generation) -> None:
    """When the schedule says."""
    assert decide_after_status(WATCH, seen, now=1100.0, pause=7.0) == PollAgain(7.0, WATCH)


def test_the_last_look_is_at_the_deadline() -> None:
    """No pause reaches beyond it."""
    assert decide_after_status(WATCH, RUNNING, now=4999.0, pause=7.0) == PollAgain(1.0, WATCH)


def test_a_look_is_taken_when_the_time_in_the_queue_is_up() -> None:
    """Also when the schedule would look later; but not for one that runs."""
    wait = WaitState(started=1000.0, deadline=5000.0, queue_deadline=1600.0)
    assert decide_after_status(wait, QUEUED, now=1598.0, pause=7.0) == PollAgain(2.0, wait)
    assert decide_after_status(wait, RUNNING, now=1598.0, pause=7.0) == PollAgain(7.0, wait)


@pytest.mark.parametrize(
    ("seen", "now", "decision"),
    [
        (QUEUED, 1600.0, WaitOutcome.QUEUED_TOO_LONG),
        (RUNNING, 1600.0, PollAgain),
        (QUEUED, 1500.0, PollAgain),
        (QUEUED, 5000.0, WaitOutcome.TIMED_OUT),
    ],
)
def test_the_queue_has_a_deadline_of_its_own(seen: Generation, now: float, decision: object) -> None:
    """It counts only while the generation is queued."""
    wait = WaitState(started=1000.0, deadline=5000.0, queue_deadline=1600.0)
    decided = decide_after_status(wait, seen, now=now, pause=7.0)
    assert decision in (decided, type(decided))


def test_the_deadline_ends_the_wait() -> None:
    """It is absolute, whatever the state."""
    assert decide_after_status(WATCH, QUEUED, now=5000.0, pause=7.0) is WaitOutcome.TIMED_OUT
    assert decide_after_error(WATCH, NoReply("x"), now=5000.0, random=0.5) is WaitOutcome.TIMED_OUT


@pytest.mark.parametrize(
    "error", [NoReply("x"), VendorUnavailable("x"), RateLimited("x")], ids=lambda e: e.kind.value
)
def test_trouble_that_passes_is_borne_for_its_budget_of_time(error: Exception) -> None:
    """Counted in seconds, not in attempts."""
    decision = decide_after_error(WATCH, error, now=1100.0, random=0.5)
    assert isinstance(decision, PollAgain)
    assert decision.wait.failing_since == 1100.0
    later = decide_after_error(decision.wait, error, now=1100.0 + MAX_OUTAGE_SECONDS, random=0.5)
    assert isinstance(later, PollAgain)
    assert (
        decide_after_error(later.wait, error, now=1101.0 + MAX_OUTAGE_SECONDS, random=0.5)
        is WaitOutcome.STATUS_UNKNOWN
    )


@pytest.mark.parametrize(
    ("random", "failures", "pause"),
    [
        (0.999, 0, 2.0),
        (0.999, 1, 4.0),
        (0.999, 9, 20.0),
        (0.0, 0, 1.0),
        (0.0, 9, 10.0),
    ],
)
def test_a_blink_costs_a_moment_and_trouble_a_growing_pause(
    random: float, failures: int, pause: float
) -> None:
    """With up to a half taken away by jitter, as all who wait have met it together."""
    troubled = WaitState(started=1000.0, deadline=5000.0, failing_since=1000.0, failures=failures)
    decision = decide_after_error(troubled, NoReply("x"), now=1100.0, random=random)
    assert isinstance(decision, PollAgain)
    assert decision.pause == pytest.approx(pause, abs=0.01)


def test_one_good_answer_restores_the_budget() -> None:
    """Only trouble without a break counts."""
    troubled = WaitState(started=1000.0, deadline=5000.0, failing_since=1100.0)
    decision = decide_after_status(troubled, RUNNING, now=1200.0, pause=7.0)
    assert isinstance(decision, PollAgain)
    assert decision.wait.failing_since is None


@pytest.mark.parametrize("error", [NotFound("x"), AuthenticationRefused("x")], ids=lambda e: e.kind.value)
def test_an_error_that_waiting_cannot_mend_ends_the_wait(error: Exception) -> None:
    """The task then reads the reason itself."""
    assert decide_after_error(WATCH, error, now=1100.0, random=0.5) is WaitOutcome.STATUS_UNKNOWN


def test_a_generation_may_be_shown_late() -> None:
    """A vendor that does not know it a moment after it accepted it is asked again."""
    young = WaitState(started=1000.0, deadline=5000.0)
    assert isinstance(decide_after_error(young, NotFound("x"), now=1059.0, random=0.5), PollAgain)
    assert decide_after_error(young, NotFound("x"), now=1060.0, random=0.5) is WaitOutcome.STATUS_UNKNOWN


def test_a_vendors_wish_to_be_left_alone_is_respected() -> None:
    """``Retry-After`` lengthens the pause, by up to a second more."""
    decision = decide_after_error(WATCH, RateLimited("x", retry_after=90.0), now=1100.0, random=0.5)
    assert isinstance(decision, PollAgain)
    assert decision.pause == 90.5


def test_kinds_are_what_the_decision_rests_on() -> None:
    """An error of unknown kind is borne, not final."""
    error = VendorUnavailable("x", kind=Kind.UNKNOWN)
    assert isinstance(decide_after_error(WATCH, error, now=1100.0, random=0.5), PollAgain)

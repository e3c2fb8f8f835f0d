"""What to do after a status request, as pure decisions."""

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

WAIT = WaitState(started=1000.0, deadline=5000.0)
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
    """The deadline makes no difference."""
    assert decide_after_status(WAIT, seen, now=1100.0, pause=7.0) is WaitOutcome.ENDED
    assert decide_after_status(WAIT, seen, now=9999.0, pause=7.0) is WaitOutcome.ENDED


@pytest.mark.parametrize("seen", [QUEUED, RUNNING], ids=lambda seen: seen.status.value)
def test_a_pending_generation_is_polled_again(seen: Generation) -> None:
    """The pause is the one that the schedule says."""
    assert decide_after_status(WAIT, seen, now=1100.0, pause=7.0) == PollAgain(7.0, WAIT)


def test_the_last_status_request_is_at_the_deadline() -> None:
    """No pause reaches beyond it."""
    assert decide_after_status(WAIT, RUNNING, now=4999.0, pause=7.0) == PollAgain(1.0, WAIT)


def test_a_queued_generation_is_polled_at_its_queue_deadline() -> None:
    """The schedule would poll later; a running generation has no such deadline."""
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
    """The deadline is absolute and holds in every state."""
    assert decide_after_status(WAIT, QUEUED, now=5000.0, pause=7.0) is WaitOutcome.TIMED_OUT
    assert decide_after_error(WAIT, NoReply("x"), now=5000.0, random=0.5) is WaitOutcome.TIMED_OUT


@pytest.mark.parametrize(
    "error", [NoReply("x"), VendorUnavailable("x"), RateLimited("x")], ids=lambda e: e.kind.value
)
def test_errors_that_may_pass_are_tolerated_for_a_limited_time(error: Exception) -> None:
    """The limit counts seconds, not requests."""
    decision = decide_after_error(WAIT, error, now=1100.0, random=0.5)
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
def test_the_pause_after_an_error_grows_with_the_errors_in_a_row(
    random: float, failures: int, pause: float
) -> None:
    """Jitter takes up to a half of it away, since all waits have met the error together."""
    failing = WaitState(started=1000.0, deadline=5000.0, failing_since=1000.0, failures=failures)
    decision = decide_after_error(failing, NoReply("x"), now=1100.0, random=random)
    assert isinstance(decision, PollAgain)
    assert decision.pause == pytest.approx(pause, abs=0.01)


def test_one_good_answer_ends_the_outage() -> None:
    """Only errors without a break count."""
    failing = WaitState(started=1000.0, deadline=5000.0, failing_since=1100.0)
    decision = decide_after_status(failing, RUNNING, now=1200.0, pause=7.0)
    assert isinstance(decision, PollAgain)
    assert decision.wait.failing_since is None


@pytest.mark.parametrize("error", [NotFound("x"), AuthenticationRefused("x")], ids=lambda e: e.kind.value)
def test_an_error_that_waiting_cannot_mend_ends_the_wait(error: Exception) -> None:
    """The task then requests the status and raises the reason itself."""
    assert decide_after_error(WAIT, error, now=1100.0, random=0.5) is WaitOutcome.STATUS_UNKNOWN


def test_a_generation_may_be_shown_late() -> None:
    """A vendor that does not find a generation moments after accepting it is polled again."""
    young = WaitState(started=1000.0, deadline=5000.0)
    assert isinstance(decide_after_error(young, NotFound("x"), now=1059.0, random=0.5), PollAgain)
    assert decide_after_error(young, NotFound("x"), now=1060.0, random=0.5) is WaitOutcome.STATUS_UNKNOWN


def test_retry_after_lengthens_the_pause() -> None:
    """Jitter adds up to a second."""
    decision = decide_after_error(WAIT, RateLimited("x", retry_after=90.0), now=1100.0, random=0.5)
    assert isinstance(decision, PollAgain)
    assert decision.pause == 90.5


def test_an_error_of_unknown_kind_is_tolerated() -> None:
    """The decision rests on the kind of the error, not on its class."""
    error = VendorUnavailable("x", kind=Kind.UNKNOWN)
    assert isinstance(decide_after_error(WAIT, error, now=1100.0, random=0.5), PollAgain)

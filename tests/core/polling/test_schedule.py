"""When the status is requested again."""

import pytest

from airflow_provider_seedance.core.polling.latency import LatencyDistribution, LatencyKey
from airflow_provider_seedance.core.polling.schedule import (
    JITTER,
    MIN_PAUSE,
    PollHistory,
    pause_before_list_request,
    pause_before_single_request,
)
from airflow_provider_seedance.models import Pending, Status

MEASURED = LatencyDistribution(120.0, 0.25, measured=True)
PUBLISHED = LatencyDistribution(120.0, 0.35)


def pause(
    elapsed: float, expected: LatencyDistribution = MEASURED, *, random: float = 0.0, max_lag: float = 1e9
) -> float:
    return pause_before_single_request(
        PollHistory(1000.0), expected, now=1000.0 + elapsed, random=random, max_lag=max_lag
    )


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [
        (1.0, 94.8),  # first late: until about a deviation before the usual time
        (50.0, 45.8),
        (95.8, 11.2),  # then close
        (120.0, 7.8),
        (150.0, 5.5),  # and closer, as the end must be near
        (200.0, 3.4),
        (210.0, 21.0),  # overdue: it may be stuck
        (600.0, 60.0),
    ],
)
def test_first_late_then_close(elapsed: float, seconds: float) -> None:
    """The usual time is one that this process has measured."""
    assert pause(elapsed) == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [(0.5, MIN_PAUSE), (2.0, 2.0), (4.0, 4.0), (30.0, 30.0), (60.0, 27.6), (120.0, 10.9)],
)
def test_published_figures_are_not_trusted(elapsed: float, seconds: float) -> None:
    """Pauses double towards the usual time, so that a much faster vendor is found out."""
    assert pause(elapsed, PUBLISHED) == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize("elapsed", [0.0, 30.0, 90.0, 120.0, 1000.0, 100_000.0])
@pytest.mark.parametrize("random", [0.0, 0.999])
def test_no_pause_is_longer_than_max_lag(elapsed: float, random: float) -> None:
    """The user has set it, whatever latency is expected."""
    assert 0 < pause(elapsed, random=random, max_lag=5.0) <= 5.0


def test_jitter_only_shortens() -> None:
    """The bound holds, and generations submitted together drift apart."""
    assert pause(1.0, random=0.5) == pytest.approx(pause(1.0) * (1 - JITTER / 2))


def test_a_clock_that_was_set_back_does_no_harm() -> None:
    """The time since the submission is never negative."""
    assert pause(-50.0) > 0


def seen(progress: int | None, status: Status = Status.RUNNING, **told: object) -> Pending:
    return Pending(vendor="toapis", generation_id="g", status=status, progress=progress, **told)


def history(*answers: tuple[float, Pending]) -> PollHistory:
    made = PollHistory(1000.0)
    for elapsed, answer in answers:
        made = made.with_answer(answer, 1000.0 + elapsed)
    return made


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        # 50 points in 50 s: 50 s are left, and a tenth of doubt.
        ([(10, seen(0)), (60, seen(50))], 44.0),
        # One vendor starts at 50: only the speed counts.
        ([(10, seen(50)), (60, seen(75))], 43.0),
        # The queue's percentage says nothing about the run's.
        ([(1, seen(20, Status.QUEUED)), (10, seen(50)), (60, seen(75))], 43.0),
        # Nearly done.
        ([(10, seen(0)), (60, seen(98))], MIN_PAUSE),
    ],
)
def test_a_percentage_that_moves_foretells_the_end(
    answers: list[tuple[float, Pending]], seconds: float
) -> None:
    """The vendor's progress says more than any average."""
    elapsed = answers[-1][0]
    found = pause_before_single_request(
        history(*answers), MEASURED, now=1000.0 + elapsed, random=0.0, max_lag=1e9
    )
    assert found == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(
    "answers",
    [
        [(60, seen(50))],
        [(10, seen(50)), (60, seen(50))],
        [(10, seen(50)), (60, seen(20))],
        [(10, seen(0)), (60, seen(100))],
        [(10, seen(None)), (60, seen(None))],
    ],
    ids=["once", "stands", "falls", "done", "untold"],
)
def test_a_percentage_that_does_not_move_says_nothing(answers: list[tuple[float, Pending]]) -> None:
    """The usual time counts instead."""
    assert pause_before_single_request(
        history(*answers), MEASURED, now=1060.0, random=0.0, max_lag=1e9
    ) == pause(60.0)


def test_a_percentage_that_stops_counts_less_and_less() -> None:
    """A generation that is stuck at 99 is not polled every other second for an hour."""
    stuck = history((10, seen(0)), (100, seen(99)))
    pauses = [
        pause_before_single_request(stuck, MEASURED, now=1000.0 + elapsed, random=0.0, max_lag=90.0)
        for elapsed in (300, 600, 3000)
    ]
    assert pauses == pytest.approx([30.0, 60.0, 90.0])


def test_history_keeps_what_was_told_once() -> None:
    """EvoLink tells its estimate in the first answers only, and it stays."""
    made = history((1, seen(0, estimated_seconds=165.0, model="m")), (60, seen(40, model="m", duration=5.0)))
    assert made.vendor_estimate == 165.0
    assert made.latency_key == LatencyKey("toapis", "m", None, 5.0)
    assert made.first_progress == (0, 1001.0)


@pytest.mark.parametrize(
    ("elapsed", "seconds"),
    [(0.0, 1.0), (4.0, 2.0), (10.0, 5.0), (300.0, 5.0), (1000.0, 10.0), (40_000.0, 90.0)],
)
def test_list_requests_are_frequent(elapsed: float, seconds: float) -> None:
    """Each generation costs a hundredth of one; an old generation is listed less often."""
    assert pause_before_list_request(PollHistory(1000.0), now=1000.0 + elapsed, max_lag=90.0) == seconds
    assert pause_before_list_request(PollHistory(1000.0), now=1000.0 + elapsed, max_lag=2.0) <= 2.0

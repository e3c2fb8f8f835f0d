"""When Airflow tries again."""

from typing import Any

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import (
    DeadlinePassed,
    GenerationFailed,
    Kind,
    ModerationRefused,
    NotSent,
    RateLimited,
    SeedanceError,
)
from airflow_provider_seedance.policies.retry import LONGEST_DELAY, SeedanceRetryPolicy


def decide(error: BaseException) -> tuple[RetryAction, float | None]:
    decision = SeedanceRetryPolicy().evaluate(error, try_number=1, max_tries=3)
    delay = decision.retry_delay
    return decision.action, None if delay is None else delay.total_seconds()


@pytest.mark.parametrize(
    ("error", "least"),
    [
        (NotSent("x"), 30.0),
        (RateLimited("x"), 60.0),
        (RateLimited("x", retry_after=7.0), 7.0),
        (GenerationFailed("x", kind=Kind.OVERLOAD), 120.0),
        (DeadlinePassed("x"), 0.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_passes_is_tried_again_after_a_fitting_delay(error: SeedanceError, least: float) -> None:
    """The vendor's own wish comes first; jitter only adds."""
    action, delay = decide(error)
    assert action is RetryAction.RETRY
    assert delay is not None
    assert least <= delay <= least * 1.25


@pytest.mark.parametrize("error", [ModerationRefused("x"), GenerationFailed("x", kind=Kind.MODERATION)])
def test_what_lasts_is_not_tried_again(error: SeedanceError) -> None:
    """No retry is burned on a refusal."""
    assert decide(error) == (RetryAction.FAIL, None)


@pytest.mark.parametrize("error", [ValueError("x"), GenerationFailed("x", kind=Kind.UNKNOWN)])
def test_what_it_does_not_know_is_left_to_the_task(error: BaseException) -> None:
    """``retry_delay`` decides."""
    assert decide(error) == (RetryAction.DEFAULT, None)


@pytest.mark.parametrize(
    "asked",
    [
        float("inf"),
        float("-inf"),
        float("nan"),
        -5.0,
        -1e308,
        1e308,
        2.6e11,
        10**400,
        -(10**400),
        0,
        1e-300,
        "soon",
    ],
)
def test_no_delay_is_beyond_an_hour_or_below_zero(asked: Any) -> None:
    """Whatever an error says that a vendor asked for; the scheduler adds it to the time of day."""
    action, delay = decide(RateLimited("x", retry_after=asked))
    assert action is RetryAction.RETRY
    assert delay is not None
    assert 0 <= delay <= LONGEST_DELAY


@pytest.mark.parametrize(
    "header",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Sat, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "999999999",
        "9" * 5_000,
        "1e400",
        "-5",
        "nan",
    ],
)
def test_a_header_becomes_a_delay_that_a_date_can_hold(header: str) -> None:
    """It is bounded where it is read as well."""
    asked = HttpResponse(429, {"retry-after": header}, b"", 1_700_000_000.0).retry_after
    _, delay = decide(RateLimited("x", retry_after=asked))
    assert asked is None or 0 <= asked <= 3_600
    assert delay is not None
    assert 0 <= delay <= LONGEST_DELAY

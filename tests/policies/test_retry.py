"""When Airflow tries again."""

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction

from airflow_provider_seedance.errors import (
    DeadlinePassed,
    GenerationFailed,
    Kind,
    ModerationRefused,
    NotSent,
    RateLimited,
    SeedanceError,
)
from airflow_provider_seedance.policies.retry import SeedanceRetryPolicy


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

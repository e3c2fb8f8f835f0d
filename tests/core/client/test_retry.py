"""When a request is sent again."""

import pytest

from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS, may_repeat, pause_before_retry
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    MalformedReply,
    ModerationRefused,
    NoReply,
    NotFound,
    NotSent,
    RateLimited,
    SeedanceError,
    ValidationRefused,
    VendorUnavailable,
)

PASSING = [
    NotSent("x"),
    NoReply("x"),
    MalformedReply("x"),
    RateLimited("x", http_status=429),
    VendorUnavailable("x", http_status=503),
]
LASTING = [
    AuthenticationRefused("x"),
    ModerationRefused("x"),
    ValidationRefused("x"),
    NotFound("x"),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_a_read_is_repeated_after_an_error_that_passes(error: SeedanceError) -> None:
    """Reading twice costs nothing."""
    assert may_repeat(error, repeatable=True)


@pytest.mark.parametrize("error", LASTING, ids=lambda error: type(error).__name__)
def test_nothing_is_repeated_after_an_error_that_lasts(error: SeedanceError) -> None:
    """A wrong key stays wrong."""
    assert not may_repeat(error, repeatable=True)
    assert not may_repeat(error, repeatable=False)


@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (NotSent("x"), True),
        (RateLimited("x", http_status=429), True),
        (NoReply("x"), False),
        (MalformedReply("x", http_status=200), False),
        (VendorUnavailable("x", http_status=502), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_paid_request_is_repeated_only_if_it_surely_had_no_effect(
    error: SeedanceError, repeated: bool
) -> None:
    """A create whose outcome is unknown may have been billed."""
    assert may_repeat(error, repeatable=False) is repeated


def test_the_pause_is_full_jitter_below_a_growing_bound() -> None:
    """Any moment up to the bound, which doubles."""
    pauses = [
        pause_before_retry(NoReply("x"), attempt, repeatable=True, chance=0.5)
        for attempt in range(1, MAX_ATTEMPTS)
    ]
    assert pauses == [0.5, 1.0, 2.0]
    assert pause_before_retry(NoReply("x"), 1, repeatable=True, chance=0.0) == 0.0


def test_the_vendors_retry_after_is_obeyed_with_jitter_on_top() -> None:
    """Not a moment earlier than asked."""
    error = RateLimited("x", retry_after=7.0)
    assert pause_before_retry(error, 1, repeatable=False, chance=0.25) == 7.25


def test_a_very_long_retry_after_is_left_to_the_caller() -> None:
    """A worker does not sleep for an hour."""
    assert pause_before_retry(RateLimited("x", retry_after=3600.0), 1, repeatable=True, chance=0.0) is None


def test_there_is_an_end_to_trying() -> None:
    """After the last attempt the error is the caller's."""
    assert pause_before_retry(NotSent("x"), MAX_ATTEMPTS, repeatable=True, chance=0.5) is None

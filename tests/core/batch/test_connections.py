"""What the rows of a batch find out about its connections."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from airflow_provider_seedance.core.batch.connections import ConnectionHealth
from airflow_provider_seedance.core.submission.attempts import Attempt, AttemptPlan, Place, Wait, next_step
from airflow_provider_seedance.errors import Kind

PLAN = AttemptPlan(("a", "b"))


class Clock:
    """One that tests move."""

    moment = datetime(2026, 11, 28, tzinfo=timezone.utc).timestamp()

    def now(self) -> float:
        return self.moment


def attempt(status: str, error: Kind | None = None, connection: str = "a") -> Attempt:
    since = datetime.fromtimestamp(Clock.moment, timezone.utc)
    return Attempt(connection=connection, status=status, error=error, since=since)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> ConnectionHealth:
    return ConnectionHealth(PLAN, clock)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [Kind.BALANCE, Kind.AUTHENTICATION])
def test_one_of_no_use_is_out_at_once(error: Kind, health: ConnectionHealth) -> None:
    health.note([attempt("refused", error)])
    assert health.plan.connections == ("b",)


@pytest.mark.parametrize("error", [Kind.CONNECTION, Kind.OVERLOAD])
def test_one_in_trouble_is_out_once_that_has_lasted(
    error: Kind, health: ConnectionHealth, clock: Clock
) -> None:
    """And in again with its first success."""
    health.note([attempt("refused", error)])
    assert health.plan.connections == ("a", "b")
    clock.moment += timedelta(seconds=300).total_seconds()
    assert health.plan.connections == ("b",)
    health.note([attempt("submitted")])
    assert health.plan.connections == ("a", "b")


@pytest.mark.parametrize("error", [Kind.MODERATION, Kind.VALIDATION])
def test_what_concerns_a_row_or_the_number_of_them_does_not_count(
    error: Kind, health: ConnectionHealth, clock: Clock
) -> None:
    health.note([attempt("refused", error)])
    clock.moment += 10_000
    assert health.plan.connections == ("a", "b")


def test_a_rate_limit_is_none_while_rows_are_in_flight(health: ConnectionHealth, clock: Clock) -> None:
    """They have reached it, and one that ends makes room; with none in flight somebody else has."""
    limited = attempt("refused", Kind.RATE_LIMIT)
    health.note([limited], lambda connection: True)
    clock.moment += 10_000
    assert health.plan.connections == ("a", "b")
    health.note([limited], lambda connection: connection == "b")
    assert health.plan.connections == ("a", "b")
    clock.moment += 300
    assert health.plan.connections == ("b",)


@pytest.mark.parametrize("error", [Kind.CONNECTION, Kind.OVERLOAD, Kind.RATE_LIMIT])
def test_attempts_for_which_nothing_was_sent_count(
    error: Kind, health: ConnectionHealth, clock: Clock
) -> None:
    """Such as a balance that cannot be asked for."""
    health.note([attempt("skipped", error)])
    clock.moment += 300
    assert health.plan.connections == ("b",)


def test_its_plan_does_not_count_a_row_s_own_wait_at_a_rate_limit(health: ConnectionHealth) -> None:
    long_ago = datetime.fromtimestamp(Clock.moment - 9_999, timezone.utc)
    now = datetime.fromtimestamp(Clock.moment, timezone.utc)
    held_back = attempt("refused", Kind.RATE_LIMIT).model_copy(update={"since": long_ago})
    assert next_step(health.plan, [held_back], now) == Wait(Place("a"))
    overloaded = held_back.model_copy(update={"error": Kind.OVERLOAD})
    assert next_step(health.plan, [overloaded], now) == Place("b")


def test_with_none_left_all_are_asked(health: ConnectionHealth) -> None:
    """The last error is then the row's."""
    health.note([attempt("refused", Kind.BALANCE), attempt("refused", Kind.BALANCE, "b")])
    assert health.plan.connections == ("a", "b")

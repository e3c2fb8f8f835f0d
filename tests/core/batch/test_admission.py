"""How many at a time: what refusals teach, as a table and over whole batches in virtual time."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.admission import REFUSAL_BACKOFF, ConcurrencyWindow
from tests.core.batch.simulation import START, simulated


def window_refused_at(in_flight: int, max_active: int = 100) -> ConcurrencyWindow:
    """The window after a first refusal."""
    return ConcurrencyWindow(max_active).after_rate_limit(in_flight, sent=0.0, now=0.0)


@pytest.mark.parametrize(("in_flight", "admitted"), [(0, True), (6, True), (7, False), (8, False)])
def test_the_users_limit_holds_before_anything_is_learned(in_flight: int, admitted: bool) -> None:
    """``max_active`` is never exceeded."""
    assert ConcurrencyWindow(7).admits(in_flight, now=0.0) is admitted


@pytest.mark.parametrize(("in_flight", "size"), [(0, 1), (1, 1), (3, 3), (10, 10), (40, 38), (100, 95)])
def test_a_refusal_tells_the_limit(in_flight: int, size: int) -> None:
    """The window falls to 95 % of the number that was one too many, and never below one."""
    assert window_refused_at(in_flight).size == size


def test_many_refusals_of_one_moment_count_once() -> None:
    """Those that were sent before the first one was heard teach nothing new."""
    once = ConcurrencyWindow(100).after_rate_limit(50, sent=9.0, now=10.0)
    assert once.after_rate_limit(50, sent=9.5, now=10.1).learned == once.learned
    assert once.after_rate_limit(50, sent=10.5, now=11.0).learned < once.learned


def test_the_window_comes_back_soon_and_then_grows_by_one_a_round() -> None:
    """Up to what was held before quickly, beyond it slowly."""
    window = window_refused_at(100, max_active=1000)
    for _ in range(4):
        window = window.after_acceptance(90)
    assert window.learned == pytest.approx(99.95)
    for _ in range(100):
        window = window.after_acceptance(99)
    assert window.learned == pytest.approx(100.95, abs=0.01)


def test_a_limit_that_is_confirmed_is_probed_more_seldom() -> None:
    """Each refusal at the same number halves the speed, down to an eighth; another number starts anew."""
    window = window_refused_at(10)
    increases = []
    for now in range(1, 6):
        window = window.after_rate_limit(10, sent=now, now=now)
        increases.append(window.increase)
    assert increases == [0.5, 0.25, 0.125, 0.125, 0.125]
    assert window.after_rate_limit(9, sent=9.0, now=9.0).increase == 1.0


def test_a_refusal_that_was_not_about_the_number_is_forgotten() -> None:
    """A limit of requests a minute: once the vendor takes more than it refused, all is open again."""
    window = window_refused_at(1).after_acceptance(1)
    assert window.size == 2
    assert window.after_acceptance(2).size == 100


def test_the_window_never_exceeds_the_users_limit() -> None:
    """Additive increase ends there."""
    window = window_refused_at(4, max_active=4)
    for _ in range(100):
        window = window.after_acceptance(4)
    assert window.learned == 4.0


@pytest.mark.parametrize(("retry_after", "pause"), [(None, 1.0), (0.0, 1.0), (7.5, 7.5), (10_000.0, 300.0)])
def test_retry_after_is_obeyed(retry_after: float | None, pause: float) -> None:
    """Within reason; without it the first pause is a second."""
    window = ConcurrencyWindow(10).after_rate_limit(3, sent=0.0, now=100.0, retry_after=retry_after)
    assert not window.admits(0, now=100.0 + pause - 0.01)
    assert window.admits(0, now=100.0 + pause)


def test_pauses_double_until_one_is_accepted() -> None:
    """For an error of any kind, up to a minute."""
    window, pauses = ConcurrencyWindow(10), []
    for _ in range(8):
        window = window.after_outage(0.0)
        pauses.append(window.not_before)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, REFUSAL_BACKOFF.longest, REFUSAL_BACKOFF.longest]
    assert window.after_acceptance(1).after_outage(0.0).not_before == 1.0


@pytest.mark.parametrize("limit", [3, 10, 40])
def test_a_hidden_limit_is_learned_and_used(limit: int) -> None:
    """At least 95 % of the window are in use from the first refusal on, and no row fails by one."""
    vendor = simulated(20 * limit, lambda now: limit)
    assert {state.outcome.status for state in vendor.journal.states.values() if state.outcome} == {
        "succeeded"
    }
    assert vendor.utilization(limit) >= 0.95
    assert len(vendor.refusals) <= 8 * limit


def test_a_limit_that_falls_and_rises_is_followed() -> None:
    """Another DAG takes a part of the account's window for a while."""
    vendor = simulated(150, lambda now: 4 if START + 300 < now < START + 900 else 12)
    assert len(vendor.spans) == 150
    assert {state.outcome.status for state in vendor.journal.states.values() if state.outcome} == {
        "succeeded"
    }
    late = [start for start, _ in vendor.spans if start > START + 1_000]
    active = max(sum(start <= at < end for start, end in vendor.spans) for at in late)
    assert active == 12


def test_the_users_limit_is_kept_over_a_whole_batch() -> None:
    """No more are under way than ``max_active``, and the vendor refuses none."""
    vendor = simulated(60, lambda now: 10_000, max_active=6)
    assert vendor.refusals == []
    assert max(sum(start <= at < end for start, end in vendor.spans) for at, _ in vendor.spans) <= 6


def test_a_thousand_refusals_in_a_row_are_borne() -> None:
    """The pause stays at its longest."""
    window = ConcurrencyWindow(10)
    for number in range(2_000):
        sent, now = number * 100.0, number * 100.0 + 1.0
        window = window.after_rate_limit(0, sent=sent, now=now).after_outage(now)
    assert window.not_before == 1_999 * 100.0 + 1.0 + REFUSAL_BACKOFF.longest

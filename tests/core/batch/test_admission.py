"""How many at a time: what refusals teach, as a table and over whole batches in virtual time."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.admission import REFUSAL_BACKOFF, Slots
from tests.core.batch.simulation import START, simulated


def learned(limit: int, most: int = 100) -> Slots:
    """After a first refusal beside ``limit`` that are under way."""
    return Slots(most).refused(limit, sent=0.0, now=0.0)


@pytest.mark.parametrize(("held", "free"), [(0, True), (6, True), (7, False), (8, False)])
def test_the_users_limit_holds_before_anything_is_learned(held: int, free: bool) -> None:
    """``max_active`` is never exceeded."""
    assert Slots(7).free(held, now=0.0) is free


@pytest.mark.parametrize(("held", "size"), [(0, 1), (1, 1), (3, 3), (10, 10), (40, 38), (100, 95)])
def test_a_refusal_tells_the_limit(held: int, size: int) -> None:
    """The window falls to 95 % of the number that was one too many, and never below one."""
    assert learned(held).size == size


def test_many_refusals_of_one_moment_count_once() -> None:
    """Those that were sent before the first one was heard teach nothing new."""
    once = Slots(100).refused(50, sent=9.0, now=10.0)
    assert once.refused(50, sent=9.5, now=10.1).window == once.window
    assert once.refused(50, sent=10.5, now=11.0).window < once.window


def test_the_window_comes_back_soon_and_then_grows_by_one_a_round() -> None:
    """Up to what was held before quickly, beyond it slowly."""
    slots = learned(100, most=1000)
    for _ in range(4):
        slots = slots.accepted(90)
    assert slots.window == pytest.approx(99.95)
    for _ in range(100):
        slots = slots.accepted(99)
    assert slots.window == pytest.approx(100.95, abs=0.01)


def test_a_limit_that_is_confirmed_is_probed_more_seldom() -> None:
    """Each refusal at the same number halves the speed, down to an eighth; another number starts anew."""
    slots = learned(10)
    gains = []
    for now in range(1, 6):
        slots = slots.refused(10, sent=now, now=now)
        gains.append(slots.gain)
    assert gains == [0.5, 0.25, 0.125, 0.125, 0.125]
    assert slots.refused(9, sent=9.0, now=9.0).gain == 1.0


def test_a_refusal_that_was_not_about_the_number_is_forgotten() -> None:
    """A limit of requests a minute: once the vendor takes more than it refused, all is open again."""
    slots = learned(1).accepted(1)
    assert slots.size == 2
    assert slots.accepted(2).size == 100


def test_the_window_never_exceeds_the_users_limit() -> None:
    """Additive increase ends there."""
    slots = learned(4, most=4)
    for _ in range(100):
        slots = slots.accepted(4)
    assert slots.window == 4.0


@pytest.mark.parametrize(("retry_after", "pause"), [(None, 1.0), (0.0, 1.0), (7.5, 7.5), (10_000.0, 300.0)])
def test_retry_after_is_obeyed(retry_after: float | None, pause: float) -> None:
    """Within reason; without it the first pause is a second."""
    slots = Slots(10).refused(3, sent=0.0, now=100.0, retry_after=retry_after)
    assert not slots.free(0, now=100.0 + pause - 0.01)
    assert slots.free(0, now=100.0 + pause)


def test_pauses_double_until_one_is_accepted() -> None:
    """For trouble of any kind, up to a minute."""
    slots, pauses = Slots(10), []
    for _ in range(8):
        slots = slots.paused(0.0)
        pauses.append(slots.free_at)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, REFUSAL_BACKOFF.longest, REFUSAL_BACKOFF.longest]
    assert slots.accepted(1).paused(0.0).free_at == 1.0


@pytest.mark.parametrize("limit", [3, 10, 40])
def test_a_hidden_limit_is_learned_and_used(limit: int) -> None:
    """At least 95 % of the slots are in use from the first refusal on, and no row fails by one."""
    world = simulated(20 * limit, lambda now: limit)
    assert {state.end.status for state in world.ledger.states.values() if state.end} == {"succeeded"}
    assert world.used(limit) >= 0.95
    assert len(world.refusals) <= 8 * limit


def test_a_limit_that_falls_and_rises_is_followed() -> None:
    """Another DAG takes a part of the account's slots for a while."""
    world = simulated(150, lambda now: 4 if START + 300 < now < START + 900 else 12)
    assert len(world.spans) == 150
    assert {state.end.status for state in world.ledger.states.values() if state.end} == {"succeeded"}
    late = [start for start, _ in world.spans if start > START + 1_000]
    active = max(sum(start <= at < end for start, end in world.spans) for at in late)
    assert active == 12


def test_the_users_limit_is_kept_over_a_whole_batch() -> None:
    """No more are under way than ``max_active``, and the vendor refuses none."""
    world = simulated(60, lambda now: 10_000, most=6)
    assert world.refusals == []
    assert max(sum(start <= at < end for start, end in world.spans) for at, _ in world.spans) <= 6


def test_a_thousand_refusals_in_a_row_are_borne() -> None:
    """The pause stays at its longest."""
    slots = Slots(10)
    for number in range(2_000):
        slots = slots.refused(0, sent=number * 100.0, now=number * 100.0 + 1.0).paused(number * 100.0 + 1.0)
    assert slots.free_at == 1_999 * 100.0 + 1.0 + REFUSAL_BACKOFF.longest

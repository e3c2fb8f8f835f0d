"""How many callbacks are taken."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.callbacks.rate import RateLimit, RateLimits


@pytest.mark.parametrize(("pause", "more"), [(0.0, 0), (0.5, 1), (2.0, 4), (1e9, 5), (-1e9, 0)])
def test_permits_gather_up_to_the_burst(pause: float, more: int) -> None:
    """Two a second, five at most; a clock that is set back gives none."""
    limit = RateLimit(per_second=2.0, burst=5)
    assert [limit.take(1000.0) for _ in range(6)] == [True] * 5 + [False]
    assert sum(limit.take(1000.0 + pause) for _ in range(10)) == more


@pytest.mark.parametrize("greedy", ["a", "b", "c"])
def test_each_key_has_its_own_permits(greedy: str) -> None:
    """Whoever uses up his own."""
    limits = RateLimits(per_second=1.0, burst=2, most=10)
    assert [limits.take(greedy, 0.0) for _ in range(9)] == [True] * 2 + [False] * 7
    assert {key for key in "abc" if limits.take(key, 0.0)} == set("abc") - {greedy}
    assert limits.take(greedy, 1.0)


@pytest.mark.parametrize(("others", "forgotten"), [(1, False), (2, False), (3, True)])
def test_the_key_that_was_not_used_for_longest_is_forgotten(others: int, forgotten: bool) -> None:
    """Memory is bounded; a refused key is used too."""
    limits = RateLimits(per_second=0.0, burst=1, most=3)
    limits.take("old", 0.0)
    limits.take("key", 0.0)
    limits.take("key", 0.0)
    for number in range(others):
        limits.take(f"other {number}", 0.0)
    assert len(limits) == min(3, 2 + others)
    assert limits.take("key", 0.0) is forgotten

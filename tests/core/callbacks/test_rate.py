"""How many callbacks are taken."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.callbacks.rate import RateLimit


@pytest.mark.parametrize(("pause", "more"), [(0.0, 0), (0.5, 1), (2.0, 4), (1e9, 5), (-1e9, 0)])
def test_permits_gather_up_to_the_burst(pause: float, more: int) -> None:
    """Two a second, five at most; a clock that is set back gives none."""
    limit = RateLimit(per_second=2.0, burst=5)
    assert [limit.take(1000.0) for _ in range(6)] == [True] * 5 + [False]
    assert sum(limit.take(1000.0 + pause) for _ in range(10)) == more

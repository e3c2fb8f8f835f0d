"""The one formula for pauses that grow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.core.backoff import Backoff

DOUBLING = Backoff(first=1.0, longest=20.0)


@pytest.mark.parametrize(
    ("failures", "pause"), [(0, 1.0), (1, 1.0), (2, 2.0), (5, 16.0), (6, 20.0), (10_000, 20.0)]
)
def test_the_pause_doubles_up_to_its_bound(failures: int, pause: float) -> None:
    assert DOUBLING.pause(failures) == pause


@pytest.mark.parametrize(("random", "pause"), [(0.0, 10.0), (0.5, 15.0), (1.0, 20.0)])
def test_jitter_takes_a_part_of_it_away(random: float, pause: float) -> None:
    assert Backoff(first=20.0, longest=20.0, jitter=0.5).pause(1, random=random) == pause


@pytest.mark.parametrize(("asked", "pause"), [(0.5, 1.0), (7.0, 7.25), (3_600.0, 60.25)])
def test_a_server_that_asks_for_longer_is_obeyed_up_to_a_bound(asked: float, pause: float) -> None:
    """What it asks for is spread by up to a second."""
    assert DOUBLING.pause(1, random=0.25, retry_after=asked) == pause


@given(
    failures=st.integers(-5, 10**9),
    random=st.floats(0, 1, exclude_max=True),
    retry_after=st.none() | st.floats(0, 1e12),
)
def test_no_pause_is_negative_or_endless(failures: int, random: float, retry_after: float | None) -> None:
    backoff = Backoff(first=1.0, longest=20.0, jitter=1.0)
    assert 0.0 <= backoff.pause(failures, random=random, retry_after=retry_after) <= 61.0

"""When the trigger wakes the task."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.wakeup import gathering_delay, is_worth_waking


@pytest.mark.parametrize(
    ("ended", "of", "fires"),
    [(0, 0, True), (1, 1, True), (9, 30, False), (10, 30, True), (99, 400, False), (100, 400, True)],
)
def test_a_quarter_is_enough_to_wake_the_task(ended: int, of: int, fires: bool) -> None:
    """At least ten, or all there are."""
    assert is_worth_waking(ended, of) is fires


@pytest.mark.parametrize(("waited", "delay"), [(0, 30), (90, 30), (900, 90), (86_400, 600)])
def test_the_first_one_is_not_left_waiting_for_long(waited: float, delay: float) -> None:
    """A tenth of the time it took, between half a minute and ten."""
    assert gathering_delay(waited) == delay

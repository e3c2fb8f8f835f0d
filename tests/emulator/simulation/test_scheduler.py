"""The queue of future events."""

from __future__ import annotations

from airflow_provider_seedance.emulator.simulation.scheduler import Scheduler


def test_events_run_in_order_and_at_their_own_time():
    """Late looking does not make them late."""
    seen, scheduler = [], Scheduler()
    scheduler.call_at(5, lambda when: seen.append(("b", when)))
    scheduler.call_at(
        3,
        lambda when: (seen.append(("a", when)), scheduler.call_at(4, lambda when: seen.append(("c", when)))),
    )
    assert scheduler.next_time == 3
    scheduler.run_until(10)
    assert seen == [("a", 3), ("c", 4), ("b", 5)]

"""The accidents of a run."""

from __future__ import annotations

from collections import Counter

from dev.chaos.schedule import Kill, Trouble, schedule
from dev.emulator import VENDORS


def test_the_same_seed_gives_the_same_accidents() -> None:
    """A run that failed can be tried again."""
    assert schedule(1, videos=100, seconds=300) == schedule(1, videos=100, seconds=300)
    assert schedule(1, videos=100, seconds=300) != schedule(2, videos=100, seconds=300)


def test_they_come_in_order_and_while_the_run_lasts() -> None:
    """None is left for later."""
    times = [event.at for event in schedule(3, videos=100, seconds=300)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= 300


def test_every_kind_of_process_is_killed_even_in_a_small_run() -> None:
    """Otherwise a small run would prove less, not the same about less."""
    victims = {event.victim for event in schedule(4, videos=4, seconds=60) if isinstance(event, Kill)}
    assert victims == {"worker", "task", "triggerer", "scheduler"}


def test_every_vendor_loses_creates_before_and_after_accepting_them() -> None:
    """These two cannot be told apart by the client, and only one of them costs money."""
    struck = {
        (event.fault["vendor"], event.fault["kind"])
        for event in schedule(5, videos=100, seconds=300)
        if isinstance(event, Trouble) and event.fault["on"] == "create"
    }
    assert {
        (vendor, kind) for vendor in VENDORS for kind in ("drop_before_accept", "drop_after_accept")
    } <= struck


def test_more_videos_meet_more_accidents() -> None:
    """In proportion."""
    small = Counter(type(event) for event in schedule(6, videos=100, seconds=300))
    large = Counter(type(event) for event in schedule(6, videos=500, seconds=300))
    assert large == {kind: 5 * count for kind, count in small.items()}

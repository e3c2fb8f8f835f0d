"""The accidents of a run."""

from __future__ import annotations

from collections import Counter

import pytest

from airflow_provider_seedance.emulator.simulation.fault_definitions import read_fault
from dev.chaos.__main__ import main
from dev.chaos.schedule import Death, Event, Kill, Trouble, describe, schedule
from dev.emulator import VENDORS


def test_the_same_seed_gives_the_same_accidents() -> None:
    """A run that failed can be tried again."""
    assert schedule(1, videos=100) == schedule(1, videos=100)
    assert schedule(1, videos=100) != schedule(2, videos=100)


def test_they_come_in_order_and_while_the_run_lasts() -> None:
    """None waits for the last video."""
    times = [event.at for event in schedule(3, videos=100)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= 0.9


def test_every_kind_of_process_is_killed_even_in_a_small_run() -> None:
    """Otherwise a small run would prove less, not the same about less."""
    victims = {event.victim for event in schedule(4, videos=4) if isinstance(event, Kill)}
    assert victims == {"worker", "task", "triggerer", "scheduler"}


def test_every_vendor_loses_creates_before_and_after_accepting_them() -> None:
    """These two cannot be told apart by the client, and only one of them costs money."""
    struck = {
        (event.fault["vendor"], event.fault["kind"])
        for event in schedule(5, videos=100)
        if isinstance(event, Trouble) and event.fault["on"] == "create"
    }
    assert {
        (vendor, kind) for vendor in VENDORS for kind in ("drop_before_accept", "drop_after_accept")
    } <= struck


def test_more_videos_meet_more_accidents() -> None:
    """In proportion."""
    small = Counter(type(event) for event in schedule(6, videos=100))
    large = Counter(type(event) for event in schedule(6, videos=500))
    assert small.pop(Death) == large.pop(Death) == 1
    assert large == {kind: 5 * count for kind, count in small.items()}


def test_proxies_answer_reads_with_pages() -> None:
    """Of every kind, to both kinds of read, and never to what costs money."""
    pages = [event.fault for event in schedule(7, videos=100, proxies=True) if is_page(event)]
    assert {(page["on"], page["status"]) for page in pages} == {
        (on, status) for on in ("get", "list") for status in (403, 404, 502, 503)
    }
    assert all(page["body"].startswith("<!DOCTYPE html>") for page in pages)


def test_proxies_change_nothing_else() -> None:
    """So that a run with them can be compared with one without."""
    with_proxies = schedule(8, videos=100, proxies=True)
    assert tuple(event for event in with_proxies if not is_page(event)) == schedule(8, videos=100)


def test_the_emulator_takes_every_fault() -> None:
    """A fault that it refuses would end the run."""
    for event in schedule(9, videos=100, proxies=True):
        if isinstance(event, Trouble):
            assert read_fault(event.fault, VENDORS)["kind"] == event.fault["kind"]


def test_an_accident_is_told_in_a_line() -> None:
    """What, when, and how often."""
    assert describe(Kill(0.5, "worker", 3.21, 0.1)) == " 50%  kill worker, back after 3.2 s"
    assert describe(Kill(0.055, "task", 3.21, 0.1)) == "  6%  kill task"
    fault = {"vendor": "*", "on": "get", "kind": "status", "status": 503, "times": 4}
    assert describe(Trouble(0.25, fault)) == " 25%  * get status 503, 4 calls"
    assert describe(Death(0.25)) == " 25%  the primary connection dies for good"


def test_a_dry_run_prints_the_accidents(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is started."""
    assert main(["--dry-run", "--seed", "1", "--videos", "100", "--proxies"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [describe(event) for event in schedule(1, videos=100, proxies=True)]


def is_page(event: Event) -> bool:
    return isinstance(event, Trouble) and event.fault["kind"] == "reply"

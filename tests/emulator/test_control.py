"""The control surface, the clock behind it, and the ledger."""

from __future__ import annotations

import httpx
import pytest

from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.latency import run_seconds
from airflow_provider_seedance.emulator.simulation.scheduler import Scheduler

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "A cat"}]}


class Ticks:
    """A hand-driven monotonic clock."""

    now = 100.0

    def __call__(self):
        return self.now


def test_vendor_time_runs_at_its_rate():
    """Sixty vendor seconds in one."""
    ticks = Ticks()
    clock = Clock(60, start=1000, ticks=ticks)
    ticks.now += 2
    assert clock.now() == 1120
    clock.set_rate(1)
    ticks.now += 2
    assert clock.now() == 1122
    clock.advance(8)
    assert clock.now() == 1130


def test_time_does_not_run_backwards():
    """Neither by a jump nor by a rate."""
    clock = Clock(0, start=0)
    with pytest.raises(ValueError, match="negative"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="negative"):
        clock.set_rate(-1)


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


def test_latencies_lie_around_the_published_figures():
    """The median of many draws is the figure of the table."""
    import random

    rng = random.Random(1)
    values = sorted(run_seconds(rng, family="2.0", resolution="720p", seconds=5) for _ in range(999))
    assert 110 < values[500] < 130
    assert values[900] < 1.6 * values[500]


def test_the_same_seed_gives_the_same_ids(emulator, api):
    """Two runs of a test see the same world, apart from the time."""

    def tails():
        emulator.reset()
        return [api("modelark").post(TASKS, json=BODY).json()["id"][-5:] for _ in range(5)]

    assert tails() == tails()


def test_an_empty_ledger_has_all_counters(emulator):
    """Every vendor and operation is there from the start."""
    counts = dict.fromkeys(("create", "get", "list", "cancel", "download"), 0)
    vendors = ("modelark", "evolink", "anyfast", "toapis")
    assert emulator.ledger() == {
        "creates_received": 0, "requests": dict.fromkeys(vendors, counts), "generations": [],
    }  # fmt: skip


def test_the_ledger_tells_what_was_asked_and_billed(emulator, api):
    """One row per generation, in the words of the design."""
    ark = api("modelark")
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    ark.post(TASKS, json={})
    ark.get(f"{TASKS}/{task_id}")
    emulator.advance(1000)
    ledger = emulator.ledger()
    assert ledger["creates_received"] == 2
    assert ledger["requests"]["modelark"] == {"create": 2, "get": 1, "list": 0, "cancel": 0, "download": 0}
    row = ledger["generations"][0]
    created, finished = row.pop("created_at"), row.pop("finished_at")
    assert created < finished < created + 1000
    assert row == {
        "vendor": "modelark", "generation_id": task_id, "model": BODY["model"], "mode": "text",
        "status": "succeeded", "billed": True, "amount": 108900, "unit": "tokens", "prompt": "A cat",
    }  # fmt: skip


def test_requests_are_kept_without_the_key(emulator, api):
    """Headers and body as received, the key masked."""
    api("modelark", "sk-very-secret").post(TASKS, json=BODY)
    note = emulator.requests()[-1]
    assert (note["method"], note["path"], note["body"]) == ("POST", f"/modelark{TASKS}", BODY)
    assert note["headers"]["authorization"] == "Bearer ***"
    assert "secret" not in str(note)


def test_reset_forgets_everything_but_the_clock(emulator, api):
    """State, faults and counters go; the time stays."""
    api("modelark").post(TASKS, json=BODY)
    emulator.add_fault(on="list", kind="status")
    before = httpx.get(f"{emulator.url}/_emulator/clock").json()["now"]
    emulator.reset()
    assert emulator.ledger()["creates_received"] == 0
    assert emulator.requests() == []
    assert api("modelark").get(TASKS).json()["total"] == 0
    assert httpx.get(f"{emulator.url}/_emulator/clock").json()["now"] >= before


@pytest.mark.parametrize("body", [{}, {"advance": -1}, {"speed": 3}, {"rate": "fast"}, {"rate": -1}, []])
def test_a_senseless_clock_order_is_refused(body, emulator):
    """400 with a reason."""
    answer = httpx.post(f"{emulator.url}/_emulator/clock", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_rate_can_be_changed(emulator, api):
    """With the clock running, generations finish by themselves."""
    ark = api("modelark")
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.set_rate(1_000_000)
    for _ in range(200):
        if ark.get(f"{TASKS}/{task_id}").status_code == 404:
            break
    assert emulator.ledger()["generations"][0]["status"] == "succeeded"

"""What a trigger tells the task's log, and that its event loop never waits for the log."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextvars import ContextVar

import pytest

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.polling.registry import PollerRegistry
from airflow_provider_seedance.errors import NoReply
from airflow_provider_seedance.runtime import background_log, pollers
from airflow_provider_seedance.runtime.background_log import BackgroundLog
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger
from tests.core.polling.vendor import START, Time, Vendor

owner: ContextVar[str] = ContextVar("owner", default="nobody")


class Channel(logging.Handler):
    """The way of the lines to the process that writes them, which may be busy; it knows whose log each belongs to."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.threads: set[str] = set()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.free.wait(60)
        self.threads.add(threading.current_thread().name)
        self.lines.append((owner.get(), record.getMessage()))


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def background(channel, monkeypatch) -> BackgroundLog:
    """Writes to the channel, and so does whatever else of the package logs."""
    package = logging.getLogger("airflow_provider_seedance")
    monkeypatch.setattr(package, "handlers", [channel])
    monkeypatch.setattr(package, "propagate", False)
    package.setLevel(logging.INFO)
    made = BackgroundLog(logging.getLogger(background_log.__name__))
    monkeypatch.setattr(background_log, "_background_log", made)
    return made


@pytest.fixture
def vendor(monkeypatch, connect) -> Vendor:
    """A vendor without a list, behind a connection."""
    connect("evolink")
    time = Time()
    vendor = Vendor(time, lists=False)
    monkeypatch.setattr(clock, "SYSTEM_CLOCK", time)
    registry = PollerRegistry(lambda account: vendor, clock=time, max_lag=90.0)
    monkeypatch.setattr(pollers, "make_registry", lambda: registry)
    return vendor


async def outcome(generation_id: str) -> str:
    """How the wait of a trigger for it ends."""
    owner.set(generation_id)
    trigger = SeedanceGenerationTrigger("seedance_tested", generation_id, START, START + 36_000)
    return (await anext(trigger.run())).payload["outcome"]


def test_it_tells_each_status_and_trouble(vendor, background, channel) -> None:
    channel.free.set()
    vendor.ends["g"] = 4_000.0
    vendor.faults = [NoReply("cut")] * 3
    assert asyncio.run(outcome("g")) == "ended"
    background.close()
    assert len(vendor.requests) > 40
    assert [text for _, text in channel.lines] == [
        "Generation g: a status request failed: cut. It is repeated, for 15 minutes without an answer at most.",
        "Generation g: status requests are answered again, after 3 that failed within 10 s.",
        "Generation g is running at vendor.",
    ]


def test_a_thousand_in_trouble_end_while_nobody_reads_their_lines(vendor, background, channel) -> None:
    """A triggerer whose event loop waits for its log while it is sent triggers stands still for good."""
    names = [f"g{number}" for number in range(1000)]
    vendor.faults = [NoReply("cut")] * 2000

    async def all_of_them() -> list[str]:
        return await asyncio.gather(*(asyncio.create_task(outcome(name)) for name in names))

    assert set(asyncio.run(all_of_them())) == {"ended"}
    assert channel.lines == []
    channel.free.set()
    background.close()
    told = [name for name, text in channel.lines if "a status request failed" in text]
    assert sorted(told) == sorted(names)
    assert all(name in text for name, text in channel.lines)
    assert channel.threads == {"seedance-log"}

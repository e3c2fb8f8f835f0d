"""Lines from an event loop, written by a thread."""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar, copy_context

import pytest

from airflow_provider_seedance.runtime.background_log import BackgroundLog

owner: ContextVar[str] = ContextVar("owner", default="nobody")


class Channel(logging.Handler):
    """Where lines go: it can be full, and it tells whose context each line was written in."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()
        self.reached = threading.Event()
        self.lines: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.reached.set()
        self.free.wait(10)
        self.lines.append((owner.get(), record.getMessage()))


@pytest.fixture
def channel(request) -> Channel:
    made, log = Channel(), logging.getLogger(request.node.name)
    log.addHandler(made)
    log.propagate, log.level = False, logging.INFO
    made.log = log
    return made


def test_each_line_is_written_in_its_own_context(channel) -> None:
    channel.free.set()
    background = BackgroundLog(channel.log)
    for name in ("one", "other"):
        token = owner.set(name)
        background.write(copy_context(), logging.INFO, f"100 % of {name}")
        owner.reset(token)
    background.close()
    assert channel.lines == [("one", "100 % of one"), ("other", "100 % of other")]


def test_a_full_channel_holds_nobody_up_and_lines_are_bounded(channel) -> None:
    background = BackgroundLog(channel.log, max_lines=50)
    background.write(copy_context(), logging.INFO, "first")
    assert channel.reached.wait(10)
    for number in range(1000):
        background.write(copy_context(), logging.INFO, str(number))
    channel.free.set()
    background.close()
    texts = [text for _, text in channel.lines]
    assert texts == ["first", *map(str, range(50)), "950 lines about waits were left out."]


def test_the_end_of_the_process_does_not_wait_for_a_full_channel(channel) -> None:
    background = BackgroundLog(channel.log)
    background.write(copy_context(), logging.INFO, "first")
    assert channel.reached.wait(10)
    background.close(0.01)
    assert channel.lines == []
    channel.free.set()

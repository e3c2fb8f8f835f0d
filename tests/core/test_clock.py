"""Times as text, and what other modules need of an event loop's threads."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest

from airflow_provider_seedance.core.clock import (
    EventLoopTimeout,
    SingleFlight,
    off_loop,
    parse_time,
    within,
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T14:37:04.755422Z",
        "2026-11-28T14:37:04.755422+00:00",
        "2026-11-28T16:37:04.755422+02:00",
    ],
)
def test_a_time_is_read_in_each_form_that_is_written(text: str) -> None:
    """Pydantic writes a ``Z``, and other code a zone."""
    assert parse_time(text) == datetime(2026, 11, 28, 14, 37, 4, 755422, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01"])
def test_anything_else_is_no_time(text: str) -> None:
    """It does not pass for one."""
    with pytest.raises(ValueError, match=r"isoformat|month"):
        parse_time(text)


def test_work_may_have_threads_of_its_own() -> None:
    """Those of the event loop stay free."""

    async def name(threads: ThreadPoolExecutor) -> str:
        return await off_loop(lambda: threading.current_thread().name, threads)

    with ThreadPoolExecutor(1, "own") as threads:
        assert asyncio.run(name(threads)).startswith("own")


class Work:
    """Counts how often it was begun, and ends when it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.begun, self.fault = 0, fault
        self.free = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        await self.free.wait()
        if self.fault:
            raise self.fault
        return self.begun


@pytest.mark.parametrize("fault", [None, ValueError("no"), OSError("no")])
def test_work_is_under_way_once(fault: Exception | None) -> None:
    """All get what it comes to, good or bad; then it may begin anew."""

    async def waited() -> None:
        work, flight = Work(fault), SingleFlight[int]()
        waiting = [asyncio.create_task(flight.do(work)) for _ in range(5)]
        await asyncio.sleep(0)
        work.free.set()
        assert await asyncio.gather(*waiting, return_exceptions=True) == [fault or 1] * 5
        work.fault = None
        assert await flight.do(work) == 2

    asyncio.run(waited())


@pytest.mark.parametrize("patient", [0, 1, 3])
def test_who_gives_up_leaves_it_to_the_others(patient: int) -> None:
    """Also to those who come later: nobody begins it beside the one under way."""

    async def waited() -> None:
        work, flight = Work(), SingleFlight[int]()
        waiting = [asyncio.create_task(flight.do(work)) for _ in range(patient)]
        for _ in range(3):
            with pytest.raises(EventLoopTimeout):
                await within(0.001, flight.do(work))
        waiting.append(asyncio.create_task(flight.do(work)))
        await asyncio.sleep(0)
        work.free.set()
        assert await asyncio.gather(*waiting) == [1] * (patient + 1)

    asyncio.run(waited())

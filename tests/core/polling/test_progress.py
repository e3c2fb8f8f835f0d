"""News of generations under way are gathered, and written by a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from airflow_provider_seedance.core.polling import progress
from airflow_provider_seedance.core.polling.progress import WRITE_AFTER_SECONDS, ProgressWriter
from airflow_provider_seedance.models import Pending, Status
from tests.core.polling.vendor import START, Time


def pending(name: str, percent: int | None = None, *, vendor: str = "evolink") -> Pending:
    return Pending(vendor=vendor, generation_id=name, status=Status.RUNNING, progress=percent)


class Scene:
    """A writer, and what it has written, each with its time."""

    def __init__(self) -> None:
        self.time = Time()
        self.written: list[tuple[float, list[tuple[str, str, int | None]]]] = []
        self.threads: set[int] = set()
        self.writer = ProgressWriter(self.write, clock=self.time)

    def write(self, news: Sequence[Pending]) -> None:
        self.threads.add(threading.get_ident())
        told = [(one.vendor, one.generation_id, one.progress) for one in news]
        self.written.append((self.time.moment - START, told))

    async def settle(self) -> None:
        """Until nothing is left to write."""
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=60)


def run(play: Coroutine[Any, Any, None]) -> None:
    asyncio.run(play)


def test_the_latest_of_each_generation_is_written_together() -> None:
    """Some seconds after the first, and not on the event loop."""

    async def play() -> None:
        scene = Scene()
        for one in (pending("a", 10), pending("b"), pending("a", 20), pending("a", vendor="toapis")):
            scene.writer.note(one)
        await scene.settle()
        told = [("evolink", "a", 20), ("evolink", "b", None), ("toapis", "a", None)]
        assert scene.written == [(WRITE_AFTER_SECONDS, told)]
        assert threading.get_ident() not in scene.threads

    run(play())


def test_what_comes_while_it_writes_is_written_next() -> None:
    """Nothing is left lying, and after a quiet time it begins anew."""

    async def play() -> None:
        scene = Scene()
        loop = asyncio.get_running_loop()
        write = scene.write

        def write_and_hear_more(news: Sequence[Pending]) -> None:
            if not scene.written:
                heard = asyncio.run_coroutine_threadsafe(later(), loop)
                heard.result(10)
            write(news)

        async def later() -> None:
            scene.writer.note(pending("a", 50))

        scene.writer = ProgressWriter(write_and_hear_more, clock=scene.time)
        scene.writer.note(pending("a", 10))
        await scene.settle()
        scene.writer.note(pending("a", 90))
        await scene.settle()
        assert [told for _, ((_, _, told),) in scene.written] == [10, 50, 90]

    run(play())


def test_many_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is a transaction, which others wait for."""
    monkeypatch.setattr(progress, "GENERATIONS_PER_WRITE", 2)

    async def play() -> None:
        scene = Scene()
        for number in range(5):
            scene.writer.note(pending(f"g{number}"))
        await scene.settle()
        assert [len(told) for _, told in scene.written] == [2, 2, 1]

    run(play())


def test_a_write_that_fails_does_not_end_the_writing() -> None:
    """The next news are written."""

    async def play() -> None:
        scene = Scene()
        write = scene.write

        def write_at_the_second_time(news: Sequence[Pending]) -> None:
            write(news)
            if len(scene.written) == 1:
                raise OSError("the disk is full")

        scene.writer = ProgressWriter(write_at_the_second_time, clock=scene.time)
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        for percent in (10, 20):
            scene.writer.note(pending("a", percent))
            await scene.settle()
        assert [told for _, ((_, _, told),) in scene.written] == [10, 20]

    run(play())

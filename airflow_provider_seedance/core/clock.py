"""Time and chance. A task, a trigger or a hook hands the clock to all code below it as an argument.

What other modules need of an event loop's own time and threads is here too.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor

T = TypeVar("T")

#: Before Python 3.11 this is not the builtin ``TimeoutError``.
EventLoopTimeout = asyncio.TimeoutError


class Clock(Protocol):
    """A source of time and chance. Tests pass one of their own, so that no test waits."""

    def now(self) -> float:
        """Epoch seconds."""

    def random(self) -> float:
        """A random number in [0, 1)."""

    def sleep(self, seconds: float) -> None:
        """Block the thread for so many seconds."""

    async def asleep(self, seconds: float) -> None:
        """Suspend the task of an event loop for so many seconds."""


class SystemClock:
    """The machine's own time and chance."""

    def now(self) -> float:
        return time.time()

    def random(self) -> float:
        return random.random()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


#: The clock of this process. Only the edges read it: operators, triggers, hooks, policies and ``runtime``.
SYSTEM_CLOCK: Clock = SystemClock()


def utc_now(clock: Clock) -> datetime:
    """The clock's time with its zone."""
    return datetime.fromtimestamp(clock.now(), tz=timezone.utc)


def parse_time(text: str) -> datetime:
    """The moment in an ISO text, also with a ``Z``, which Python's own reader knows from 3.11 on.

    :raises ValueError: for any other text.
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: TID251 - here alone


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What ``work`` comes to; it is cancelled when its time is up, by the event loop's own clock.

    :raises EventLoopTimeout: then.
    """
    if sys.version_info >= (3, 11):  # which needs no task of its own
        async with asyncio.timeout(seconds):
            return await work
    return await asyncio.wait_for(work, seconds)


async def off_loop(work: Callable[[], T], threads: Executor | None = None) -> T:
    """What ``work`` returns, which runs in a thread, so that the event loop goes on.

    :param threads: where it runs; without it, in the pool that all code of the event loop shares.
    """
    in_context = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(threads, in_context, work)


class SingleFlight(Generic[T]):
    """Work that is under way once, however many wait for it. It goes on for the others when one of them gives up."""

    def __init__(self) -> None:
        self._task: asyncio.Task[T] | None = None

    async def do(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What the work under way comes to; ``work`` is started if there is none."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(work())
        return await asyncio.shield(self._task)

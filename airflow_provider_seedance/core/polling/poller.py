"""Waiting for many generations of one account on one event loop: one client, few connections, shared requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from contextvars import Context
from typing import Protocol

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import (
    PollAgain,
    WaitOutcome,
    WaitState,
    after_error,
    after_status,
)
from airflow_provider_seedance.core.polling.due_queue import DueQueue
from airflow_provider_seedance.core.polling.latency import Latencies
from airflow_provider_seedance.core.polling.request_rate import RequestRate
from airflow_provider_seedance.core.polling.schedule import History, pause_alone, pause_in_list
from airflow_provider_seedance.core.vendors.contract import Listing
from airflow_provider_seedance.errors import Kind, MalformedReply, NoReply, SeedanceError
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Succeeded

#: Looks by list are due at multiples of this many seconds, so that they gather.
LIST_INTERVAL = 0.5
#: Requests under way at a time: enough for the rate even where an answer takes a second.
CONNECTIONS = 8
#: How often a list may fail to show a generation that exists before it is asked for by its id only.
MAX_LIST_MISSES = 3
#: Less than this is no time to wait, seconds.
AT_ONCE = 0.001
#: A look this late shows that there is more to ask than the rate allows, seconds.
LATE_SECONDS = 1.0


class GenerationReader(Protocol):
    """How a client reads generations."""

    async def get(self, generation_id: str) -> Generation: ...

    async def list(self, query: ListQuery) -> GenerationPage: ...


class Reader(Protocol):
    """What a poller needs of a client. It must not repeat requests by itself: the rate is the poller's."""

    @property
    def listing(self) -> Listing | None:
        """How the vendor shows many generations in one answer, if it does."""

    @property
    def generations(self) -> GenerationReader: ...

    async def close(self) -> None: ...


class _Waiter:
    """One wait for one generation."""

    __slots__ = ("ended", "generation_id", "history", "looked", "misses", "wait")

    def __init__(self, generation_id: str, wait: WaitState, ended: asyncio.Future[WaitOutcome]) -> None:
        self.generation_id = generation_id
        self.wait = wait
        self.history = History(wait.started)
        #: When it was last seen pending.
        self.looked: float | None = None
        self.misses = 0
        self.ended = ended

    def left(self) -> bool:
        return self.ended.done()


class Poller:
    """Asks one account how its generations stand, for all that wait for one of them.

    Where the vendor has a list, a request asks for a hundred; those that the list does not show, and all of other
    vendors, are asked for one by one. A single task sends all requests at a learned pace.

    :param client: used by this poller alone, and closed by :meth:`close`.
    :param latencies: what is known of how long generations take; the poller adds what it sees.
    :param max_lag: the longest pause between two looks at a generation, seconds.
    :param connections: requests under way at a time.
    """

    def __init__(
        self,
        client: Reader,
        *,
        latencies: Latencies,
        clock: Clock,
        max_lag: float,
        connections: int = CONNECTIONS,
    ) -> None:
        self._client = client
        self._latencies = latencies
        self._clock = clock
        self._max_lag = max_lag
        self._request_rate = RequestRate()
        self._alone: DueQueue[_Waiter] = DueQueue(1)
        #: In the order in which a generation is looked for; a list hides the tiers that are not asked.
        self._queues = (*_queues_by_tier(client.listing), self._alone)
        self._connections = asyncio.Semaphore(connections)
        self._news = asyncio.Event()
        self._asleep_until = math.inf
        self._asking: set[asyncio.Task[None]] = set()
        # In a context of its own, not in that of the trigger that happened to come first.
        self._driver = Context().run(asyncio.create_task, self._drive())

    async def wait_for(self, generation_id: str, wait: WaitState) -> WaitOutcome:
        """Wait until the generation has ended, a deadline has passed, or the vendor cannot be asked any more.

        Nothing is logged on the way: Airflow's triggerer stands still for good if its event loop writes a line while
        the process that reads them is busy sending it triggers.
        """
        waiter = _Waiter(generation_id, wait, asyncio.get_running_loop().create_future())
        queue = self._queues[0]
        self._add(queue, waiter, 0.0 if queue is self._alone else LIST_INTERVAL)
        try:
            return await waiter.ended
        except asyncio.CancelledError:
            for queue in self._queues:
                queue.note_abandoned()
            raise

    async def close(self) -> None:
        """Stop asking and close the client. Nobody may be waiting."""
        tasks = (self._driver, *self._asking)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _drive(self) -> None:
        while True:
            await self._connections.acquire()
            queue, late = await self._due()
            self._request_rate = self._request_rate.sent(self._clock.now())
            task = asyncio.create_task(self._ask(queue, queue.take(), behind=late > LATE_SECONDS))
            self._asking.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._connections.release()

    async def _due(self) -> tuple[DueQueue[_Waiter], float]:
        """The queue whose turn it is, once a look is due and the rate allows it, and how late that look is.

        News, such as an earlier look, interrupt the sleep.
        """
        while True:
            self._news.clear()
            self._asleep_until = math.inf
            waiting = [
                (due, place) for place, queue in enumerate(self._queues) if (due := queue.due()) is not None
            ]
            if not waiting:
                await self._news.wait()
                continue
            due, place = min(waiting)
            now = self._clock.now()
            left = max(due, self._request_rate.free_at) - now
            if left < AT_ONCE:
                return self._queues[place], now - due
            self._asleep_until = now + left
            timer = asyncio.ensure_future(self._clock.asleep(left))
            timer.add_done_callback(self._on_timer)
            try:
                await self._news.wait()
            finally:
                timer.cancel()

    def _on_timer(self, timer: asyncio.Future[None]) -> None:
        # One that was stopped must not stop the next one.
        if not timer.cancelled():
            self._news.set()

    async def _ask(self, queue: DueQueue[_Waiter], waiters: list[_Waiter], *, behind: bool) -> None:
        """One request and what follows from it, for each ticket by itself."""
        sent = self._clock.now()
        answers: Mapping[str, Generation] = {}
        error: SeedanceError | None = None
        try:
            answers = await self._read(queue, waiters)
            self._request_rate = self._request_rate.answered(behind=behind)
        except SeedanceError as fault:
            error = fault
            if fault.kind is Kind.RATE_LIMIT:
                now = self._clock.now()
                self._request_rate = self._request_rate.refused(
                    sent=sent, now=now, retry_after=fault.retry_after
                )
        except Exception as fault:  # noqa: BLE001  # whatever it is, it must not end the driver
            error = NoReply(f"a status request failed ({type(fault).__name__})")
        for waiter in waiters:
            try:
                if not waiter.left():
                    self._on_reply(queue, waiter, answers.get(waiter.generation_id), error)
            except Exception as fault:  # noqa: BLE001  # its own wait ends with it, and no other
                waiter.ended.set_exception(fault)

    async def _read(self, queue: DueQueue[_Waiter], waiters: Iterable[_Waiter]) -> dict[str, Generation]:
        ids = tuple(dict.fromkeys(waiter.generation_id for waiter in waiters))
        if queue is self._alone:
            return {ids[0]: await self._client.generations.get(ids[0])}
        query = ListQuery(ids=ids, service_tier=queue.tier, page_size=len(ids))
        page = await self._client.generations.list(query)
        return {seen.generation_id: seen for seen in page.items}

    def _on_reply(
        self,
        queue: DueQueue[_Waiter],
        waiter: _Waiter,
        answer: Generation | None,
        error: SeedanceError | None,
    ) -> None:
        if answer is not None:
            self._seen(queue, waiter, answer)
        elif queue is not self._alone and (error is None or _about_one(error)):
            self._missed(queue, waiter, shown=error is None)
        else:
            fault = error or NoReply("the vendor answered with another generation")
            now, random = self._clock.now(), self._clock.random()
            self._go_on(queue, waiter, after_error(waiter.wait, fault, now=now, random=random))

    def _missed(self, queue: DueQueue[_Waiter], waiter: _Waiter, *, shown: bool) -> None:
        """A list without it: look in the next one, and at last ask for it by its id, which always tells.

        :param shown: whether there was a list; one that cannot be read is followed by single reads.
        """
        following = self._queues[self._queues.index(queue) + 1] if shown else self._alone
        if following is self._alone:
            waiter.misses += 1
        self._add(following, waiter, 0.0)

    def _seen(self, queue: DueQueue[_Waiter], waiter: _Waiter, seen: Generation) -> None:
        now, before = self._clock.now(), waiter.history
        pause = 0.0
        if isinstance(seen, Pending):
            waiter.history, waiter.looked = before.and_now(seen, now), now
            queue = self._queue_after(queue, waiter, seen)
            pause = self._pause(queue, waiter.history, now)
        elif isinstance(seen, Succeeded) and waiter.looked is not None:
            self._latencies.learn(before.cell, (waiter.looked + now) / 2 - before.started)
        self._go_on(queue, waiter, after_status(waiter.wait, seen, now=now, pause=pause))

    def _queue_after(self, queue: DueQueue[_Waiter], waiter: _Waiter, seen: Pending) -> DueQueue[_Waiter]:
        """What was read by itself goes back to the list of its tier, unless that has missed it too often."""
        if queue is not self._alone or waiter.misses >= MAX_LIST_MISSES:
            return queue
        return next(
            (other for other in self._queues[:-1] if other.tier == seen.service_tier), self._queues[0]
        )

    def _pause(self, queue: DueQueue[_Waiter], history: History, now: float) -> float:
        if queue is not self._alone:
            return pause_in_list(history, now=now, max_lag=self._max_lag)
        expected = self._latencies.expected(history.cell, history.estimate)
        return pause_alone(history, expected, now=now, random=self._clock.random(), max_lag=self._max_lag)

    def _go_on(self, queue: DueQueue[_Waiter], waiter: _Waiter, decision: PollAgain | WaitOutcome) -> None:
        if isinstance(decision, PollAgain):
            waiter.wait = decision.wait
            self._add(queue, waiter, decision.pause)
        else:
            waiter.ended.set_result(decision)

    def _add(self, queue: DueQueue[_Waiter], waiter: _Waiter, pause: float) -> None:
        due = self._clock.now() + pause
        if queue is not self._alone and pause >= LIST_INTERVAL:
            due = math.floor(due / LIST_INTERVAL) * LIST_INTERVAL
        queue.add(due, waiter)
        if due < self._asleep_until:
            self._news.set()


def _queues_by_tier(listing: Listing | None) -> list[DueQueue[_Waiter]]:
    if listing is None:
        return []
    return [DueQueue(listing.ids_per_request, tier) for tier in listing.service_tiers]


def _about_one(error: SeedanceError) -> bool:
    """Whether a list may have failed for one of its generations, so that each is to be asked for by itself."""
    return isinstance(error, MalformedReply) or not error.kind.traits.transient

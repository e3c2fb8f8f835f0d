"""Waiting for many generations of one account on one event loop: one client, few connections, shared requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextvars import Context
from typing import Protocol

from airflow_provider_seedance.core.client.flows import SERVICE_TIERS
from airflow_provider_seedance.core.polling.decide import Look, Outcome, Watch, after_answer, after_error
from airflow_provider_seedance.core.polling.due_queue import Lane
from airflow_provider_seedance.core.polling.latency import Latencies
from airflow_provider_seedance.core.polling.request_rate import Pace
from airflow_provider_seedance.core.polling.schedule import History, pause_alone, pause_in_list
from airflow_provider_seedance.core.polling.wait import Clock
from airflow_provider_seedance.errors import Kind, MalformedReply, NoReply, SeedanceError
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Succeeded

#: Ids in one list request. No maximum is published; a hundred make a URL of 4 kB, and 8 kB is a common limit.
IDS_A_REQUEST = 100
#: Looks by list are due at multiples of this many seconds, so that they gather.
GATHERING = 0.5
#: Requests under way at a time: enough for the pace even where an answer takes a second.
CONNECTIONS = 8
#: How often a list may fail to show a generation that exists before it is asked for by its id only.
MOST_MISSES = 3
#: Less than this is no time to wait, seconds.
AT_ONCE = 0.001
#: A look this late shows that there is more to ask than the pace allows, seconds.
BEHIND = 1.0

Sleep = Callable[[float], Awaitable[None]]

_FOR_ALL = frozenset({Kind.RATE_LIMIT, Kind.OVERLOAD, Kind.CONNECTION})


class Reader(Protocol):
    """What a fleet needs of a client. It must not repeat requests by itself: the pace is the fleet's."""

    @property
    def lists(self) -> bool:
        """Whether the vendor shows many generations in one answer."""

    async def get_generation(self, generation_id: str) -> Generation: ...

    async def list_generations(self, query: ListQuery) -> GenerationPage: ...

    async def close(self) -> None: ...


class _Ticket:
    """One wait for one generation."""

    __slots__ = ("ended", "generation_id", "history", "looked", "misses", "watch")

    def __init__(self, generation_id: str, watch: Watch, ended: asyncio.Future[Outcome]) -> None:
        self.generation_id = generation_id
        self.watch = watch
        self.history = History(watch.started)
        #: When it was last seen pending.
        self.looked: float | None = None
        self.misses = 0
        self.ended = ended

    def left(self) -> bool:
        return self.ended.done()


class Fleet:
    """Asks one account how its generations stand, for all that wait for one of them.

    Where the vendor has a list, a request asks for a hundred; those that the list does not show, and all of other
    vendors, are asked for one by one. A single task sends all requests at a learned pace.

    :param client: used by this fleet alone, and closed by :meth:`close`.
    :param latencies: what is known of how long generations take; the fleet adds what it sees.
    :param max_lag: the longest pause between two looks at a generation, seconds.
    :param connections: requests under way at a time.
    """

    def __init__(
        self,
        client: Reader,
        *,
        latencies: Latencies,
        clock: Clock,
        sleep: Sleep,
        max_lag: float,
        connections: int = CONNECTIONS,
    ) -> None:
        self._client = client
        self._latencies = latencies
        self._clock = clock
        self._sleep = sleep
        self._max_lag = max_lag
        self._pace = Pace()
        self._alone: Lane[_Ticket] = Lane(1)
        tiers = SERVICE_TIERS if client.lists else ()
        #: In the order in which a generation is looked for; a list hides the tiers that are not asked.
        self._lanes = (*(Lane[_Ticket](IDS_A_REQUEST, tier) for tier in tiers), self._alone)
        self._connections = asyncio.Semaphore(connections)
        self._news = asyncio.Event()
        self._asleep_until = math.inf
        self._asking: set[asyncio.Task[None]] = set()
        # In a context of its own, not in that of the trigger that happened to come first.
        self._driver = Context().run(asyncio.create_task, self._drive())

    async def watch(self, generation_id: str, watch: Watch) -> Outcome:
        """Wait until the generation has ended, a deadline has passed, or the vendor cannot be asked any more.

        Nothing is logged on the way: Airflow's triggerer stands still for good if its event loop writes a line while
        the process that reads them is busy sending it triggers.
        """
        ticket = _Ticket(generation_id, watch, asyncio.get_running_loop().create_future())
        lane = self._lanes[0]
        self._add(lane, ticket, 0.0 if lane is self._alone else GATHERING)
        try:
            return await ticket.ended
        except asyncio.CancelledError:
            for lane in self._lanes:
                lane.one_left()
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
            lane, late = await self._due()
            self._pace = self._pace.sent(self._clock.now())
            task = asyncio.create_task(self._ask(lane, lane.take(), behind=late > BEHIND))
            self._asking.add(task)
            task.add_done_callback(self._asked)

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._connections.release()

    async def _due(self) -> tuple[Lane[_Ticket], float]:
        """The lane whose turn it is, once a look is due and the pace allows it, and how late that look is.

        News, such as an earlier look, interrupt the sleep.
        """
        while True:
            self._news.clear()
            self._asleep_until = math.inf
            waiting = [
                (due, place) for place, lane in enumerate(self._lanes) if (due := lane.due()) is not None
            ]
            if not waiting:
                await self._news.wait()
                continue
            due, place = min(waiting)
            now = self._clock.now()
            left = max(due, self._pace.free_at) - now
            if left < AT_ONCE:
                return self._lanes[place], now - due
            self._asleep_until = now + left
            timer = asyncio.ensure_future(self._sleep(left))
            timer.add_done_callback(self._rung)
            try:
                await self._news.wait()
            finally:
                timer.cancel()

    def _rung(self, timer: asyncio.Future[None]) -> None:
        # One that was stopped must not stop the next one.
        if not timer.cancelled():
            self._news.set()

    async def _ask(self, lane: Lane[_Ticket], tickets: list[_Ticket], *, behind: bool) -> None:
        """One request and what follows from it, for each ticket by itself."""
        sent = self._clock.now()
        answers: Mapping[str, Generation] = {}
        error: SeedanceError | None = None
        try:
            answers = await self._read(lane, tickets)
            self._pace = self._pace.answered(behind=behind)
        except SeedanceError as fault:
            error = fault
            if fault.kind is Kind.RATE_LIMIT:
                now = self._clock.now()
                self._pace = self._pace.refused(sent=sent, now=now, retry_after=fault.retry_after)
        except Exception as fault:  # noqa: BLE001  # whatever it is, it must not end the driver
            error = NoReply(f"a status request failed ({type(fault).__name__})")
        for ticket in tickets:
            try:
                if not ticket.left():
                    self._hear(lane, ticket, answers.get(ticket.generation_id), error)
            except Exception as fault:  # noqa: BLE001  # its own wait ends with it, and no other
                ticket.ended.set_exception(fault)

    async def _read(self, lane: Lane[_Ticket], tickets: Iterable[_Ticket]) -> dict[str, Generation]:
        ids = tuple(dict.fromkeys(ticket.generation_id for ticket in tickets))
        if lane is self._alone:
            return {ids[0]: await self._client.get_generation(ids[0])}
        query = ListQuery(ids=ids, service_tier=lane.tier, page_size=IDS_A_REQUEST)
        page = await self._client.list_generations(query)
        return {seen.generation_id: seen for seen in page.items}

    def _hear(
        self, lane: Lane[_Ticket], ticket: _Ticket, answer: Generation | None, error: SeedanceError | None
    ) -> None:
        if answer is not None:
            self._seen(lane, ticket, answer)
        elif lane is not self._alone and (error is None or _about_one(error)):
            self._missed(lane, ticket, shown=error is None)
        else:
            fault = error or NoReply("the vendor answered with another generation")
            now, chance = self._clock.now(), self._clock.chance()
            self._go_on(lane, ticket, after_error(ticket.watch, fault, now=now, chance=chance))

    def _missed(self, lane: Lane[_Ticket], ticket: _Ticket, *, shown: bool) -> None:
        """A list without it: look in the next one, and at last ask for it by its id, which always tells.

        :param shown: whether there was a list; one that cannot be read is followed by single reads.
        """
        following = self._lanes[self._lanes.index(lane) + 1] if shown else self._alone
        if following is self._alone:
            ticket.misses += 1
        self._add(following, ticket, 0.0)

    def _seen(self, lane: Lane[_Ticket], ticket: _Ticket, seen: Generation) -> None:
        now, before = self._clock.now(), ticket.history
        pause = 0.0
        if isinstance(seen, Pending):
            ticket.history, ticket.looked = before.and_now(seen, now), now
            lane = self._lane_after(lane, ticket, seen)
            pause = self._pause(lane, ticket.history, now)
        elif isinstance(seen, Succeeded) and ticket.looked is not None:
            self._latencies.learn(before.cell, (ticket.looked + now) / 2 - before.started)
        self._go_on(lane, ticket, after_answer(ticket.watch, seen, now=now, pause=pause))

    def _lane_after(self, lane: Lane[_Ticket], ticket: _Ticket, seen: Pending) -> Lane[_Ticket]:
        """What was read by itself goes back to the list of its tier, unless that has missed it too often."""
        if lane is not self._alone or ticket.misses >= MOST_MISSES:
            return lane
        return next((other for other in self._lanes[:-1] if other.tier == seen.service_tier), self._lanes[0])

    def _pause(self, lane: Lane[_Ticket], history: History, now: float) -> float:
        if lane is not self._alone:
            return pause_in_list(history, now=now, max_lag=self._max_lag)
        expected = self._latencies.expected(history.cell, history.estimate)
        return pause_alone(history, expected, now=now, chance=self._clock.chance(), max_lag=self._max_lag)

    def _go_on(self, lane: Lane[_Ticket], ticket: _Ticket, decision: Look | Outcome) -> None:
        if isinstance(decision, Look):
            ticket.watch = decision.watch
            self._add(lane, ticket, decision.pause)
        else:
            ticket.ended.set_result(decision)

    def _add(self, lane: Lane[_Ticket], ticket: _Ticket, pause: float) -> None:
        due = self._clock.now() + pause
        if lane is not self._alone and pause >= GATHERING:
            due = math.floor(due / GATHERING) * GATHERING
        lane.add(due, ticket)
        if due < self._asleep_until:
            self._news.set()


def _about_one(error: SeedanceError) -> bool:
    """Whether a list may have failed for one of its generations, so that each is to be asked for by itself."""
    return isinstance(error, MalformedReply) or error.kind not in _FOR_ALL

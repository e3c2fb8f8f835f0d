"""Waiting for many generations of one account on one event loop: one client, few connections, shared requests."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from contextvars import Context
from typing import Protocol

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import (
    LAST_ANSWER_SECONDS,
    PollAgain,
    WaitOutcome,
    WaitState,
    decide_after_error,
    decide_after_status,
)
from airflow_provider_seedance.core.polling.due_queue import DueQueue
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.report import TroubleReport
from airflow_provider_seedance.core.polling.request_rate import RequestRate
from airflow_provider_seedance.core.polling.schedule import (
    PollHistory,
    pause_before_list_request,
    pause_before_single_request,
    pause_with_callback,
)
from airflow_provider_seedance.core.vendors.contract import Listing
from airflow_provider_seedance.errors import Kind, MalformedReply, NoReply, SeedanceError
from airflow_provider_seedance.models import Generation, GenerationPage, ListQuery, Pending, Status, Succeeded

#: List requests are due at multiples of this many seconds, so that generations gather in them.
LIST_ALIGNMENT_SECONDS = 0.5
#: Requests under way at a time: enough for the rate even where an answer takes a second.
MAX_CONCURRENCY = 8
#: How often a list may miss a generation that exists before its status is only requested by its id.
MAX_LIST_MISSES = 3
#: A remaining pause shorter than this is not slept, seconds.
MIN_SLEEP_SECONDS = 0.001
#: A request that is sent this late shows that more requests are due than the rate allows, seconds.
BEHIND_AFTER_SECONDS = 1.0


class StatusReader(Protocol):
    """How a client reads the status of generations."""

    async def get(self, generation_id: str) -> Generation: ...

    async def list(self, query: ListQuery) -> GenerationPage: ...


class StatusClient(Protocol):
    """What a poller needs of a client. It must not repeat requests by itself: the poller keeps the rate."""

    @property
    def listing(self) -> Listing | None:
        """How the vendor tells the status of many generations in one answer, if it does."""

    @property
    def generations(self) -> StatusReader: ...

    async def close(self) -> None: ...


class _Waiter:
    """One wait for one generation."""

    __slots__ = ("generation_id", "history", "last_pending_at", "list_misses", "outcome", "report", "wait")

    def __init__(
        self,
        generation_id: str,
        wait: WaitState,
        report: TroubleReport | None,
        outcome: asyncio.Future[WaitOutcome],
    ) -> None:
        self.generation_id = generation_id
        self.report = report
        self.wait = wait
        self.history = PollHistory(wait.started)
        #: When the vendor last called it pending, epoch seconds.
        self.last_pending_at: float | None = None
        self.list_misses = 0
        self.outcome = outcome

    def is_abandoned(self) -> bool:
        return self.outcome.done()


class Poller:
    """Requests the status of one account's generations for all that wait for one of them.

    Where the vendor has a list, one request asks for a hundred generations. Those that the list does not show, and
    all generations of other vendors, are requested one by one. A single task sends all requests, at a learned rate.

    :param client: used by this poller alone, and closed by :meth:`close`.
    :param latency_model: predicts how long generations take; the poller adds what it measures.
    :param max_lag: the longest pause between two status requests for one generation, seconds.
    :param max_concurrency: requests under way at a time.
    :param on_progress: takes each answer that tells of progress, and does not block.
    """

    def __init__(
        self,
        client: StatusClient,
        *,
        latency_model: LatencyModel,
        clock: Clock,
        max_lag: float,
        max_concurrency: int = MAX_CONCURRENCY,
        on_progress: Callable[[Pending], None] | None = None,
    ) -> None:
        self._client = client
        self._latency_model = latency_model
        self._clock = clock
        self._max_lag = max_lag
        self._on_progress = on_progress
        self._request_rate = RequestRate()
        self._single_queue: DueQueue[_Waiter] = DueQueue(1)
        #: In the order in which a generation is searched for; a list shows only the tier that it names.
        self._queues = (*_list_queues(client.listing), self._single_queue)
        self._free_slots = asyncio.Semaphore(max_concurrency)
        self._wake_up = asyncio.Event()
        self._sleeping_until = math.inf
        self._requests: set[asyncio.Task[None]] = set()
        # In a context of its own, not in that of the trigger that happened to come first.
        self._sender = Context().run(asyncio.create_task, self._send_requests())

    async def wait_for(
        self, generation_id: str, wait: WaitState, report: TroubleReport | None = None
    ) -> WaitOutcome:
        """Wait until the generation has ended, a deadline has passed, or status requests fail for good.

        Deadlines have timers of their own, of the event loop: they pass whatever the requests do.

        :param report: is told what the requests come to. Nothing else is logged on the way, and it must not write a
            line on this event loop: Airflow's triggerer stands still for good if its event loop does while the process
            that reads the lines is busy sending it triggers.
        """
        waiter = _Waiter(generation_id, wait, report, asyncio.get_running_loop().create_future())
        queue = self._queues[0]
        self._enqueue(queue, waiter, 0.0 if queue is self._single_queue else LIST_ALIGNMENT_SECONDS)
        timers = self._set_timers(waiter)
        try:
            return await waiter.outcome
        except asyncio.CancelledError:
            for queue in self._queues:
                queue.note_abandoned()
            raise
        finally:
            for timer in timers:
                timer.cancel()

    def _set_timers(self, waiter: _Waiter) -> list[asyncio.TimerHandle]:
        limits = (
            (waiter.wait.deadline, WaitOutcome.TIMED_OUT),
            (waiter.wait.queue_deadline, WaitOutcome.QUEUED_TOO_LONG),
        )
        now, loop = self._clock.now(), asyncio.get_running_loop()
        return [
            loop.call_later(max(0.0, at - now) + LAST_ANSWER_SECONDS, self._on_deadline, waiter, outcome)
            for at, outcome in limits
            if at is not None
        ]

    def _on_deadline(self, waiter: _Waiter, outcome: WaitOutcome) -> None:
        """End a wait whose last request has no answer yet. It is queued too long only if it was seen in the queue."""
        queued = waiter.history.status is Status.QUEUED
        if waiter.outcome.done() or (outcome is WaitOutcome.QUEUED_TOO_LONG and not queued):
            return
        waiter.outcome.set_result(outcome)
        for queue in self._queues:
            queue.note_abandoned()

    async def close(self) -> None:
        """Stop all requests and close the client. No wait may be under way."""
        tasks = (self._sender, *self._requests)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.close()

    async def _send_requests(self) -> None:
        while True:
            await self._free_slots.acquire()
            queue, lateness = await self._next_due_queue()
            self._request_rate = self._request_rate.after_send(self._clock.now())
            behind = lateness > BEHIND_AFTER_SECONDS
            request = asyncio.create_task(self._poll(queue, queue.pop_batch(), behind=behind))
            self._requests.add(request)
            request.add_done_callback(self._on_request_done)

    def _on_request_done(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        self._free_slots.release()

    async def _next_due_queue(self) -> tuple[DueQueue[_Waiter], float]:
        """Sleep until a request is due and the rate allows it; return its queue and how many seconds late it is.

        A waiter that is due earlier than all others wakes this up.
        """
        while True:
            self._wake_up.clear()
            self._sleeping_until = math.inf
            dues = [
                (due, place)
                for place, queue in enumerate(self._queues)
                if (due := queue.next_due()) is not None
            ]
            if not dues:
                await self._wake_up.wait()
                continue
            due, place = min(dues)
            now = self._clock.now()
            remaining = max(due, self._request_rate.next_send_at) - now
            if remaining < MIN_SLEEP_SECONDS:
                return self._queues[place], now - due
            if self._request_rate.next_send_at >= due:
                # Nobody can be due too early for the rate.
                await self._clock.asleep(remaining)
                continue
            self._sleeping_until = now + remaining
            timer = asyncio.ensure_future(self._clock.asleep(remaining))
            timer.add_done_callback(self._on_timer)
            try:
                await self._wake_up.wait()
            finally:
                timer.cancel()

    def _on_timer(self, timer: asyncio.Future[None]) -> None:
        # A timer that was cancelled must not end the next sleep.
        if not timer.cancelled():
            self._wake_up.set()

    async def _poll(self, queue: DueQueue[_Waiter], waiters: list[_Waiter], *, behind: bool) -> None:
        """Send one request, and decide for each of its waiters by itself."""
        sent_at = self._clock.now()
        answers: Mapping[str, Generation] = {}
        error: SeedanceError | None = None
        try:
            answers = await self._request_status(queue, waiters)
            self._request_rate = self._request_rate.after_answer(behind=behind)
        except SeedanceError as fault:
            error = fault
            if fault.kind is Kind.RATE_LIMIT:
                self._request_rate = self._request_rate.after_refusal(
                    sent_at=sent_at, now=self._clock.now(), retry_after=fault.retry_after
                )
        except Exception as fault:  # noqa: BLE001  # whatever it is, it must not end the poller
            error = NoReply(f"a status request failed ({type(fault).__name__})")
        for waiter in waiters:
            try:
                if not waiter.is_abandoned():
                    self._on_reply(queue, waiter, answers.get(waiter.generation_id), error)
            except Exception as fault:  # noqa: BLE001  # its own wait ends with it, and no other
                waiter.outcome.set_exception(fault)

    async def _request_status(
        self, queue: DueQueue[_Waiter], waiters: Iterable[_Waiter]
    ) -> dict[str, Generation]:
        ids = tuple(dict.fromkeys(waiter.generation_id for waiter in waiters))
        if queue is self._single_queue:
            return {ids[0]: await self._client.generations.get(ids[0])}
        query = ListQuery(ids=ids, service_tier=queue.service_tier, page_size=len(ids))
        page = await self._client.generations.list(query)
        return {generation.generation_id: generation for generation in page.items}

    def _on_reply(
        self,
        queue: DueQueue[_Waiter],
        waiter: _Waiter,
        answer: Generation | None,
        error: SeedanceError | None,
    ) -> None:
        if answer is not None:
            self._on_status(queue, waiter, answer)
        elif queue is not self._single_queue and (error is None or _may_concern_one_id(error)):
            self._on_list_miss(queue, waiter, list_was_read=error is None)
        else:
            fault = error or NoReply("the vendor answered with another generation")
            now, random = self._clock.now(), self._clock.random()
            decision = decide_after_error(waiter.wait, fault, now=now, random=random)
            if waiter.report is not None and isinstance(decision, PollAgain):
                waiter.report.on_error(fault, now)
            self._carry_out(queue, waiter, decision)

    def _on_list_miss(self, queue: DueQueue[_Waiter], waiter: _Waiter, *, list_was_read: bool) -> None:
        """Search in the next tier's list, and after the last one request the status by id, which always tells.

        :param list_was_read: ``False`` for a list that failed for one of its ids: then each is requested by its id.
        """
        following = self._queues[self._queues.index(queue) + 1] if list_was_read else self._single_queue
        if following is self._single_queue:
            waiter.list_misses += 1
        self._enqueue(following, waiter, 0.0)

    def _on_status(self, queue: DueQueue[_Waiter], waiter: _Waiter, answer: Generation) -> None:
        now, history = self._clock.now(), waiter.history
        pause = 0.0
        if waiter.report is not None:
            waiter.report.on_status(answer, now)
        if isinstance(answer, Pending):
            if self._on_progress and (answer.status, answer.progress) != (history.status, history.progress):
                self._on_progress(answer)
            waiter.history, waiter.last_pending_at = history.with_answer(answer, now), now
            queue = self._next_queue(queue, waiter, answer)
            pause = self._pause(queue, waiter, now)
        elif isinstance(answer, Succeeded) and waiter.last_pending_at is not None:
            ended_at = (waiter.last_pending_at + now) / 2
            self._latency_model.observe(history.latency_key, ended_at - history.started)
        self._carry_out(queue, waiter, decide_after_status(waiter.wait, answer, now=now, pause=pause))

    def _next_queue(self, queue: DueQueue[_Waiter], waiter: _Waiter, answer: Pending) -> DueQueue[_Waiter]:
        """The queue of the list of its tier, unless lists have missed the generation too often."""
        if queue is not self._single_queue or waiter.list_misses >= MAX_LIST_MISSES:
            return queue
        return next(
            (other for other in self._queues[:-1] if other.service_tier == answer.service_tier),
            self._queues[0],
        )

    def _pause(self, queue: DueQueue[_Waiter], waiter: _Waiter, now: float) -> float:
        history = waiter.history
        if waiter.wait.has_callback:
            return pause_with_callback(random=self._clock.random(), max_lag=self._max_lag)
        if queue is not self._single_queue:
            return pause_before_list_request(history, now=now, max_lag=self._max_lag)
        expected = self._latency_model.predict(history.latency_key, history.vendor_estimate)
        random = self._clock.random()
        return pause_before_single_request(history, expected, now=now, random=random, max_lag=self._max_lag)

    def _carry_out(
        self, queue: DueQueue[_Waiter], waiter: _Waiter, decision: PollAgain | WaitOutcome
    ) -> None:
        if isinstance(decision, PollAgain):
            waiter.wait = decision.wait
            self._enqueue(queue, waiter, decision.pause)
        else:
            waiter.outcome.set_result(decision)

    def _enqueue(self, queue: DueQueue[_Waiter], waiter: _Waiter, pause: float) -> None:
        due = self._clock.now() + pause
        if queue is not self._single_queue and pause >= LIST_ALIGNMENT_SECONDS:
            due = math.floor(due / LIST_ALIGNMENT_SECONDS) * LIST_ALIGNMENT_SECONDS
        queue.add(due, waiter)
        if due < self._sleeping_until:
            self._wake_up.set()


def _list_queues(listing: Listing | None) -> list[DueQueue[_Waiter]]:
    """One for each service tier that the vendor lists."""
    if listing is None:
        return []
    return [DueQueue(listing.ids_per_request, tier) for tier in listing.service_tiers]


def _may_concern_one_id(error: SeedanceError) -> bool:
    """Whether a list may have failed for one of its ids, so that each is requested by itself."""
    return isinstance(error, MalformedReply) or not error.kind.traits.transient

"""The background task of the server: it runs due events and delivers the callbacks that they cause."""

from __future__ import annotations

import asyncio
from typing import Any

from airflow_provider_seedance.emulator.simulation.callbacks import Delivery, post
from airflow_provider_seedance.emulator.simulation.faults import DROPS, Target
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.urls import is_loopback

_MAX_LOGGED_BYTES = 20_000
_SENT = frozenset({"delay", "malformed", "reply"})


class BackgroundWorker:
    """Runs events and deliveries for as long as the ASGI application runs."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Wake up for each scheduled event and whenever the state has changed."""
        state = self._state
        try:
            while True:
                state.changed.clear()
                state.tick()
                while state.outbox.due:
                    self._start_delivery(state.outbox.due.popleft())
                try:
                    await asyncio.wait_for(state.changed.wait(), self._seconds_to_next_event())
                except asyncio.TimeoutError:
                    continue
        finally:
            for task in self._tasks:
                task.cancel()

    def _seconds_to_next_event(self) -> float | None:
        when, rate = self._state.scheduler.next_time, self._state.clock.rate
        if when is None or rate == 0:
            return None
        return max(0.001, (when - self._state.clock.now()) / rate)

    def _start_delivery(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        state, body = self._state, delivery.body
        fault = state.faults.take(Target(delivery.vendor, "callback"))
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "malformed":
            body = (fault.body or "<html>").encode()
        reply = fault.reply if fault else None
        if reply and reply.body is not None:
            body = b"".join(reply.blocks())
        attempt: dict[str, Any] = {
            "vendor": delivery.vendor,
            "generation_id": delivery.generation_id,
            "url": delivery.url,
            "attempt": delivery.attempt + 1,
            "at": state.clock.now(),
            "body": body[:_MAX_LOGGED_BYTES].decode("utf-8", "replace"),
            "fault": fault.kind if fault else None,
            "sent": is_loopback(delivery.url) and (fault is None or fault.kind in _SENT),
            "status": None,
        }
        state.outbox.attempts.append(attempt)
        if not is_loopback(delivery.url):
            return
        if attempt["sent"]:
            attempt["status"] = await post(delivery, body, reply.headers if reply else {})
        elif fault and fault.kind == "status":
            attempt["status"] = fault.status or 503
        lost = fault is not None and fault.kind in DROPS
        if not lost and not 200 <= (attempt["status"] or 0) < 300:
            self._schedule_retry(delivery)

    def _schedule_retry(self, delivery: Delivery) -> None:
        if delivery.attempt >= len(delivery.retry_delays):
            return
        delay = delivery.retry_delays[delivery.attempt]
        delivery.attempt += 1
        outbox = self._state.outbox
        self._state.schedule(self._state.clock.now() + delay, lambda when: outbox.due.append(delivery))

"""The emulator's heartbeat: lets due events happen and carries the callbacks they caused."""

from __future__ import annotations

import asyncio
from typing import Any

from airflow_provider_seedance.emulator.simulation.callbacks import Delivery, is_loopback, post
from airflow_provider_seedance.emulator.simulation.faults import DROPS
from airflow_provider_seedance.emulator.simulation.state import World


class Courier:
    """Runs beside the server for as long as it lives."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._on_the_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Wake up for each event of the timeline and whenever the world changed."""
        world = self._world
        try:
            while True:
                world.changed.clear()
                world.tick()
                while world.outbox.due:
                    self._send_soon(world.outbox.due.popleft())
                try:
                    await asyncio.wait_for(world.changed.wait(), self._until_next())
                except asyncio.TimeoutError:
                    continue
        finally:
            for task in self._on_the_way:
                task.cancel()

    def _until_next(self) -> float | None:
        when, rate = self._world.timeline.next, self._world.clock.rate
        if when is None or rate == 0:
            return None
        return max(0.001, (when - self._world.clock.now()) / rate)

    def _send_soon(self, delivery: Delivery) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._on_the_way.add(task)
        task.add_done_callback(self._on_the_way.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        world, body = self._world, delivery.body
        fault = world.faults.take(delivery.vendor, "callback")
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "malformed":
            body = (fault.body or "<html>").encode()
        note: dict[str, Any] = {
            "vendor": delivery.vendor,
            "generation_id": delivery.generation_id,
            "url": delivery.url,
            "attempt": delivery.attempt + 1,
            "at": world.clock.now(),
            "body": body.decode("utf-8", "replace"),
            "fault": fault.kind if fault else None,
            "sent": is_loopback(delivery.url) and (fault is None or fault.kind in ("delay", "malformed")),
            "status": None,
        }
        world.outbox.attempts.append(note)
        if not is_loopback(delivery.url):
            return
        if note["sent"]:
            note["status"] = await post(delivery, body)
        elif fault and fault.kind == "status":
            note["status"] = fault.status or 503
        lost = fault is not None and fault.kind in DROPS
        if not lost and not 200 <= (note["status"] or 0) < 300:
            self._plan_retry(delivery)

    def _plan_retry(self, delivery: Delivery) -> None:
        if delivery.attempt >= len(delivery.pauses):
            return
        pause = delivery.pauses[delivery.attempt]
        delivery.attempt += 1
        outbox = self._world.outbox
        self._world.plan(self._world.clock.now() + pause, lambda when: outbox.due.append(delivery))

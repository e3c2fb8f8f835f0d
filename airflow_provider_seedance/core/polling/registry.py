"""The pollers of one event loop: who waits at the same account waits together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import PollAgain, WaitOutcome, WaitState, after_error
from airflow_provider_seedance.core.polling.latency import Latencies
from airflow_provider_seedance.core.polling.poller import CONNECTIONS, Poller, Reader
from airflow_provider_seedance.errors import SeedanceError

#: How long a connection that was looked up serves those who come later, seconds, and one that could not be.
FRESH, FRESH_FAULT = 30.0, 5.0

LookUp = Callable[[], Awaitable[Account]]
OpenClient = Callable[[Account], Reader]


@dataclass
class _Connection:
    """What is known of one connection id. The lock makes many who come at once look it up once."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: Account | SeedanceError | None = None
    fresh_until: float = 0.0
    users: int = 0


@dataclass
class _Entry:
    """A poller, the connection that it serves, and how many wait in it."""

    conn_id: str
    settings: Account
    poller: Poller
    users: int = 0


class PollerRegistry:
    """Brings those who wait to their poller: it starts with the first of them and ends with the last.

    Pollers are kept apart by connection id and by all that the connection says, so a changed key or host is never
    mixed with the one before it.

    :param open_client: makes a poller's client.
    :param max_lag: the longest pause between two looks at a generation, seconds.
    """

    def __init__(self, open_client: OpenClient, *, clock: Clock, max_lag: float) -> None:
        self._open_client = open_client
        self._clock = clock
        self._max_lag = max_lag
        self._latencies = Latencies()
        self._connections: dict[str, _Connection] = {}
        self._entries: list[_Entry] = []

    def __len__(self) -> int:
        """How many pollers there are."""
        return len(self._entries)

    async def wait(self, conn_id: str, look_up: LookUp, generation_id: str, wait: WaitState) -> WaitOutcome:
        """Wait for one generation; see :meth:`Poller.watch`.

        :param look_up: reads the connection; trouble with it that passes is borne like the vendor's.
            A connection that cannot be used is ``UNREACHABLE``; the task then reads the reason itself.
        """
        connection = self._connections.setdefault(conn_id, _Connection())
        connection.users += 1
        try:
            return await self._wait(conn_id, look_up, generation_id, wait)
        finally:
            connection.users -= 1
            if not connection.users:
                del self._connections[conn_id]

    async def _wait(self, conn_id: str, look_up: LookUp, generation_id: str, wait: WaitState) -> WaitOutcome:
        while True:
            found = await self._find(self._connections[conn_id], look_up)
            if not isinstance(found, SeedanceError):
                break
            decision = after_error(wait, found, now=self._clock.now(), random=self._clock.random())
            if not isinstance(decision, PollAgain):
                return decision
            wait = decision.wait
            await self._clock.asleep(decision.pause)
        try:
            entry = self._enter(conn_id, found)
        except SeedanceError:
            return WaitOutcome.UNREACHABLE
        try:
            outcome = await entry.poller.wait_for(generation_id, wait)
        finally:
            await self._leave(entry)
        if outcome is WaitOutcome.UNREACHABLE:
            # The key may have been changed: who comes next looks it up anew.
            self._connections[conn_id].fresh_until = 0.0
        return outcome

    async def _find(self, connection: _Connection, look_up: LookUp) -> Account | SeedanceError:
        async with connection.lock:
            if connection.answer is None or self._clock.now() >= connection.fresh_until:
                fresh = FRESH
                try:
                    connection.answer = await look_up()
                except SeedanceError as error:
                    connection.answer, fresh = error, FRESH_FAULT
                connection.fresh_until = self._clock.now() + fresh
            return connection.answer

    def _enter(self, conn_id: str, settings: Account) -> _Entry:
        for entry in self._entries:
            if entry.conn_id == conn_id and entry.settings == settings:
                break
        else:
            poller = Poller(
                self._open_client(settings),
                latencies=self._latencies,
                clock=self._clock,
                max_lag=self._max_lag,
                connections=min(CONNECTIONS, settings.max_concurrency),
            )
            entry = _Entry(conn_id, settings, poller)
            self._entries.append(entry)
        entry.users += 1
        return entry

    async def _leave(self, entry: _Entry) -> None:
        entry.users -= 1
        if not entry.users:
            self._entries.remove(entry)
            # The last one's own cancellation must not keep the connections open.
            await asyncio.shield(entry.poller.close())


_of_loops: dict[asyncio.AbstractEventLoop, PollerRegistry] = {}


def current_registry(make: Callable[[], PollerRegistry]) -> PollerRegistry:
    """The pollers of the running loop; those of loops that are closed are forgotten."""
    here = asyncio.get_running_loop()
    if here not in _of_loops:
        for loop in [loop for loop in _of_loops if loop.is_closed()]:
            del _of_loops[loop]
        _of_loops[here] = make()
    return _of_loops[here]

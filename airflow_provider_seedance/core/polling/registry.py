"""The pollers of one event loop: all that wait for generations of one account share one poller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.clock import Clock, EventLoopTimeout, within
from airflow_provider_seedance.core.polling.decide import (
    LAST_ANSWER_SECONDS,
    PollAgain,
    WaitOutcome,
    WaitState,
    decide_after_error,
)
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import MAX_CONCURRENCY, Poller, StatusClient
from airflow_provider_seedance.core.polling.report import TroubleReport
from airflow_provider_seedance.errors import ConfigurationError, SeedanceError
from airflow_provider_seedance.models import Pending

#: How long a connection that was looked up serves waits that come later, seconds.
ACCOUNT_TTL_SECONDS = 30.0
#: How long the error of a failed look-up serves them, seconds.
FAILED_LOOKUP_TTL_SECONDS = 5.0

ReadConnection = Callable[[], Awaitable[Account]]
OpenClient = Callable[[Account], StatusClient]


@dataclass
class _CachedLookup:
    """The account, or the error, that the last look-up of a connection found.

    :param lock: makes waits that come at once share one look-up.
    :param expires_at: epoch seconds.
    :param users: how many waits need the entry.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: Account | SeedanceError | None = None
    expires_at: float = 0.0
    users: int = 0


@dataclass
class _SharedPoller:
    """A poller, the connection and account that it serves, and how many waits use it."""

    conn_id: str
    account: Account
    poller: Poller
    users: int = 0


class PollerRegistry:
    """Gives each wait to the poller of its account, which starts with the first wait and closes after the last.

    Pollers are kept apart by connection id and by all that the connection says, so that waits with a changed key or
    host never share a poller with earlier ones.

    :param open_client: makes a poller's client.
    :param max_lag: the longest pause between two status requests for one generation, seconds.
    :param on_progress: as of :class:`Poller`.
    """

    def __init__(
        self,
        open_client: OpenClient,
        *,
        clock: Clock,
        max_lag: float,
        on_progress: Callable[[Pending], None] | None = None,
    ) -> None:
        self._open_client = open_client
        self._clock = clock
        self._max_lag = max_lag
        self._on_progress = on_progress
        self._latency_model = LatencyModel()
        self._lookups: dict[str, _CachedLookup] = {}
        self._pollers: list[_SharedPoller] = []

    def __len__(self) -> int:
        """How many pollers there are."""
        return len(self._pollers)

    async def wait_for(
        self,
        conn_id: str,
        read_connection: ReadConnection,
        generation_id: str,
        wait: WaitState,
        report: TroubleReport | None = None,
    ) -> WaitOutcome:
        """Wait for one generation; see :meth:`Poller.wait_for`.

        :param read_connection: reads the account of the connection. Its errors are tolerated like those of a status
            request; a connection that does not exist or cannot be used ends the wait at once as ``NO_CONNECTION``, and
            the task then reads the reason itself.
        """
        lookup = self._lookups.setdefault(conn_id, _CachedLookup())
        lookup.users += 1
        try:
            return await self._wait(conn_id, read_connection, generation_id, wait, report)
        finally:
            lookup.users -= 1
            if not lookup.users:
                del self._lookups[conn_id]

    async def _wait(
        self,
        conn_id: str,
        read_connection: ReadConnection,
        generation_id: str,
        wait: WaitState,
        report: TroubleReport | None,
    ) -> WaitOutcome:
        while True:
            left = max(0.0, wait.deadline - self._clock.now()) + LAST_ANSWER_SECONDS
            try:
                found = await within(left, self._look_up(self._lookups[conn_id], read_connection))
            except EventLoopTimeout:
                return WaitOutcome.TIMED_OUT
            if not isinstance(found, SeedanceError):
                break
            if isinstance(found, ConfigurationError):
                return WaitOutcome.NO_CONNECTION
            now = self._clock.now()
            decision = decide_after_error(wait, found, now=now, random=self._clock.random())
            if not isinstance(decision, PollAgain):
                return decision
            if report is not None:
                report.on_error(found, now)
            wait = decision.wait
            await self._clock.asleep(decision.pause)
        try:
            shared = self._acquire(conn_id, found)
        except SeedanceError:
            return WaitOutcome.NO_CONNECTION
        try:
            outcome = await shared.poller.wait_for(generation_id, wait, report)
        finally:
            await self._release(shared)
        if outcome is WaitOutcome.STATUS_UNKNOWN:
            # The key may have been changed: the next wait looks the connection up again.
            self._lookups[conn_id].expires_at = 0.0
        return outcome

    async def _look_up(
        self, lookup: _CachedLookup, read_connection: ReadConnection
    ) -> Account | SeedanceError:
        async with lookup.lock:
            if lookup.found is None or self._clock.now() >= lookup.expires_at:
                ttl = ACCOUNT_TTL_SECONDS
                try:
                    lookup.found = await read_connection()
                except SeedanceError as error:
                    lookup.found, ttl = error, FAILED_LOOKUP_TTL_SECONDS
                lookup.expires_at = self._clock.now() + ttl
            return lookup.found

    def _acquire(self, conn_id: str, account: Account) -> _SharedPoller:
        for shared in self._pollers:
            if shared.conn_id == conn_id and shared.account == account:
                break
        else:
            shared = _SharedPoller(conn_id, account, self._make_poller(account))
            self._pollers.append(shared)
        shared.users += 1
        return shared

    def _make_poller(self, account: Account) -> Poller:
        return Poller(
            self._open_client(account),
            latency_model=self._latency_model,
            clock=self._clock,
            max_lag=self._max_lag,
            max_concurrency=min(MAX_CONCURRENCY, account.max_concurrency),
            on_progress=self._on_progress,
        )

    async def _release(self, shared: _SharedPoller) -> None:
        shared.users -= 1
        if not shared.users:
            self._pollers.remove(shared)
            # The cancellation of the last wait must not keep the connections open.
            await asyncio.shield(shared.poller.close())


_registries: dict[tuple[asyncio.AbstractEventLoop, str], PollerRegistry] = {}


def current_registry(make: Callable[[], PollerRegistry], subject: str = "generations") -> PollerRegistry:
    """The registry of the running event loop, made at its first use. Those of closed loops are dropped.

    :param subject: what is waited for; each has a registry of its own.
    """
    loop = asyncio.get_running_loop()
    if (loop, subject) not in _registries:
        for closed in [other for other in _registries if other[0].is_closed()]:
            del _registries[closed]
        _registries[loop, subject] = make()
    return _registries[loop, subject]

"""The accounts of connections in Airflow's API server, and clients that read generations there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.core.clock import Clock, EventLoopTimeout, SingleFlight, off_loop, within
from airflow_provider_seedance.errors import NotSent, SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.models import Generation

#: How long a connection that was looked up is not looked up again, and how long after a look-up that failed, seconds.
ACCOUNT_TTL_SECONDS, FAILURE_TTL_SECONDS = 30.0, 3.0
#: How long a look-up is waited for, seconds. One that takes longer goes on, and later callers wait for the same one.
LOOKUP_SECONDS = 5.0
#: Generations that are read at a time.
MAX_CONCURRENT_READS = 8


@dataclass(eq=False)
class _SharedClient:
    """A client that is closed once it is not wanted any more and the last of its readers is done."""

    account: Account
    client: AsyncSeedanceClient
    readers: int = 0
    is_wanted: bool = True

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[AsyncSeedanceClient]:
        self.readers += 1
        try:
            yield self.client
        finally:
            self.readers -= 1
            await self._close_if_idle()

    async def give_up(self) -> None:
        self.is_wanted = False
        await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if not self.is_wanted and not self.readers:
            await self.client.close()


@dataclass
class _Connection:
    """What its latest look-up came to, with a client that stays while the account is the same."""

    look_up: SingleFlight[None] = field(default_factory=SingleFlight)
    opened: _SharedClient | None = None
    failure: SeedanceError | None = None
    expires_at: float = 0.0


class ConnectionAccounts:
    """Accounts by the id of their Airflow connection, looked up at most every half a minute, and once at a time.

    :param threads: where look-ups run; one that hangs holds one of them.
    """

    def __init__(self, threads: Executor, clock: Clock) -> None:
        self._threads = threads
        self._clock = clock
        self._connections: dict[str, _Connection] = {}
        self._free_reads = asyncio.Semaphore(MAX_CONCURRENT_READS)

    async def account(self, seedance_conn_id: str) -> Account:
        """The account of a connection.

        :raises ConfigurationError: if there is no such connection, or it is unusable.
        :raises NotSent: if Airflow cannot read it at the moment.
        """
        return (await self._current(seedance_conn_id)).account

    async def read(self, seedance_conn_id: str, generation_id: str) -> Generation:
        """Read a generation.

        :raises SeedanceError: if that fails.
        """
        shared = await self._current(seedance_conn_id)
        async with shared.lent() as client, self._free_reads:
            return await client.generations.get(generation_id)

    async def _current(self, seedance_conn_id: str) -> _SharedClient:
        known = self._connections.setdefault(seedance_conn_id, _Connection())
        if self._clock.now() >= known.expires_at:
            await self._wait_for_look_up(seedance_conn_id, known)
        if known.failure is not None:
            raise known.failure.with_traceback(None)
        assert known.opened is not None
        return known.opened

    async def _wait_for_look_up(self, seedance_conn_id: str, known: _Connection) -> None:
        try:
            await within(LOOKUP_SECONDS, known.look_up.do(lambda: self._look_up(seedance_conn_id, known)))
        except EventLoopTimeout:
            reason = f"connection {seedance_conn_id!r} was not read within {LOOKUP_SECONDS:.0f} s"
            raise NotSent(reason) from None

    async def _look_up(self, seedance_conn_id: str, known: _Connection) -> None:
        try:
            account = await off_loop(SeedanceHook(seedance_conn_id).get_account, self._threads)
        except Exception as fault:  # noqa: BLE001  # whatever it is, it must not be looked up at each callback
            known.failure = _as_ours(seedance_conn_id, fault)
            known.expires_at = self._clock.now() + FAILURE_TTL_SECONDS
            return
        before = known.opened
        if before is None or before.account != account:
            known.opened = _SharedClient(account, AsyncSeedanceClient(account, attempts=1, clock=self._clock))
        known.failure = None
        known.expires_at = self._clock.now() + ACCOUNT_TTL_SECONDS
        if before is not None and before is not known.opened:
            await before.give_up()


def _as_ours(seedance_conn_id: str, fault: Exception) -> SeedanceError:
    if isinstance(fault, SeedanceError):
        return fault
    return NotSent(f"connection {seedance_conn_id!r} cannot be read ({type(fault).__name__})")

"""The accounts of connections in Airflow's API server, and clients that read generations there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.hooks.seedance import SeedanceHook

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.models import Generation

#: How long a connection that was looked up is not looked up again, seconds.
ACCOUNT_TTL_SECONDS = 30.0
#: Generations that are read at a time.
MAX_CONCURRENT_READS = 8


@dataclass
class _Connection:
    """What was found of one connection, and its client while that stays the same."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    opened: tuple[Account, AsyncSeedanceClient] | None = None
    expires_at: float = 0.0


class ConnectionAccounts:
    """Accounts by the id of their Airflow connection, looked up at most every half a minute."""

    def __init__(self) -> None:
        self._connections: dict[str, _Connection] = {}
        self._free_reads = asyncio.Semaphore(MAX_CONCURRENT_READS)

    async def account(self, seedance_conn_id: str) -> Account:
        """The account of a connection.

        :raises ConfigurationError: if there is no such connection, or it is unusable.
        :raises NotSent: if Airflow cannot read it at the moment.
        """
        return (await self._look_up(seedance_conn_id))[0]

    async def read(self, seedance_conn_id: str, generation_id: str) -> Generation:
        """Read a generation.

        :raises SeedanceError: if that fails.
        """
        _, client = await self._look_up(seedance_conn_id)
        async with self._free_reads:
            return await client.generations.get(generation_id)

    async def _look_up(self, seedance_conn_id: str) -> tuple[Account, AsyncSeedanceClient]:
        known = self._connections.setdefault(seedance_conn_id, _Connection())
        async with known.lock:
            now = clock.SYSTEM_CLOCK.now()
            if known.opened is None or now >= known.expires_at:
                account = await SeedanceHook(seedance_conn_id).aget_account()
                known.opened = await _opened(account, known.opened)
                known.expires_at = now + ACCOUNT_TTL_SECONDS
            return known.opened


async def _opened(
    account: Account, before: tuple[Account, AsyncSeedanceClient] | None
) -> tuple[Account, AsyncSeedanceClient]:
    """The account with a client, the one before as long as the account is the same."""
    if before is not None:
        if before[0] == account:
            return before
        await before[1].close()
    return account, AsyncSeedanceClient(account, attempts=1, clock=clock.SYSTEM_CLOCK)

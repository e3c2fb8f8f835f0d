"""The hook's groups: what a vendor keeps for an account beside its generations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
    from airflow_provider_seedance.core.library import FilePage, FileQuota


class Clients(Protocol):
    """What makes the clients of a connection: the hook."""

    def get_conn(self) -> SeedanceClient: ...

    async def aget_conn(self) -> AsyncSeedanceClient: ...


class HookFiles:
    """The account's uploads. All methods raise ``Unsupported`` where the vendor has no such call.

    :param hook: whose connection is used.
    """

    def __init__(self, hook: Clients) -> None:
        self._hook = hook

    def list(self, page: int = 1) -> FilePage:
        """List a hundred uploads."""
        with self._hook.get_conn() as client:
            return client.files.list(page)

    def quota(self) -> FileQuota:
        """Read how many uploads there are, and may be."""
        with self._hook.get_conn() as client:
            return client.files.quota()

    def delete(self, file_id: str) -> None:
        """Delete an upload; generations that still have to fetch it fail."""
        with self._hook.get_conn() as client:
            client.files.delete(file_id)

    async def alist(self, page: int = 1) -> FilePage:
        """As :meth:`list`."""
        async with await self._hook.aget_conn() as client:
            return await client.files.list(page)

    async def aquota(self) -> FileQuota:
        """As :meth:`quota`."""
        async with await self._hook.aget_conn() as client:
            return await client.files.quota()

    async def adelete(self, file_id: str) -> None:
        """As :meth:`delete`."""
        async with await self._hook.aget_conn() as client:
            await client.files.delete(file_id)

"""The hook's groups: what a vendor keeps for an account beside its generations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from airflow_provider_seedance.core.clock import off_loop

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
    from airflow_provider_seedance.core.library import (
        Asset,
        AssetGroup,
        AssetGroupPage,
        AssetPage,
        FilePage,
        FileQuota,
        PersonCheck,
    )


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


class HookAssets:
    """The account's library of reviewed media. All methods raise ``Unsupported`` where the vendor has no such call.

    :param hook: whose connection is used.
    """

    def __init__(self, hook: Clients) -> None:
        self._hook = hook

    def create_group(self, name: str, description: str | None = None) -> AssetGroup:
        """Take the group of this name, or make it."""
        from airflow_provider_seedance.core.media.assets import create_group
        from airflow_provider_seedance.runtime.asset_records import asset_records

        with self._hook.get_conn() as client:
            return create_group(client, name, description, asset_records())[0]

    def upload(
        self,
        file: str,
        group_id: str,
        name: str | None = None,
        kind: str | None = None,
        real_person: bool = False,
    ) -> Asset:
        """Put a file into a group; its review may take a while: :meth:`get` tells. See :func:`.upload_asset`.

        :param file: a path, URI, ``data:`` URI or link.
        :param name: without one, that of the file.
        :param kind: ``image``, ``video`` or ``audio``; without one, what the content is.
        :param real_person: whether :meth:`person_check_result` named the group.
        :raises RequestInvalid: for a file that the vendor does not take, before anything is sent.
        """
        from airflow_provider_seedance.core.media.assets import upload_asset
        from airflow_provider_seedance.core.media.content import FileReader
        from airflow_provider_seedance.runtime.asset_records import asset_records
        from airflow_provider_seedance.runtime.media import media_delivery
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        with self._hook.get_conn() as client:
            uploaded = upload_asset(
                client,
                FileReader(path_from_uri),
                media_delivery(),
                file=file,
                group_id=group_id,
                name=name,
                kind=kind,
                real_person=real_person,
                records=asset_records(),
            )
            return uploaded.asset

    async def acreate_group(self, name: str, description: str | None = None) -> AssetGroup:
        """As :meth:`create_group`."""
        return await off_loop(lambda: self.create_group(name, description))

    async def aupload(
        self,
        file: str,
        group_id: str,
        name: str | None = None,
        kind: str | None = None,
        real_person: bool = False,
    ) -> Asset:
        """As :meth:`upload`."""
        return await off_loop(lambda: self.upload(file, group_id, name, kind, real_person))

    def get(self, asset_id: str, person_group_id: str | None = None) -> Asset:
        """Read how an asset stands.

        :param person_group_id: its group, if :meth:`person_check_result` named that.
        """
        with self._hook.get_conn() as client:
            return client.assets.get(asset_id, person_group_id)

    def list_groups(self, name: str | None = None, page: int = 1) -> AssetGroupPage:
        """List a hundred groups; ``name`` is a part of their names."""
        with self._hook.get_conn() as client:
            return client.assets.list_groups(name, page)

    def list(
        self,
        group_id: str | None = None,
        name: str | None = None,
        page: int = 1,
        real_person: bool = False,
    ) -> AssetPage:
        """List a hundred assets; ``name`` is a part of their names.

        :param real_person: those in groups that checks of real persons made; else all others.
        """
        with self._hook.get_conn() as client:
            return client.assets.list(group_id, name, page, real_person)

    def rename_group(self, group_id: str, name: str) -> None:
        """Give a group another name."""
        with self._hook.get_conn() as client:
            client.assets.rename_group(group_id, name)

    def delete_group(self, group_id: str) -> None:
        """Delete a group with all assets in it."""
        with self._hook.get_conn() as client:
            client.assets.delete_group(group_id)

    def rename(self, asset_id: str, name: str) -> None:
        """Give an asset another name."""
        with self._hook.get_conn() as client:
            client.assets.rename(asset_id, name)

    def delete(self, asset_id: str) -> None:
        """Delete an asset; generations that refer to it fail."""
        with self._hook.get_conn() as client:
            client.assets.delete(asset_id)

    def start_person_check(self, callback_url: str) -> PersonCheck:
        """Begin the check of a real person, who must open ``link`` on a phone at once: it may work for two minutes.

        Where the browser goes afterwards is ``callback_url``. AnyFast wants a key of the group ``Byteplus-Direct`` for
        this.
        """
        with self._hook.get_conn() as client:
            return client.assets.start_person_check(callback_url)

    def person_check_result(self, token: str) -> str | None:
        """Read the id of the group that a passed check made; ``None`` while it is not done."""
        with self._hook.get_conn() as client:
            return client.assets.person_check_result(token)

    async def aget(self, asset_id: str, person_group_id: str | None = None) -> Asset:
        """As :meth:`get`."""
        async with await self._hook.aget_conn() as client:
            return await client.assets.get(asset_id, person_group_id)

    async def alist_groups(self, name: str | None = None, page: int = 1) -> AssetGroupPage:
        """As :meth:`list_groups`."""
        async with await self._hook.aget_conn() as client:
            return await client.assets.list_groups(name, page)

    async def alist(
        self,
        group_id: str | None = None,
        name: str | None = None,
        page: int = 1,
        real_person: bool = False,
    ) -> AssetPage:
        """As :meth:`list`."""
        async with await self._hook.aget_conn() as client:
            return await client.assets.list(group_id, name, page, real_person)

    async def arename_group(self, group_id: str, name: str) -> None:
        """As :meth:`rename_group`."""
        async with await self._hook.aget_conn() as client:
            await client.assets.rename_group(group_id, name)

    async def adelete_group(self, group_id: str) -> None:
        """As :meth:`delete_group`."""
        async with await self._hook.aget_conn() as client:
            await client.assets.delete_group(group_id)

    async def arename(self, asset_id: str, name: str) -> None:
        """As :meth:`rename`."""
        async with await self._hook.aget_conn() as client:
            await client.assets.rename(asset_id, name)

    async def adelete(self, asset_id: str) -> None:
        """As :meth:`delete`."""
        async with await self._hook.aget_conn() as client:
            await client.assets.delete(asset_id)

    async def astart_person_check(self, callback_url: str) -> PersonCheck:
        """As :meth:`start_person_check`."""
        async with await self._hook.aget_conn() as client:
            return await client.assets.start_person_check(callback_url)

    async def aperson_check_result(self, token: str) -> str | None:
        """As :meth:`person_check_result`."""
        async with await self._hook.aget_conn() as client:
            return await client.assets.person_check_result(token)

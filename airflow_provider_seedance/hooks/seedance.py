"""The hook: an Airflow connection turned into a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from typing import TypeAlias

    from airflow.sdk import Connection

    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.client.flows import Cancellation
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.hooks.groups import HookAssets, HookFiles
    from airflow_provider_seedance.models import (
        Balance,
        Cost,
        Generation,
        GenerationPage,
        GenerationRequest,
        Pending,
        Succeeded,
    )

    #: A request, a dict of its fields, or a prompt alone.
    RequestFields: TypeAlias = GenerationRequest | Mapping[str, Any] | str


class SeedanceHook(BaseHook):
    """Calls the API of the Seedance vendor that a connection names.

    Each method opens a client of its own, which suits a plain ``@task``; for many calls use :meth:`get_conn` or
    :meth:`aget_conn`, whose client keeps its connections open. All methods raise
    :class:`~airflow_provider_seedance.errors.SeedanceError`.

    :param seedance_conn_id: a connection of type ``seedance``.
    """

    conn_name_attr = "seedance_conn_id"
    default_conn_name = "seedance_default"
    conn_type = "seedance"
    hook_name = "Seedance"

    def __init__(self, seedance_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seedance_conn_id = seedance_conn_id

    def get_account(self) -> Account:
        """Read the connection and check it.

        :raises ConfigurationError: naming what is missing or wrong in it, or that there is none.
        :raises NotSent: if Airflow cannot read it at the moment.
        """
        from airflow_provider_seedance.core.catalog.rules import warn_once
        from airflow_provider_seedance.runtime.accounts import account_of

        account = account_of(self.seedance_conn_id, self._connection())
        if account.sends_key_in_clear:
            warn_once(
                f"connection {self.seedance_conn_id}: host begins with http://, so the API key crosses the network"
                " in clear; use https://"
            )
        return account

    async def aget_account(self) -> Account:
        """As :meth:`get_account`, without blocking the event loop.

        The look-up runs on a thread. Airflow's own async one finds no stored connection in ``dag.test()`` and ``airflow
        tasks test``, and before Airflow 3.3.2 it masks secrets with a blocking call.
        """
        return await clock.off_loop(self.get_account)

    def _connection(self) -> Connection:
        from airflow_provider_seedance.runtime.connections import connection_error

        try:
            return self.get_connection(self.seedance_conn_id)
        except Exception as fault:  # noqa: BLE001  # whatever Airflow or a secrets backend raises
            error = connection_error(self.seedance_conn_id, fault)
        # Outside of the handler: the library's exception, which may hold a secret, is not behind the error.
        raise error

    def get_conn(self) -> SeedanceClient:
        """A client; close it, or use it in a ``with`` block."""
        from airflow_provider_seedance.core.client.http import SeedanceClient

        return SeedanceClient(self.get_account(), clock=clock.SYSTEM_CLOCK)

    async def aget_conn(self) -> AsyncSeedanceClient:
        """An async client; close it, or use it in an ``async with`` block."""
        from airflow_provider_seedance.core.client.http import AsyncSeedanceClient

        return AsyncSeedanceClient(await self.aget_account(), clock=clock.SYSTEM_CLOCK)

    @property
    def files(self) -> HookFiles:
        """The account's uploads, where the vendor has a file service."""
        from airflow_provider_seedance.hooks.groups import HookFiles

        return HookFiles(self)

    @property
    def assets(self) -> HookAssets:
        """The account's library of reviewed media, where the vendor has one."""
        from airflow_provider_seedance.hooks.groups import HookAssets

        return HookAssets(self)

    def create_generation(self, request: RequestFields) -> Pending:
        """Check ``request``, bring its files to the vendor, and submit it; the vendor bills the generation.

        Each call buys another generation. With a ledger it is an intent there, of the task that calls, and the budgets
        of the connection count it.

        :param request: a :class:`.GenerationRequest`, a dict of its fields, or a prompt alone.
        :raises RequestInvalid: before anything is sent, if the catalog knows that the vendor refuses the request.
        :raises BudgetExceeded: before anything is sent, if a budget or ``min_balance`` of the connection forbids it.
        :raises OrphanedIntent: with a ledger, if it may have been accepted, and its id cannot be found.
        """
        from airflow_provider_seedance.hooks.submission import create
        from airflow_provider_seedance.models import GenerationRequest

        parsed = GenerationRequest.parse(request)
        with self.get_conn() as client:
            return create(client, self.seedance_conn_id, parsed)

    def get_generation(self, generation_id: str) -> Generation:
        """Read a generation's status; a finished one comes with the link to its video."""
        with self.get_conn() as client:
            return client.generations.get(generation_id)

    def wait_for_generation(
        self, generation_id: str, *, timeout: timedelta | float | None = None
    ) -> Succeeded:
        """Wait until a generation has succeeded. This holds the worker; the operators wait in the triggerer.

        With a ledger, what :meth:`create_generation` reserved there is settled at the end.

        :param timeout: the longest time to wait, as a ``timedelta`` or seconds; an hour by default. When it is up
            the generation goes on at the vendor, and another call waits for it again.
        :returns: the finished generation, with the link to its video.
        :raises GenerationFailed: if it ended without a video.
        :raises DeadlinePassed: if it has not ended in time.
        """
        from airflow_provider_seedance.core.lifecycle.collect import wait_for_video, wait_from_now
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.errors import GenerationFailed
        from airflow_provider_seedance.hooks.submission import settle

        wait = wait_from_now(timeout, clock.SYSTEM_CLOCK.now())
        report = WaitReport(generation_id, self.log.log)
        with self.get_conn() as client:
            try:
                video = wait_for_video(client, generation_id, wait, clock=clock.SYSTEM_CLOCK, report=report)
            except GenerationFailed:
                settle(client, generation_id)
                raise
            settle(client, generation_id)
            return video

    def download_video(
        self,
        video: Mapping[str, Any] | str,
        destination: str,
        *,
        overwrite: Overwrite = "own",
        verify: bool = True,
    ) -> dict[str, Any]:
        """Land the video of a finished generation in a file or an object store, whole or not at all.

        :param video: its generation id, or what an operator returned for it.
        :param destination: a path or URI, in which ``{vendor}``, ``{generation_id}``, ``{model}`` and ``{mode}`` are
            filled in.
        :param overwrite: what to do about a file that is already there: ``own`` takes over or replaces only what the
            same generation left there, ``always`` replaces it, ``never`` refuses it.
        :param verify: check the file's structure and compare it with the request; its length always is checked.
        :returns: the manifest, as :class:`.SeedanceDownloadVideoOperator` returns it.
        :raises LandingError: if it has not ended, or its file cannot be brought home.
        """
        from airflow_provider_seedance.core.lifecycle.collect import land_video
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import note_video

        with self.get_conn() as client:
            manifest = land_video(
                client,
                video,
                destination,
                path_from_uri=path_from_uri,
                clock=clock.SYSTEM_CLOCK,
                overwrite=overwrite,
                verify=verify,
            )
        note_video(manifest)
        return manifest

    def list_generations(self, ids: Sequence[str] = (), **filters: Any) -> GenerationPage:
        """List the account's generations of the last 7 days (ModelArk only).

        :param ids: list only these.
        :param filters: further fields of :class:`~airflow_provider_seedance.models.ListQuery`.
        """
        with self.get_conn() as client:
            return client.generations.list(_query(ids, filters))

    def cancel_generation(self, generation_id: str) -> Cancellation:
        """Cancel a generation that is still queued (ModelArk only).

        :returns: whether it is cancelled, is already running and will be billed, or had ended.
        """
        with self.get_conn() as client:
            return client.generations.cancel(generation_id)

    def estimate_cost(self, request: RequestFields) -> Cost:
        """Compute the most that ``request`` can cost by the price list. This sends nothing.

        :param request: as of :meth:`create_generation`.
        :raises RequestInvalid: naming every field whose value does not fit.
        """
        from airflow_provider_seedance.models import GenerationRequest

        return self.get_account().catalog().estimate(GenerationRequest.parse(request))

    def get_balance(self) -> Balance:
        """Read how much is left to spend, where the vendor tells.

        :raises Unsupported: where it does not.
        """
        with self.get_conn() as client:
            return client.account.balance()

    def spend(
        self,
        *,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        by: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        """Sum up what the ledger's intents have cost, through all connections.

        :param since: only intents made at or after this moment; ISO text is read, and without a time zone it is UTC.
        :param until: only intents made before it.
        :param by: sums for each ``dag_id``, ``run_id``, ``task_id``, ``model``, ``mode``, ``vendor``,
            ``seedance_conn_id``, ``status``, ``day`` or ``month`` (of UTC), or several of them.
        :returns: one dict for each sum: the names in ``by``, and ``currency``, ``basis`` (``billed``, ``estimated``,
            ``unknown``, or ``reserved`` while a cost is not final), ``amount`` (a decimal string), ``generations``
            and ``tokens``.
        :raises ConfigurationError: without a ledger, or for a name that is not one of these.
        """
        from airflow_provider_seedance.core.ledger import spend
        from airflow_provider_seedance.runtime.ledger import require_ledger

        which = spend.Filter(spend.parse_moment("since", since), spend.parse_moment("until", until))
        return spend.spend(require_ledger("spend").engine, which, by)

    def rescue(
        self, destination: str, *, generation_ids: Sequence[str] | None = None, since: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Land every finished generation whose video is nowhere to be found, and report on each.

        A video is looked for where the records and journals in ``[seedance] state_folder`` and the ledger say, at its
        destination, and beside all manifests and sidecars in the destination's folder.

        :param destination: the template of the videos' destinations.
        :param generation_ids: only these; without it, all that the vendor lists, and where it has no list, all on
            record in ``[seedance] state_folder`` or the ledger.
        :param since: only generations made at or after this time.
        :returns: one row for each generation: ``generation_id, vendor, outcome, uri, cost, reason``. The ``cost`` of
            what is on record is ``None``: the vendor is not asked about it.
        """
        from airflow_provider_seedance.core.lifecycle.rescue import rescue
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import (
            note_video,
            recorded_generation_ids,
            recorded_videos,
        )

        with self.get_conn() as client:
            if generation_ids is None and client.listing is None:
                generation_ids = recorded_generation_ids(client.vendor_name, client.account_id)
            return rescue(
                client,
                destination,
                path_from_uri=path_from_uri,
                clock=clock.SYSTEM_CLOCK,
                generation_ids=generation_ids,
                since=since,
                known=recorded_videos(client.vendor_name, client.account_id),
                note=note_video,
            )

    async def acreate_generation(self, request: RequestFields) -> Pending:
        """As :meth:`create_generation`, on a thread: files and the ledger block."""
        return await clock.off_loop(lambda: self.create_generation(request))

    async def aget_generation(self, generation_id: str) -> Generation:
        """As :meth:`get_generation`."""
        async with await self.aget_conn() as client:
            return await client.generations.get(generation_id)

    async def await_for_generation(
        self, generation_id: str, *, timeout: timedelta | float | None = None
    ) -> Succeeded:
        """As :meth:`wait_for_generation`; all waits of an event loop for one account share their requests."""
        from airflow_provider_seedance.core.lifecycle.collect import video_of, wait_from_now
        from airflow_provider_seedance.core.polling.report import WaitReport
        from airflow_provider_seedance.runtime.background_log import background_writer
        from airflow_provider_seedance.runtime.pollers import pollers

        wait = wait_from_now(timeout, clock.SYSTEM_CLOCK.now())
        report = WaitReport(generation_id, background_writer())
        outcome = await pollers().wait_for(
            self.seedance_conn_id, self.aget_account, generation_id, wait, report
        )
        await clock.off_loop(lambda: self._settle(generation_id))
        return video_of(await self.aget_generation(generation_id), outcome, generation_id=generation_id)

    def _settle(self, generation_id: str) -> None:
        from airflow_provider_seedance.hooks.submission import settle

        with self.get_conn() as client:
            settle(client, generation_id)

    async def adownload_video(
        self,
        video: Mapping[str, Any] | str,
        destination: str,
        *,
        overwrite: Overwrite = "own",
        verify: bool = True,
    ) -> dict[str, Any]:
        """As :meth:`download_video`, on a thread."""
        download = partial(self.download_video, video, destination, overwrite=overwrite, verify=verify)
        return await clock.off_loop(download)

    async def alist_generations(self, ids: Sequence[str] = (), **filters: Any) -> GenerationPage:
        """As :meth:`list_generations`."""
        async with await self.aget_conn() as client:
            return await client.generations.list(_query(ids, filters))

    async def acancel_generation(self, generation_id: str) -> Cancellation:
        """As :meth:`cancel_generation`."""
        async with await self.aget_conn() as client:
            return await client.generations.cancel(generation_id)

    async def aestimate_cost(self, request: RequestFields) -> Cost:
        """As :meth:`estimate_cost`."""
        from airflow_provider_seedance.models import GenerationRequest

        return (await self.aget_account()).catalog().estimate(GenerationRequest.parse(request))

    async def aget_balance(self) -> Balance:
        """As :meth:`get_balance`."""
        async with await self.aget_conn() as client:
            return await client.account.balance()

    def test_connection(self) -> tuple[bool, str]:
        """Check the connection with requests that cost nothing; a wrong key, a wrong region, an empty account and an
        address that cannot be reached are told apart.

        :returns: whether generations can be ordered, and what to tell the user.
        """
        from airflow_provider_seedance.core.client.http import SeedanceClient
        from airflow_provider_seedance.core.lifecycle.connection_check import Finding, check_connection
        from airflow_provider_seedance.errors import SeedanceError

        try:
            account = self.get_account()
            check = check_connection(
                account, lambda account: SeedanceClient(account, attempts=1, clock=clock.SYSTEM_CLOCK)
            )
        except SeedanceError as error:
            return False, str(error)
        return check.finding is Finding.USABLE, check.message


def _query(ids: Sequence[str], filters: dict[str, Any]) -> Any:
    from airflow_provider_seedance.models import ListQuery, parse_generation_id

    return ListQuery(ids=tuple(map(parse_generation_id, ids)), **filters)

"""Where a triggerer learns which videos of a connection have finished, and where it keeps what it has told."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.polling.finished import FinishCursor, FinishedVideo, finished_video
from airflow_provider_seedance.errors import ConfigurationError, SeedanceError, StateUnreadable
from airflow_provider_seedance.runtime.background_log import background_writer
from airflow_provider_seedance.runtime.ledger import open_ledger

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.ledger.ledger import Ledger

#: The key of the cursor in Airflow's store of asset states.
KEY = "seedance_finished_videos"

#: The videos that finished at a moment (epoch seconds) or later.
FinishedSince = Callable[[float], Awaitable[list[FinishedVideo]]]


@asynccontextmanager
async def finished_videos(seedance_conn_id: str) -> AsyncIterator[FinishedSince]:
    """The source of a connection's finished videos: the ledger if there is one, else the vendor's list.

    :raises ConfigurationError: if there is neither.
    :raises SeedanceError: if it cannot be reached.
    """
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    ledger = await clock.off_loop(open_ledger)
    if ledger is not None:
        yield lambda since: clock.off_loop(partial(_in_ledger, ledger, seedance_conn_id, since))
        return
    async with await SeedanceHook(seedance_conn_id).aget_conn() as client:
        if client.settings.vendor.listing is None:
            raise ConfigurationError(
                f"nothing tells which videos of connection {seedance_conn_id!r} have finished: {client.vendor_name}"
                " has no list of generations, and there is no ledger",
                vendor=client.vendor_name,
                advice="Name a database in [seedance] ledger_conn_id, for the triggerer as well.",
            )
        yield partial(_listed, client)


def _in_ledger(ledger: Ledger, seedance_conn_id: str, since: float) -> list[FinishedVideo]:
    from airflow_provider_seedance.core.ledger.videos import finished_since

    rows = finished_since(ledger.engine, seedance_conn_id, datetime.fromtimestamp(since, timezone.utc))
    return [
        FinishedVideo(row["vendor"], row["generation_id"], row["model"], row["settled_at"].timestamp())
        for row in rows
    ]


async def _listed(client: AsyncSeedanceClient, since: float) -> list[FinishedVideo]:
    from airflow_provider_seedance.models import Status

    listed = await client.generations.list_all(Status.SUCCEEDED)
    return [video for one in listed if (video := finished_video(one)) and video.finished_at >= since]


class VideoWatch:
    """What a watcher has told, and looks at again and again; used in an ``async with`` block.

    :param asset_state: Airflow's store of states of the watched asset; ``None`` before Airflow 3.3.
    """

    def __init__(self, seedance_conn_id: str, asset_state: Any) -> None:
        self._seedance_conn_id = seedance_conn_id
        self._asset_state = asset_state
        self._write = background_writer()
        self._open = AsyncExitStack()
        self._source: FinishedSince | None = None
        self._cursor: FinishCursor | None = None
        self._kept: FinishCursor | None = None
        #: What was told last; a vendor's text differs each time, by the id of the request.
        self._trouble: object = None

    async def __aenter__(self) -> VideoWatch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def look(self) -> list[FinishedVideo]:
        """The videos that were not told yet; none while they cannot be found out, which is logged."""
        now = clock.SYSTEM_CLOCK.now()
        try:
            known = self._cursor or await self._read()
            cursor = known or FinishCursor.beginning(now)
            seen = await (await self._opened())(cursor.since)
        except SeedanceError as error:
            await self._close(error)
            return []
        self._trouble = None
        videos, self._cursor = cursor.advance(seen, now)
        return videos if known else []

    async def keep(self) -> None:
        """Keep what was told. Call it once Airflow has taken the events in, so that a crash loses none of them."""
        if self._asset_state is None or self._cursor in (None, self._kept):
            return
        try:
            await self._asset_state.aset(KEY, self._cursor.to_dict())
            self._kept = self._cursor
        except Exception as fault:  # noqa: BLE001 - whatever the store raises; some videos may be told twice
            name = type(fault).__name__
            self._tell(name, f"Airflow's asset state cannot be written ({name}).")

    async def _read(self) -> FinishCursor | None:
        """The cursor that was kept; ``None`` if a watcher begins.

        :raises StateUnreadable: if there may be one.
        """
        stored = None
        if self._asset_state is not None:
            try:
                stored = await self._asset_state.aget(KEY)
            except ValueError:
                self._tell(
                    KEY, "Assets that share an equal watcher keep no place; give each its own interval."
                )
                self._asset_state = None
            except Exception as fault:
                name = type(fault).__name__
                raise StateUnreadable(f"Airflow's asset state cannot be read ({name})") from fault
        self._kept = FinishCursor.parse(stored)
        return self._kept

    async def _opened(self) -> FinishedSince:
        if self._source is None:
            self._source = await self._open.enter_async_context(finished_videos(self._seedance_conn_id))
        return self._source

    async def _close(self, error: SeedanceError) -> None:
        """Open the source anew at the next look: the connection may be another one by then."""
        self._source = None
        await self._open.aclose()
        trouble = (type(error), error.kind, error.code)
        self._tell(trouble, f"Finished videos are not told for the moment. {error}")

    def _tell(self, trouble: object, text: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._write(logging.ERROR, text)

"""The trigger of an asset watcher: an event for each video that finishes. It only reads."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_provider_seedance.core import clock

#: Seconds.
SHORTEST_INTERVAL, DEFAULT_INTERVAL = 5.0, 30.0


class SeedanceVideoFinishedTrigger(BaseEventTrigger):
    """Fires once for each video of a connection that has finished, whoever ordered it, for an ``AssetWatcher``.

    The source is the ledger, where ``[seedance] ledger_conn_id`` names one: then each video that a task of this Airflow
    has seen finish. Without a ledger it is the vendor's list, which ModelArk has: then each video of the account. Where
    there is neither, the triggerer's log says so, and nothing fires.

    What finishes after the watcher has begun is told at least once: the place is kept with the asset (Airflow 3.3 and
    later), and a triggerer that dies may tell the last ones again. The event's payload has ``vendor``,
    ``seedance_conn_id``, ``generation_id``, ``model`` and ``finished_at``.

    :param seedance_conn_id: a connection of type ``seedance``.
    :param poll_interval: seconds between two looks, 5 at least.
    """

    def __init__(
        self, seedance_conn_id: str = "seedance_default", poll_interval: float = DEFAULT_INTERVAL
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if not (math.isfinite(poll_interval) and poll_interval >= SHORTEST_INTERVAL):
            raise ValueError(
                f"poll_interval must be {SHORTEST_INTERVAL:g} seconds or more, not {poll_interval}"
            )
        self.seedance_conn_id = seedance_conn_id
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"seedance_conn_id": self.seedance_conn_id, "poll_interval": self.poll_interval},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The events. It never ends by itself: Airflow starts a watcher that has ended anew at once."""
        from airflow_provider_seedance.runtime.finished_videos import VideoWatch

        async with VideoWatch(self.seedance_conn_id, getattr(self, "asset_state_store", None)) as watch:
            while True:
                for video in await watch.look():
                    yield TriggerEvent(video.to_payload(self.seedance_conn_id))  # type: ignore[no-untyped-call]
                await clock.SYSTEM_CLOCK.asleep(self.poll_interval)
                await watch.keep()

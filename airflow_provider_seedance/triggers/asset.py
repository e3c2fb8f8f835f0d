"""The trigger that waits for the review of one asset. It only reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.core import clock


class SeedanceAssetTrigger(BaseTrigger):
    """Fires when an asset's review has ended, the deadline has passed, or requests fail for good.

    Its arguments are stored in clear text, so they are ids and times. Triggers of one connection share one client.

    :param seedance_conn_id: a connection of type ``seedance``.
    :param asset_id: the asset to wait for.
    :param started: epoch seconds of the upload.
    :param deadline: epoch seconds at which the wait ends in any case.
    """

    def __init__(self, seedance_conn_id: str, asset_id: str, started: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seedance_conn_id = seedance_conn_id
        self.asset_id = asset_id
        self.started = started
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "seedance_conn_id": self.seedance_conn_id,
                "asset_id": self.asset_id,
                "started": self.started,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.runtime.polling import hold_event, wait_for_review

        trigger_started = clock.SYSTEM_CLOCK.now()
        wait = WaitState(self.deadline, self.started, None)
        outcome = await wait_for_review(self.seedance_conn_id, self.asset_id, wait)
        await hold_event(trigger_started)
        payload = {"asset_id": self.asset_id, "outcome": outcome.value}
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]

"""Waiting in the triggerer: all triggers of one connection share one poller, and none fires too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.pollers import pollers

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
    from airflow_provider_seedance.core.polling.registry import PollerRegistry
    from airflow_provider_seedance.core.polling.report import TroubleReport

#: How long after its start a trigger fires at the earliest, seconds. An event that reaches Airflow's scheduler before
#: it has processed the executor's report of the deferral makes it fail the task. Seen on a busy machine with two
#: cores: of tasks resumed 0 s after their deferral 13 of 16 failed, at 3 s 3 of 16, at 6 s none.
EARLIEST_EVENT_SECONDS = 6.0


async def wait_in_poller(
    seedance_conn_id: str, generation_id: str, wait: WaitState, report: TroubleReport | None = None
) -> WaitOutcome:
    """Wait for one generation; see :meth:`PollerRegistry.wait_for`.

    :param report: is told what the requests come to, and writes with :func:`.background_writer`.
    """

    async def read_connection() -> Account:
        return await _account(seedance_conn_id)

    return await pollers().wait_for(seedance_conn_id, read_connection, generation_id, wait, report)


async def wait_for_review(seedance_conn_id: str, asset_id: str, wait: WaitState) -> WaitOutcome:
    """Wait for the end of an asset's review, in a poller of its own kind; see :meth:`PollerRegistry.wait_for`."""
    from airflow_provider_seedance.core.polling.registry import current_registry

    async def read_connection() -> Account:
        return await _account(seedance_conn_id)

    return await current_registry(_make_review_registry, "assets").wait_for(
        seedance_conn_id, read_connection, asset_id, wait
    )


async def hold_event(trigger_started: float) -> None:
    """Sleep until the trigger may fire, which is at once if it has run for long enough.

    :param trigger_started: epoch seconds.
    """
    remaining = trigger_started + EARLIEST_EVENT_SECONDS - clock.SYSTEM_CLOCK.now()
    if remaining > 0:
        await clock.SYSTEM_CLOCK.asleep(remaining)


async def _account(seedance_conn_id: str) -> Account:
    from airflow_provider_seedance.errors import NotSent, SeedanceError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    try:
        return await SeedanceHook(seedance_conn_id).aget_account()
    except SeedanceError:
        raise
    except Exception as fault:
        # Airflow's own API may fail for a moment, and a paid video must not be lost to it.
        raise NotSent(f"connection {seedance_conn_id!r} cannot be read ({type(fault).__name__})") from fault


def _make_review_registry() -> PollerRegistry:
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.media.review import MAX_LAG_SECONDS, ReviewReader
    from airflow_provider_seedance.core.polling.registry import PollerRegistry

    return PollerRegistry(
        lambda account: ReviewReader(AsyncSeedanceClient(account, attempts=1, clock=clock.SYSTEM_CLOCK)),
        clock=clock.SYSTEM_CLOCK,
        max_lag=MAX_LAG_SECONDS,
    )

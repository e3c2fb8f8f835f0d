"""Waiting in the triggerer, for every trigger: those of one connection wait together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.account import ClientSettings
    from airflow_provider_seedance.core.polling.decide import Outcome, Watch
    from airflow_provider_seedance.core.polling.registry import Fleets


async def wait_in_fleet(seedance_conn_id: str, generation_id: str, watch: Watch) -> Outcome:
    """Wait for one generation; see :meth:`Fleets.wait`."""
    from airflow_provider_seedance.core.polling.registry import fleets_here

    async def look_up() -> ClientSettings:
        return await _settings(seedance_conn_id)

    return await fleets_here(_fleets).wait(seedance_conn_id, look_up, generation_id, watch)


async def _settings(seedance_conn_id: str) -> ClientSettings:
    from airflow_provider_seedance.errors import NotSent, SeedanceError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    try:
        return await SeedanceHook(seedance_conn_id).asettings()
    except SeedanceError:
        raise
    except Exception as fault:
        # Airflow's own API may blink, and a paid video must not be lost to it.
        raise NotSent(f"connection {seedance_conn_id!r} cannot be read ({type(fault).__name__})") from fault


def _fleets() -> Fleets:
    from airflow.configuration import conf

    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.clock import WallClock
    from airflow_provider_seedance.core.polling.registry import Fleets
    from airflow_provider_seedance.core.polling.schedule import MAX_LAG

    return Fleets(
        lambda settings: AsyncSeedanceClient(settings, attempts=1),
        clock=WallClock(),
        sleep=asyncio.sleep,
        max_lag=conf.getfloat("seedance", "max_lag", fallback=MAX_LAG),
    )

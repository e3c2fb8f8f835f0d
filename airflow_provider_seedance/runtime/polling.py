"""Waiting in the triggerer, for every trigger: those of one connection wait together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
    from airflow_provider_seedance.core.polling.registry import PollerRegistry


async def wait_in_poller(seedance_conn_id: str, generation_id: str, wait: WaitState) -> WaitOutcome:
    """Wait for one generation; see :meth:`PollerRegistry.wait`."""
    from airflow_provider_seedance.core.polling.registry import current_registry

    async def look_up() -> Account:
        return await _settings(seedance_conn_id)

    return await current_registry(_registry).wait(seedance_conn_id, look_up, generation_id, wait)


async def _settings(seedance_conn_id: str) -> Account:
    from airflow_provider_seedance.errors import NotSent, SeedanceError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    try:
        return await SeedanceHook(seedance_conn_id).aget_account()
    except SeedanceError:
        raise
    except Exception as fault:
        # Airflow's own API may blink, and a paid video must not be lost to it.
        raise NotSent(f"connection {seedance_conn_id!r} cannot be read ({type(fault).__name__})") from fault


def _registry() -> PollerRegistry:
    from airflow.configuration import conf

    from airflow_provider_seedance.core import clock
    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.polling.registry import PollerRegistry
    from airflow_provider_seedance.core.polling.schedule import MAX_LAG

    return PollerRegistry(
        lambda settings: AsyncSeedanceClient(settings, attempts=1),
        clock=clock.SYSTEM_CLOCK,
        max_lag=conf.getfloat("seedance", "max_lag", fallback=MAX_LAG),
    )

"""The pollers of this process, as its configuration wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from airflow_provider_seedance.core.polling.registry import PollerRegistry


def pollers() -> PollerRegistry:
    """The pollers of the running event loop."""
    from airflow_provider_seedance.core.polling.registry import current_registry

    return current_registry(make_registry)


def make_registry() -> PollerRegistry:
    """Pollers that use the machine's clock, and ``[seedance] max_lag`` of Airflow's configuration."""
    from airflow.configuration import conf

    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.polling.registry import PollerRegistry
    from airflow_provider_seedance.core.polling.schedule import MAX_LAG

    return PollerRegistry(
        lambda account: AsyncSeedanceClient(account, attempts=1, clock=clock.SYSTEM_CLOCK),
        clock=clock.SYSTEM_CLOCK,
        max_lag=conf.getfloat("seedance", "max_lag", fallback=MAX_LAG),
    )

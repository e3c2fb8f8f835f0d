"""The pollers of this process, as its configuration wants them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from airflow_provider_seedance.core.ledger.ledger import Ledger
    from airflow_provider_seedance.core.polling.registry import PollerRegistry
    from airflow_provider_seedance.models import Pending

log = logging.getLogger(__name__)


def pollers() -> PollerRegistry:
    """The pollers of the running event loop."""
    from airflow_provider_seedance.core.polling.registry import current_registry

    return current_registry(make_registry)


def make_registry() -> PollerRegistry:
    """Pollers with the machine's clock, ``[seedance] max_lag`` of Airflow's configuration, and its ledger if any."""
    from airflow.configuration import conf

    from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
    from airflow_provider_seedance.core.polling.registry import PollerRegistry
    from airflow_provider_seedance.core.polling.schedule import MAX_LAG

    return PollerRegistry(
        lambda account: AsyncSeedanceClient(account, attempts=1, clock=clock.SYSTEM_CLOCK),
        clock=clock.SYSTEM_CLOCK,
        max_lag=conf.getfloat("seedance", "max_lag", fallback=MAX_LAG),
        on_progress=_progress_listener(),
    )


def _progress_listener() -> Callable[[Pending], None] | None:
    """Puts progress into the ledger, for the gallery; ``None`` without a ledger."""
    from airflow_provider_seedance.core.polling.progress import ProgressWriter
    from airflow_provider_seedance.runtime.config import ledger_conn_id

    if ledger_conn_id() is None:
        return None
    return ProgressWriter(LedgerProgress(), clock=clock.SYSTEM_CLOCK).note


class LedgerProgress:
    """Writes progress into the ledger. Nobody waits for it, so that a ledger out of reach is told once and borne."""

    def __init__(self) -> None:
        self._ledger: Ledger | None = None
        self._is_told = False

    def __call__(self, pending: Sequence[Pending]) -> None:
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.runtime.ledger import open_ledger

        try:
            self._ledger = self._ledger or open_ledger()
            if self._ledger is not None:
                self._ledger.note_pending(pending)
        except SeedanceError as error:
            if not self._is_told:
                log.warning(
                    "The progress of generations is not put on record for the moment: %s.", error.message
                )
            self._is_told = True
        else:
            self._is_told = False

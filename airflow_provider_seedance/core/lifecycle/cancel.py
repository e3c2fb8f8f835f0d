"""Cancel when a task or a trigger is killed: there are seconds for it, and a failure must not make matters worse."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import replace

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.errors import SeedanceError, Unsupported

log = logging.getLogger(__name__)

#: Seconds for all of it, and for one of the two requests that it takes; Airflow kills a task for good after five.
TOTAL_TIMEOUT, REQUEST_TIMEOUT = 3.0, 1.4

_TIMED_OUT = (
    "The vendor did not answer in time when generation %s was to be cancelled; it may finish and be billed."
)
_MESSAGES = {
    Cancellation.CANCELLED: "Generation %s was still queued and has been cancelled; nothing is billed.",
    Cancellation.RUNNING: "Generation %s is already running: it will finish and be billed."
    " Pass its id as generation_id to collect it later.",
    Cancellation.ENDED: "Generation %s had already ended.",
}


def cancel_now(account: Account, generation_id: str) -> None:
    """Cancel the generation if it is still queued; the outcome is only logged. Returns within 3 seconds."""
    # A thread can be left behind when time is up; a signal handler cannot wait for a slow answer.
    thread = threading.Thread(target=_cancel, args=(account, generation_id), daemon=True)
    thread.start()
    thread.join(TOTAL_TIMEOUT)
    if thread.is_alive():
        log.warning(_TIMED_OUT, generation_id)


def _cancel(account: Account, generation_id: str) -> None:
    try:
        with SeedanceClient(_with_short_timeout(account), attempts=1) as client:
            log.info(_MESSAGES[client.generations.cancel(generation_id)], generation_id)
    except SeedanceError as error:
        _log_failure(generation_id, error)


async def acancel_now(account: Account, generation_id: str) -> None:
    """As :func:`cancel_now`, on an event loop."""
    try:
        async with AsyncSeedanceClient(_with_short_timeout(account), attempts=1) as client:
            cancelling = client.generations.cancel(generation_id)
            message = _MESSAGES[await asyncio.wait_for(cancelling, TOTAL_TIMEOUT)]
            # Not on the event loop, which a full log would stop: thousands may be killed together.
            await asyncio.to_thread(log.info, message, generation_id)
    except SeedanceError as error:
        await asyncio.to_thread(_log_failure, generation_id, error)
    except asyncio.TimeoutError:
        await asyncio.to_thread(log.warning, _TIMED_OUT, generation_id)


def _with_short_timeout(account: Account) -> Account:
    return replace(account, request_timeout=REQUEST_TIMEOUT)


def _log_failure(generation_id: str, error: SeedanceError) -> None:
    if isinstance(error, Unsupported):
        log.warning("%s", error)
    else:
        log.warning(
            "Generation %s could not be cancelled: %s It may finish and be billed.", generation_id, error
        )

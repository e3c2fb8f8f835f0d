"""Cancelling in a hurry: a killed task or trigger has seconds, and must not make matters worse."""

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

_TOO_LONG = "Cancelling generation %s takes too long; it may finish and be billed."
_SAID = {
    Cancellation.CANCELLED: "Generation %s was still queued and is cancelled; nothing is billed.",
    Cancellation.RUNNING: "Generation %s already runs: it will finish and be billed. Its id can be adopted later.",
    Cancellation.ENDED: "Generation %s had already ended.",
}


def cancel_now(settings: Account, generation_id: str) -> None:
    """Cancel what is still queued; whatever comes of it is only logged. Returns within 3 seconds."""
    # A thread can be left behind when time is up; a signal handler cannot wait for a slow answer.
    thread = threading.Thread(target=_cancel, args=(settings, generation_id), daemon=True)
    thread.start()
    thread.join(TOTAL_TIMEOUT)
    if thread.is_alive():
        log.warning(_TOO_LONG, generation_id)


def _cancel(settings: Account, generation_id: str) -> None:
    try:
        with SeedanceClient(_hurried(settings), attempts=1) as client:
            log.info(_SAID[client.generations.cancel(generation_id)], generation_id)
    except SeedanceError as error:
        _say_why_not(generation_id, error)


async def acancel_now(settings: Account, generation_id: str) -> None:
    """As :func:`cancel_now`, on an event loop."""
    try:
        async with AsyncSeedanceClient(_hurried(settings), attempts=1) as client:
            cancelling = client.generations.cancel(generation_id)
            said = _SAID[await asyncio.wait_for(cancelling, TOTAL_TIMEOUT)]
            # Not on the event loop, which a full log would stop: thousands may be killed together.
            await asyncio.to_thread(log.info, said, generation_id)
    except SeedanceError as error:
        await asyncio.to_thread(_say_why_not, generation_id, error)
    except asyncio.TimeoutError:
        await asyncio.to_thread(log.warning, _TOO_LONG, generation_id)


def _hurried(settings: Account) -> Account:
    return replace(settings, request_timeout=REQUEST_TIMEOUT)


def _say_why_not(generation_id: str, error: SeedanceError) -> None:
    if isinstance(error, Unsupported):
        log.warning("%s", error)
    else:
        log.warning(
            "Generation %s could not be cancelled: %s It may finish and be billed.", generation_id, error
        )

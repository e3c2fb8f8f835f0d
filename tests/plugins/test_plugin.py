"""Apps that are imported at their first request."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from airflow_provider_seedance.plugins.seedance import ImportedApp, Message


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def statuses(imported: ImportedApp, requests: int) -> list[int]:
    transport = httpx.ASGITransport(app=imported)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answers = await asyncio.gather(*(client.post("/x") for _ in range(requests)))
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("requests", [1, 2, 50])
def test_an_app_is_imported_once_and_kept(requests: int) -> None:
    """On one thread, however many requests come meanwhile; later ones need none."""
    threads: list[threading.Thread] = []
    imported = ImportedApp(lambda: threads.append(threading.current_thread()) or app)

    async def asked() -> None:
        assert await statuses(imported, requests) == [204] * requests
        no_threads = ThreadPoolExecutor()
        no_threads.shutdown()
        asyncio.get_running_loop().set_default_executor(no_threads)
        assert await statuses(imported, requests) == [204] * requests

    asyncio.run(asked())
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


@pytest.mark.parametrize("fault", [ImportError("half installed"), OSError("no file"), RuntimeError("busy")])
def test_an_import_that_failed_is_tried_again(fault: Exception) -> None:
    """At the next request."""
    faults = [fault]

    def load() -> object:
        if faults:
            raise faults.pop()
        return app

    imported = ImportedApp(load)
    with pytest.raises(type(fault)):
        asyncio.run(statuses(imported, 1))
    assert asyncio.run(statuses(imported, 1)) == [204]

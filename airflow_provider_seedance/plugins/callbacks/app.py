"""The receiver as an app of Airflow's API server. Nobody logs in: a token in the URL is what a vendor has."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.requests import ClientDisconnect

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.plugins.callbacks.receiver import CallbackReceiver

log = logging.getLogger(__name__)

#: Where anybody can see that the receiver is reached; it is no token.
TEST_PATH = "/test"
#: Threads for look-ups of connections, and as many for Airflow's database: the API server's own ones stay free.
THREADS = 4
#: Seconds after which a vendor may try again when there was too much to do.
RETRY_AFTER_SECONDS = 5

_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def make_app(receiver: Callable[[], CallbackReceiver | None]) -> FastAPI:
    """The app.

    :param receiver: asked at each request; ``None`` for a place where no callbacks are taken.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)

    @app.post(TEST_PATH)
    async def test() -> Response:
        return Response(status_code=204 if receiver() else 404)

    @app.post("/{token}")
    async def callback(token: str, request: Request) -> Response:
        taking = receiver()
        if taking is None:
            return Response(status_code=404)
        status = await taking.receive(token, request.headers, _body(request))
        headers = {"retry-after": str(RETRY_AFTER_SECONDS)} if status in _BUSY else None
        return Response(status_code=int(status), headers=headers)

    return app


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        raise ConnectionResetError from None


@cache
def configured_receiver() -> CallbackReceiver | None:
    """The receiver of this process; ``None`` without ``[seedance] callback_base_url``, or where it is of no use."""
    from airflow_provider_seedance.runtime.callback_accounts import ConnectionAccounts
    from airflow_provider_seedance.runtime.callbacks import make_tokens
    from airflow_provider_seedance.runtime.waiting_tasks import DeferredTasks, why_impossible

    if (tokens := make_tokens()) is None:
        return None
    if reason := why_impossible():
        log.error("Tasks cannot be woken by callbacks, and are polled: %s", reason)
        return None
    accounts = ConnectionAccounts(_threads("connections"), clock.SYSTEM_CLOCK)
    return CallbackReceiver(tokens, accounts, DeferredTasks(_threads("tasks")), clock.SYSTEM_CLOCK)


def _threads(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix=f"seedance-callbacks-{name}")


app = make_app(configured_receiver)

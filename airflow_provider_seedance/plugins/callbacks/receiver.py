"""Takes callbacks from anybody, and believes nobody: little is read of a request before its token is known."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Protocol

from airflow_provider_seedance.core.callbacks.check import RepeatedCallback, TakenEvents, event_of
from airflow_provider_seedance.core.callbacks.rate import RateLimit, RateLimits
from airflow_provider_seedance.core.callbacks.token import CallbackTarget, CallbackTokens
from airflow_provider_seedance.core.callbacks.wakeup import WaitingTasks, WakeResult, wake
from airflow_provider_seedance.core.catalog.rules import warn_once
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.clock import Clock, EventLoopTimeout, within
from airflow_provider_seedance.core.vendors.contract import CallbackHint, CallbackRefused, CallbackRequest
from airflow_provider_seedance.errors import ConfigurationError, SeedanceError
from airflow_provider_seedance.models import Generation

log = logging.getLogger(__name__)

#: Bytes of the largest body that is read; a vendor's is a few thousand.
MAX_BODY_BYTES = 65_536
#: Seconds in which a body must be complete.
BODY_SECONDS = 5.0
#: Callbacks with a good token a second, and at once after a pause.
CALLBACKS_PER_SECOND, CALLBACKS_AT_ONCE = 50.0, 500
#: The same for each token. A vendor sends a handful for a generation, and some of them again.
TOKEN_CALLBACKS_PER_SECOND, TOKEN_CALLBACKS_AT_ONCE = 1.0, 20
#: Tokens whose callbacks are counted at a time.
MAX_TOKENS = 2_000
#: Callbacks that are being read or worked on at a time.
MAX_UNDER_WAY = 500

_UNKNOWN_TOKEN = (
    "A callback came with a token that was not made with this API server's secret. Workers and API servers need the"
    " same [seedance] callback_secret, or [core] fernet_key."
)


class CallbackAccounts(Protocol):
    """The vendor accounts of connections, and reading at them."""

    async def account(self, seedance_conn_id: str) -> Account: ...

    async def read(self, seedance_conn_id: str, generation_id: str) -> Generation: ...


class CallbackReceiver:
    """Decides about each callback within milliseconds, and wakes tasks afterwards.

    What it holds is bounded, whatever comes. It belongs to one process; where several API servers take callbacks, each
    remembers its own.

    :param tasks: Airflow's deferred tasks.
    """

    def __init__(
        self, tokens: CallbackTokens, accounts: CallbackAccounts, tasks: WaitingTasks, clock: Clock
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._tasks = tasks
        self._clock = clock
        self._rate = RateLimit(CALLBACKS_PER_SECOND, CALLBACKS_AT_ONCE)
        self._token_rates = RateLimits(TOKEN_CALLBACKS_PER_SECOND, TOKEN_CALLBACKS_AT_ONCE, MAX_TOKENS)
        self._taken = TakenEvents()
        self._being_read = 0
        #: By token: a vendor that repeats itself is listened to once.
        self._wakings: dict[str, asyncio.Task[None]] = {}
        #: What came last while a waking of its token was under way.
        self._repeats: dict[str, CallbackHint] = {}

    async def receive(self, token: str, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> HTTPStatus:
        """Take a callback; the status answers it. It says nothing about tasks to who has no token.

        :param token: the end of the URL.
        :param headers: names in lower case.
        """
        target = self._tokens.open(token)
        if target is None:
            warn_once(_UNKNOWN_TOKEN)
            return HTTPStatus.NOT_FOUND
        now = self._clock.now()
        # The token's own permits come first, so that one token leaves those of all to the others.
        if not (self._token_rates.take(token, now) and self._rate.take(now)):
            return HTTPStatus.TOO_MANY_REQUESTS
        if self._being_read + len(self._wakings) >= MAX_UNDER_WAY:
            return HTTPStatus.SERVICE_UNAVAILABLE
        self._being_read += 1
        try:
            return await self._take(token, target, headers, body)
        finally:
            self._being_read -= 1

    async def drain(self) -> None:
        """Wait until what was taken is worked off."""
        await asyncio.gather(*self._wakings.values(), return_exceptions=True)

    async def _take(
        self, token: str, target: CallbackTarget, headers: Mapping[str, str], body: AsyncIterator[bytes]
    ) -> HTTPStatus:
        if _announced_size(headers) > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            content = await within(BODY_SECONDS, _read(body))
        except EventLoopTimeout:
            return HTTPStatus.REQUEST_TIMEOUT
        except ConnectionError:
            return HTTPStatus.BAD_REQUEST
        if content is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            account = await self._accounts.account(target.seedance_conn_id)
        except ConfigurationError:
            return HTTPStatus.NOT_FOUND
        except SeedanceError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return self._check(token, target, account, CallbackRequest(headers, content, self._clock.now()))

    def _check(
        self, token: str, target: CallbackTarget, account: Account, request: CallbackRequest
    ) -> HTTPStatus:
        calls = account.vendor.callbacks
        if calls is None:
            return HTTPStatus.NOT_FOUND
        try:
            event_id = event_of(calls, request, account.webhook_secret, self._taken)
        except RepeatedCallback:
            return HTTPStatus.ACCEPTED  # A vendor takes any other answer for a failure, and sends it again.
        except CallbackRefused as refused:
            warn_once(
                f"A callback of {account.vendor.name} through connection {target.seedance_conn_id} is refused:"
                f" {refused}."
            )
            return HTTPStatus.UNAUTHORIZED
        if event_id is not None:
            self._taken.add(event_id, request.received_at)
        self._start(token, target, calls.read(request.body))
        return HTTPStatus.ACCEPTED

    def _start(self, token: str, target: CallbackTarget, hint: CallbackHint) -> None:
        if hint.pending:
            return
        if token in self._wakings:
            self._repeats[token] = hint
            return
        self._wakings[token] = asyncio.create_task(self._work_off(token, target, hint))

    async def _work_off(self, token: str, target: CallbackTarget, hint: CallbackHint | None) -> None:
        """Wake the task. If that fails, each callback that came meanwhile is worth another time."""
        try:
            while hint is not None and await self._wake(target, hint) is not WakeResult.WOKEN:
                hint = self._repeats.pop(token, None)
        finally:
            self._repeats.pop(token, None)
            del self._wakings[token]

    async def _wake(self, target: CallbackTarget, hint: CallbackHint) -> WakeResult | None:
        who = (target.dag_id, target.run_id, target.task_id, target.map_index)
        try:
            result = await wake(target, hint, tasks=self._tasks, read=self._accounts.read, clock=self._clock)
        except Exception as fault:  # noqa: BLE001  # the task is polled all the same
            log.warning("A callback could not wake %s (%s); it is polled.", who, type(fault).__name__)
            return None
        level = logging.DEBUG if result is WakeResult.NOT_WAITING else logging.INFO
        log.log(level, "A callback for %s: %s.", who, result.value)
        return result


def _announced_size(headers: Mapping[str, str]) -> int:
    announced = headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 20 else 0


async def _read(body: AsyncIterator[bytes]) -> bytes | None:
    """The whole body; ``None`` once it is too large."""
    content = bytearray()
    async for chunk in body:
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            return None
    return bytes(content)

"""Exchanges over httpx, each bounded as a whole: in time, and in the size of its answer.

httpx by itself bounds each piece of an answer: a host that sends a byte now and then holds a connection for ever.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any
from weakref import WeakSet

import httpx

from airflow_provider_seedance.core.client.body import Reply, ReplyBody
from airflow_provider_seedance.core.client.errors import HTTPX, transport_errors
from airflow_provider_seedance.core.clock import EventLoopTimeout, within

_CONNECTED = ("connect_tcp.complete", "start_tls.complete")
_SENDING = "send_request_headers.started"


def _forget_location(answer: httpx.Response) -> None:
    answer.headers.pop("location", None)


async def _aforget_location(answer: httpx.Response) -> None:
    _forget_location(answer)


#: httpx makes a request of where a redirect points, also if it does not follow it, and fails where it points nowhere.
FORGET_LOCATION = {"response": [_forget_location]}
AFORGET_LOCATION = {"response": [_aforget_location]}


def _timed_out(seconds: float, *, sent: bool) -> httpx.TimeoutException:
    late = httpx.ReadTimeout if sent else httpx.ConnectTimeout
    return late(f"the time of {seconds:g} seconds is up")


class _TimeLimit:
    """Ends a blocking exchange when its time is up: another thread shuts its connection down.

    :param streams: the connections that it may use; those that it makes are added.
    """

    def __init__(self, seconds: float, streams: WeakSet[Any]) -> None:
        self._seconds = seconds
        self._streams = streams
        self._sent = self._is_up = False
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _TimeLimit:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        # An answer without a length ends like a whole one when its connection is shut down.
        if self._is_up and (fault is None or isinstance(fault, Exception)):
            raise _timed_out(self._seconds, sent=self._sent)

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Told by httpx of all that happens to the request."""
        if event.endswith(_CONNECTED):
            self._streams.add(info["return_value"])
        elif event.endswith(_SENDING):
            if self._is_up:
                raise _timed_out(self._seconds, sent=False)
            self._sent = True

    def _end(self) -> None:
        self._is_up = True
        for stream in list(self._streams):
            with suppress(OSError):
                # Not the method of a TLS socket, which the blocked thread would trip over.
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


class HttpxClient:
    """As much of ``httpx.Client`` as requests to a vendor need; used by one thread at a time.

    :param client: closed by :meth:`close`.
    :param keeps_connections: whether an exchange may use a connection that an earlier one has made.
    :param secrets: replaced in the texts of errors.
    """

    def __init__(self, client: httpx.Client, *, keeps_connections: bool, secrets: Sequence[str] = ()) -> None:
        self._client = client
        self._secrets = secrets
        self._kept_streams: WeakSet[Any] | None = WeakSet() if keeps_connections else None

    def request(self, *, url: str, timeout: httpx.Timeout, **arguments: Any) -> Reply:
        """Send and read it all; redirects are answers.

        :param timeout: its ``read`` is for the whole exchange.
        :param arguments: as ``httpx.Client.request`` takes them.
        :raises NotSent: if no connection was made.
        :raises NoReply: if no complete answer came in time.
        :raises MalformedReply: if the answer is too large.
        """
        streams: WeakSet[Any] = WeakSet() if self._kept_streams is None else self._kept_streams
        with (
            transport_errors(url, HTTPX, self._secrets),
            _TimeLimit(_seconds(timeout), streams) as limit,
            self._client.stream(
                url=url, timeout=timeout, extensions={"trace": limit.trace}, **arguments
            ) as answer,
        ):
            body = ReplyBody(url, answer.status_code, answer.headers)
            for chunk in answer.iter_raw():
                body.add(chunk)
            return Reply(answer.status_code, answer.headers, body.content())

    def close(self) -> None:
        self._client.close()


class AsyncHttpxClient:
    """The same for an event loop."""

    def __init__(self, client: httpx.AsyncClient, secrets: Sequence[str] = ()) -> None:
        self._client = client
        self._secrets = secrets

    async def request(self, *, url: str, timeout: httpx.Timeout, **arguments: Any) -> Reply:
        """As :meth:`HttpxClient.request`."""
        sent = False

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal sent
            sent = sent or event.endswith(_SENDING)

        exchange = self._exchange(url=url, timeout=timeout, extensions={"trace": trace}, **arguments)
        with transport_errors(url, HTTPX, self._secrets):
            try:
                return await within(_seconds(timeout), exchange)
            except EventLoopTimeout:
                raise _timed_out(_seconds(timeout), sent=sent) from None

    async def _exchange(self, *, url: str, **arguments: Any) -> Reply:
        async with self._client.stream(url=url, **arguments) as answer:
            body = ReplyBody(url, answer.status_code, answer.headers)
            async for chunk in answer.aiter_raw():
                body.add(chunk)
            return Reply(answer.status_code, answer.headers, await body.acontent())

    @property
    def is_closed(self) -> bool:
        return self._client.is_closed

    async def aclose(self) -> None:
        await self._client.aclose()


def _seconds(timeout: httpx.Timeout) -> float:
    assert timeout.read is not None
    return timeout.read

"""How result links are connected to: only where they may lead, from one secure place to the next, and not for ever."""

from __future__ import annotations

import socket
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from ssl import SSLContext
from threading import Timer
from typing import IO, Any
from urllib.parse import urlsplit
from urllib.request import AbstractHTTPHandler, HTTPRedirectHandler, Request

from airflow_provider_seedance.core.client.addresses import check_literal, connect_publicly
from airflow_provider_seedance.errors import LinkRefused

#: Seconds for the head of one answer, however slowly its bytes come, and for one answer as a whole.
HEAD_TIME_LIMIT, TIME_LIMIT = 60.0, 7200.0


class _TimedResponse(HTTPResponse):
    """An answer that is cut off when its time is over: a socket's timeout begins anew with each byte."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self._socket = sock
        self.is_out_of_time = False
        self._timer = self._start_timer(TIME_LIMIT)

    def begin(self) -> None:
        head_timer = self._start_timer(HEAD_TIME_LIMIT)
        try:
            super().begin()
        finally:
            head_timer.cancel()

    def close(self) -> None:
        self._timer.cancel()
        super().close()

    def _start_timer(self, seconds: float) -> Timer:
        timer = Timer(seconds, self._cut_off)
        timer.daemon = True
        timer.start()
        return timer

    def _cut_off(self) -> None:
        self.is_out_of_time = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def is_out_of_time(answer: HTTPResponse) -> bool:
    """Whether the answer was cut off because its time was over."""
    return isinstance(answer, _TimedResponse) and answer.is_out_of_time


class _HTTPConnection(HTTPConnection):
    response_class = _TimedResponse


class _HTTPSConnection(HTTPSConnection):
    response_class = _TimedResponse


class MediaHandler(AbstractHTTPHandler):
    """Opens ``http`` and ``https`` links.

    :param public_only: whether they may lead to addresses of the internet only.
    """

    def __init__(self, tls: SSLContext, *, public_only: bool) -> None:
        super().__init__()
        self._tls = tls
        self._public_only = public_only

    def http_open(self, request: Request) -> HTTPResponse:
        return self._open(_HTTPConnection, request)

    def https_open(self, request: Request) -> HTTPResponse:
        return self._open(_HTTPSConnection, request, context=self._tls)

    http_request = AbstractHTTPHandler.do_request_
    https_request = AbstractHTTPHandler.do_request_

    def _open(self, connection: type[HTTPConnection], request: Request, **options: Any) -> HTTPResponse:
        via_proxy = request.has_proxy() or bool(getattr(request, "_tunnel_host", None))
        if self._public_only and via_proxy:
            check_literal(urlsplit(request.full_url).hostname or "")
        directly = self._public_only and not via_proxy

        def connect(host: str, **settings: Any) -> HTTPConnection:
            made = connection(host, **settings)
            if directly:
                # The one place in which the standard library opens the connection's socket.
                made._create_connection = connect_publicly  # type: ignore[attr-defined]
            return made

        return self.do_open(connect, request, **options)


class RedirectHandler(HTTPRedirectHandler):
    """Follows redirects, without reading the bodies that come with them, and never from https to http."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if req.type == "https" and not newurl.lower().startswith("https:"):
            raise LinkRefused(
                f"{req.host} redirects a result link from https to {urlsplit(newurl).hostname} without it",
                advice="Ask the vendor for links that stay on https.",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage) -> Any:
        # The base class would read the body to its end, which may never come.
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

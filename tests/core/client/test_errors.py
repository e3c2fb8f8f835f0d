"""What an HTTP library's exception becomes, for each of the three."""

from __future__ import annotations

import http.client
import ssl
import urllib.error
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest

from airflow_provider_seedance.core.client.errors import (
    HTTPX,
    URLLIB,
    aiohttp_errors,
    host_of,
    transport_errors,
)
from airflow_provider_seedance.errors import ConfigurationError, NoReply, NotSent, SeedanceError

AIOHTTP = aiohttp_errors()
KEY: Any = SimpleNamespace(host="api.example.com", port=443, ssl=True)
REFUSED = OSError(111, "Connection refused")
URL = "https://api.example.com/v1/tasks?signature=secret"


@pytest.mark.parametrize(
    ("classes", "error", "expected"),
    [
        (HTTPX, httpx.ConnectError("refused"), NotSent),
        (HTTPX, httpx.ConnectTimeout("slow"), NotSent),
        (HTTPX, httpx.PoolTimeout("full"), NotSent),
        (HTTPX, httpx.ProxyError("refused"), NotSent),
        (HTTPX, httpx.UnsupportedProtocol("ftp"), NotSent),
        (HTTPX, httpx.InvalidURL("bad"), ConfigurationError),
        (HTTPX, httpx.LocalProtocolError("bad header"), ConfigurationError),
        (HTTPX, httpx.ReadTimeout("slow"), NoReply),
        (HTTPX, httpx.WriteError("broken"), NoReply),
        (HTTPX, httpx.RemoteProtocolError("disconnected"), NoReply),
        (HTTPX, httpx.DecodingError("bad gzip"), NoReply),
        (AIOHTTP, aiohttp.ClientConnectorError(KEY, REFUSED), NotSent),
        (AIOHTTP, aiohttp.ConnectionTimeoutError("slow"), NotSent),
        (AIOHTTP, aiohttp.InvalidURL("bad"), ConfigurationError),
        (AIOHTTP, aiohttp.ServerDisconnectedError(), NoReply),
        (AIOHTTP, aiohttp.SocketTimeoutError("slow"), NoReply),
        (AIOHTTP, aiohttp.ClientPayloadError("truncated"), NoReply),
        (URLLIB, urllib.error.URLError(REFUSED), NotSent),
        (URLLIB, http.client.InvalidURL("bad"), ConfigurationError),
        (URLLIB, ValueError("unknown url type"), ConfigurationError),
        (URLLIB, http.client.IncompleteRead(b""), NoReply),
        (URLLIB, http.client.RemoteDisconnected("gone"), NoReply),
        (URLLIB, ssl.SSLError("broken"), NoReply),
        (URLLIB, TimeoutError("slow"), NoReply),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_exception_says_whether_anything_was_sent(
    classes: Any, error: Exception, expected: type[SeedanceError]
) -> None:
    """What surely was not sent may be sent again; the text names the host, and nothing else of the URL."""
    with pytest.raises(expected, match=r"api\.example\.com") as caught, transport_errors(URL, classes):
        raise error
    assert type(caught.value) is expected
    assert "secret" not in str(caught.value)


def test_other_errors_pass() -> None:
    """A mistake of ours is not the network's."""
    with pytest.raises(KeyError), transport_errors(URL, HTTPX):
        raise KeyError("mistake")


@pytest.mark.parametrize(
    ("url", "host"), [(URL, "api.example.com"), ("nonsense", "the host"), ("http://[bad", "the host")]
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    """A URL without one has words for it."""
    assert host_of(url) == host

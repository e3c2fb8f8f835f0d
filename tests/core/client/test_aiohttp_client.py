"""Status reads over aiohttp: what is sent, and what errors become."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import httpx
import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.aiohttp_client import AiohttpClient
from airflow_provider_seedance.core.client.body import Reply
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.core.client.httpx_client import AsyncHttpxClient
from airflow_provider_seedance.core.client.proxies import proxy_of
from airflow_provider_seedance.errors import NoReply, NotSent
from tests.core.client.scripted import Answer as Scripted
from tests.core.client.scripted import ScriptedServer


def get(url: str, *, times: int = 1, read: float = 5.0, **changes: object) -> list[Reply]:
    """That many requests by one client."""

    async def ask() -> list[Reply]:
        client = AiohttpClient(tls=ssl.create_default_context(), max_connections=4, keepalive_expiry=50.0)
        arguments = {
            "method": "GET",
            "url": f"{url}/tasks",
            "params": None,
            "headers": {"Authorization": "Bearer sk-one"},
            "timeout": httpx.Timeout(read),
            **changes,
        }
        try:
            return [await client.request(**arguments) for _ in range(times)]  # type: ignore[arg-type]
        finally:
            await client.aclose()
            assert client.is_closed

    return asyncio.run(ask())


def test_it_reads_the_whole_answer(server: ScriptedServer) -> None:
    """Status, headers and body, whatever the status is."""
    server.answers = [Scripted(429, b'{"error": 1}', {"Retry-After": "7"})]
    (answer,) = get(server.url)
    assert (answer.status_code, answer.content) == (429, b'{"error": 1}')
    assert answer.headers["retry-after"] == "7"


def test_queries_are_encoded_once(server: ScriptedServer) -> None:
    """A repeated name stays repeated."""
    get(server.url, params=[("id", "a b"), ("id", "c&d%"), ("tier", "flex")])
    (seen,) = server.seen
    assert seen.path == "/tasks?id=a+b&id=c%26d%25&tier=flex"
    assert seen.headers["authorization"] == "Bearer sk-one"


def test_the_connection_is_kept(server: ScriptedServer) -> None:
    """One handshake serves many looks."""
    get(server.url, times=3)
    assert len({seen.connection for seen in server.seen}) == 1


def test_a_redirect_is_an_answer(server: ScriptedServer) -> None:
    """The key is not carried elsewhere."""
    server.answers = [Scripted(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"})]
    (answer,) = get(server.url)
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "broken", [Scripted(drop=True), Scripted(body=b"{}", promise=900)], ids=["dropped", "truncated"]
)
def test_a_broken_answer_is_no_reply_and_not_asked_for_again(
    server: ScriptedServer, broken: Scripted
) -> None:
    """Also on a connection that was kept: the rate of requests is the poller's."""
    server.answers = [Scripted(), broken]
    with pytest.raises(NoReply, match=r"127\.0\.0\.1"):
        get(server.url, times=2)
    assert len(server.seen) == 2


@pytest.fixture
def silent() -> Iterator[str]:
    """A host that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_silence_is_no_reply(silent: str) -> None:
    """After the time for a read."""
    with pytest.raises(NoReply):
        get(silent, read=0.05)


def test_no_connection_is_told_apart() -> None:
    """Nothing was sent then."""
    with pytest.raises(NotSent):
        get("http://127.0.0.1:1")


def test_what_is_not_http_is_no_reply(server: ScriptedServer) -> None:
    """Headers that no server may send."""
    server.answers = [Scripted(200, b"{}", {"Content-Length ": "x"})]
    with pytest.raises(NoReply):
        get(server.url)


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, None),
        ({"all_proxy": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://proxy:3128", "no_proxy": ".example.com"}, None),
    ],
)
def test_the_environments_proxy_is_used(
    environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As httpx does by itself."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_of("https://api.example.com") == proxy


def pooled_client_of(settings: Account) -> object:
    async def made() -> object:
        async with AsyncSeedanceClient(settings) as client:
            return client._pooled

    return asyncio.run(made())


SETTINGS = Account.create(vendor="modelark", api_key="sk-one", host="https://api.example.com")


def test_it_is_used_where_aiohttp_is_installed() -> None:
    """For what may be repeated; a create keeps to httpx."""
    assert isinstance(pooled_client_of(SETTINGS), AiohttpClient)


def test_httpx_stands_in_without_aiohttp(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is missing then but speed."""
    monkeypatch.setitem(sys.modules, "airflow_provider_seedance.core.client.aiohttp_client", None)
    assert isinstance(pooled_client_of(SETTINGS), AsyncHttpxClient)


@pytest.mark.skipif(find_spec("socksio") is not None, reason="httpx's own SOCKS extra is installed")
def test_httpx_stands_in_for_a_proxy_that_aiohttp_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as SOCKS; httpx says itself what it lacks for it."""
    monkeypatch.setenv("https_proxy", "socks5://proxy:1080")
    with pytest.raises(ImportError, match="socksio"):
        pooled_client_of(SETTINGS)

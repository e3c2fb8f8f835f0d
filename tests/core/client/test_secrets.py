"""What a vendor, a proxy or a library repeats: the key and a proxy's password are found by value, in every text."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import sys
import traceback
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.errors import (
    ConfigurationError,
    IntermediaryReply,
    NoReply,
    NotSent,
    SeedanceError,
)
from airflow_provider_seedance.models import Failed
from tests.core.client.hostile import HostileServer
from tests.core.client.scripted import Answer, ScriptedServer

KEYS = ["sk-0123456789abcdef", "7d444840-9dc0-11d1-b245-5ffdce74fad2", "a+b/c=d&e<f>!~g(h)", "12345"]


def _sync(account: Account) -> Any:
    with SeedanceClient(account, attempts=1) as client:
        return client.generations.get("cgt-1")


def _async(account: Account) -> Any:
    async def ask() -> Any:
        async with AsyncSeedanceClient(account, attempts=1) as client:
            return await client.generations.get("cgt-1")

    return asyncio.run(ask())


def _async_httpx(account: Account) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "airflow_provider_seedance.core.client.aiohttp_client", None)
        return _async(account)


@pytest.fixture(params=[_sync, _async, _async_httpx], ids=["sync", "aiohttp", "async httpx"])
def get(request: pytest.FixtureRequest) -> Callable[[Account], Any]:
    """Reads a generation with either client, by each library."""
    return request.param


def account(url: str, key: str = KEYS[0]) -> Account:
    return Account.create(vendor="modelark", api_key=key, host=url)


def everything(fault: BaseException) -> str:
    """All that an error says, and all that the errors behind it say."""
    texts = [str(fault), repr(fault), repr(fault.args), "".join(traceback.format_exception(fault))]
    for behind in (fault.__cause__, fault.__context__):
        texts += [everything(behind)] if behind is not None else []
    return "\n".join(texts)


def escaped(key: str) -> str:
    """As JSON may write a text."""
    return "".join(f"\\u{ord(letter):04x}" for letter in key)


def partly_escaped(key: str) -> str:
    """As Go and Gson write it."""
    return re.sub("[&<>=+'!]", lambda letter: f"\\u{ord(letter[0]):04X}", key)


FORMS = {
    "as it is": str,
    "percent-encoded": lambda key: quote(key, safe=""),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "escaped": escaped,
    "partly escaped": partly_escaped,
}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_key_that_a_vendor_quotes_is_replaced(
    key: str, form: Callable[[str], str], server: ScriptedServer, get: Callable[[Account], Any]
) -> None:
    """In the message of a refusal, and in that of a generation that failed."""
    quoted = f"Incorrect API key provided: {form(key)}. See your account"
    error = f'"error": {{"code": "AuthenticationError", "message": "{quoted}"}}'
    refused = f"{{{error}}}"
    failed = f'{{"id": "cgt-1", "model": "m", "status": "failed", {error}}}'
    server.answers = [Answer(401, refused.encode()), Answer(200, failed.encode())]
    with pytest.raises(SeedanceError) as caught:
        get(account(server.url, key))
    seen = get(account(server.url, key))
    assert isinstance(seen, Failed)
    for shown in (everything(caught.value), repr(seen), seen.model_dump_json()):
        assert "Incorrect API key provided: ***. See" in shown
        assert json.loads(f'"{form(key)}"') not in shown


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_a_header_is_replaced(
    key: str, server: ScriptedServer, get: Callable[[Account], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Such as the request id that an error names and the log shows."""
    caplog.set_level(logging.DEBUG)
    server.answers = [Answer(503, b"{}", {"X-Request-Id": f"id-{key}-{quote(key, safe='')}"})]
    with pytest.raises(SeedanceError) as caught:
        get(account(server.url, key))
    assert key not in everything(caught.value) + caplog.text
    assert "***" in str(caught.value)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_what_a_library_complains_of_is_replaced(key: str, get: Callable[[Account], Any]) -> None:
    """A host that answers with the request, or with another protocol."""
    server = HostileServer(lambda head: [b"ECHO " + head, b"\r\nconnection: close\r\n\r\n"])
    with pytest.raises(NoReply) as caught:
        get(account(server.url, key))
    server.close()
    assert key not in everything(caught.value)


PASSWORD = "s3cret%2Fpass"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Sets the environment's proxies."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def name(url: str) -> None:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("https_proxy", url)

    return name


@pytest.mark.parametrize("host", ["http://api.example.com", "https://api.example.com"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 http://user:s3cret%2Fpass@proxy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"nonsense s3cret%2Fpass s3cret/pass\r\nconnection: close\r\n\r\n",
        b"",
    ],
    ids=["407", "reason", "nonsense", "nothing"],
)
def test_a_proxys_password_stands_in_no_error(
    host: str, answer: bytes, get: Callable[[Account], Any], proxy: Callable[[str], None]
) -> None:
    """Nor in the errors behind it."""
    server = HostileServer(lambda head: [answer, b"connection: close"][: 1 if answer else 2])
    proxy(f"http://user:{PASSWORD}@{server.url.removeprefix('http://')}")
    with pytest.raises(SeedanceError) as caught:
        get(account(host))
    server.close()
    said = everything(caught.value)
    for secret in (PASSWORD, "s3cret/pass", base64.b64encode(b"user:s3cret/pass").decode(), KEYS[0]):
        assert secret not in said


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    get: Callable[[Account], Any], proxy: Callable[[str], None]
) -> None:
    proxy(f"http://user:{PASSWORD}@127.0.0.1:1")
    with pytest.raises(NotSent) as caught:
        get(account("https://api.example.com"))
    assert "s3cret" not in everything(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret/pass@proxy:3128",
        "http://user:s3cret@proxy:port",
        "http://user:s3cret@proxy:99999999",
        "http://user:s3cret\x7f@proxy:3128",
        "http://user:s3cret@[proxy:3128",
        "gopher://user:s3cret@proxy:3128",
    ],
)
def test_a_proxy_whose_url_is_none_is_a_typed_error(
    url: str, get: Callable[[Account], Any], proxy: Callable[[str], None]
) -> None:
    """It says where to look, and shows nothing of it."""
    proxy(url)
    with pytest.raises((ConfigurationError, NotSent)) as caught:
        get(account("https://api.example.com"))
    assert "s3cret" not in everything(caught.value)


LIBRARIES = ("httpx", "httpcore", "aiohttp", "hpack", "h11")


def test_at_debug_the_libraries_log_nothing_of_our_requests(
    server: ScriptedServer, get: Callable[[Account], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """They would write URLs, links and cookies."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "aiohttp.client"):
        caplog.set_level(logging.DEBUG, name)
    link = "https://files.example.com/v.mp4?X-Signature=abc"
    headers = {"Location": link, "Set-Cookie": "session=s3cret; bad=\x01", "Link": f"<{link}>"}
    server.answers = [Answer(302, b"", headers)]
    with pytest.raises(IntermediaryReply, match="redirect") as caught:
        get(account(server.url))
    assert [record for record in caplog.records if record.name.startswith(LIBRARIES)] == []
    assert "s3cret" not in caplog.text + everything(caught.value)
    assert "X-Signature" not in caplog.text + everything(caught.value)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308, 399])
@pytest.mark.parametrize(
    "location",
    [
        "{url}/elsewhere",
        "//evil.example.com",
        "https://127.0.0.1:1/",
        "/",
        "",
        "javascript:x",
        "http://[",
        "x" * 8_000,
    ],
    ids=["same host", "no scheme", "closed", "path", "empty", "script", "broken", "long"],
)
def test_no_redirect_is_followed(
    status: int, location: str, server: ScriptedServer, get: Callable[[Account], Any]
) -> None:
    """It is an answer of something in between; the key is sent once, to the host of the connection."""
    server.answers = [Answer(status, b"", {"Location": location.format(url=server.url)})]
    with pytest.raises(IntermediaryReply, match=f"redirect \\(HTTP {status}\\)"):
        get(account(server.url))
    assert len(server.seen) == 1

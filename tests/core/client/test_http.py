"""The two clients on real sockets: what is sent, how often, with which key, and what errors become."""

from __future__ import annotations

import asyncio
import inspect
import logging
import socket
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pytest

from airflow_provider_seedance.core.client import http
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    ConfigurationError,
    MalformedReply,
    NoReply,
    NotSent,
    RequestInvalid,
    Unsupported,
    VendorUnavailable,
)
from airflow_provider_seedance.models import GenerationRequest, ListQuery, Status
from tests.core.client.scripted import Answer, ScriptedServer

KEY = "sk-0123456789abcdef"
REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5)
CREATED = Answer.json({"id": "cgt-20260101120000-abcde"})
QUEUED = Answer.json({"id": "cgt-1", "model": "m", "status": "queued"})
RUNNING = Answer.json({"id": "cgt-1", "model": "m", "status": "running"})

Ask = Callable[..., Any]


def _settings(url: str, vendor: str = "modelark") -> Account:
    return Account.create(vendor=vendor, api_key=KEY, host=url)


def _sync(settings: Account, method: str, *args: Any) -> Any:
    with SeedanceClient(settings) as client:
        return attrgetter(method)(client)(*args)


def _async(settings: Account, method: str, *args: Any) -> Any:
    async def ask() -> Any:
        async with AsyncSeedanceClient(settings) as client:
            return await attrgetter(method)(client)(*args)

    return asyncio.run(ask())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Either client, with jitter that draws zero, so that retries take no time."""
    monkeypatch.setattr(http.random, "random", lambda: 0.0)
    return request.param


def test_a_create_is_sent_with_the_key_and_the_body(server: ScriptedServer, ask: Ask) -> None:
    """To the vendor's path below the connection's host."""
    server.answers = [CREATED]
    created = ask(_settings(f"{server.url}/prefix/"), "generations.create", REQUEST)
    assert created.generation_id == "cgt-20260101120000-abcde"
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/prefix/api/v3/contents/generations/tasks")
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.body["content"] == [{"type": "text", "text": "A kitten yawns"}]


def test_a_create_whose_reply_is_lost_is_sent_once(server: ScriptedServer, ask: Ask) -> None:
    """It may have been billed: that is for the caller to reconcile."""
    server.answers = [Answer(drop=True)]
    with pytest.raises(NoReply) as caught:
        ask(_settings(server.url), "generations.create", REQUEST)
    assert caught.value.maybe_accepted
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_create_answered_with_a_server_error_is_sent_once(
    server: ScriptedServer, ask: Ask, status: int
) -> None:
    """The vendor may have stored it before it fell over."""
    server.answers = [Answer(status, b"<html>Bad Gateway</html>")]
    with pytest.raises(VendorUnavailable) as caught:
        ask(_settings(server.url), "generations.create", REQUEST)
    assert caught.value.maybe_accepted
    assert len(server.seen) == 1


def test_a_create_that_is_one_too_many_is_sent_again(server: ScriptedServer, ask: Ask) -> None:
    """A 429 is a clear no: nothing was accepted."""
    busy = Answer.json(
        {"error": {"code": "ServerOverloaded", "message": "busy"}}, 429, **{"Retry-After": "0"}
    )
    server.answers = [busy, CREATED]
    assert ask(_settings(server.url), "generations.create", REQUEST).status is Status.QUEUED
    assert len(server.seen) == 2


def test_creates_do_not_reuse_connections(server: ScriptedServer) -> None:
    """On a kept connection that has just died, "sent" and "not sent" look alike."""
    server.answers = [CREATED]
    with SeedanceClient(_settings(server.url)) as client:
        client.generations.create(REQUEST)
        client.generations.create(REQUEST)
    assert len({seen.connection for seen in server.seen}) == 2


def test_reads_share_a_connection(server: ScriptedServer) -> None:
    """A poll costs no handshake."""
    server.answers = [RUNNING]
    with SeedanceClient(_settings(server.url)) as client:
        for _ in range(3):
            client.generations.get("cgt-1")
    assert len({seen.connection for seen in server.seen}) == 1


def test_a_read_is_repeated_until_it_is_answered(server: ScriptedServer, ask: Ask) -> None:
    """Lost replies and server errors pass."""
    server.answers = [Answer(drop=True), Answer(503, b""), Answer(200, b"<html>"), RUNNING]
    assert ask(_settings(server.url), "generations.get", "cgt-1").status is Status.RUNNING
    assert len(server.seen) == 4


def test_an_invalid_request_is_not_sent(server: ScriptedServer, ask: Ask) -> None:
    """It is refused here, before it can cost anything."""
    with pytest.raises(RequestInvalid, match="duration=99"):
        ask(_settings(server.url), "generations.create", GenerationRequest(prompt="x", duration=99))
    assert server.seen == []


def test_no_connection_is_an_error_of_its_own(ask: Ask) -> None:
    """Surely nothing was sent, so a repeat is safe."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(NotSent, match="no connection to 127") as caught:
        ask(_settings(f"http://127.0.0.1:{port}"), "generations.create", REQUEST)
    assert not caught.value.maybe_accepted
    assert caught.value.vendor == "modelark"


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"[1, 2]", b"{}", b'{"id": ""}'])
def test_an_unreadable_answer_to_a_create_may_hide_a_success(
    server: ScriptedServer, ask: Ask, body: bytes
) -> None:
    """So it is not sent again."""
    server.answers = [Answer(200, body)]
    with pytest.raises(MalformedReply) as caught:
        ask(_settings(server.url), "generations.create", REQUEST)
    assert caught.value.maybe_accepted
    assert len(server.seen) == 1


def test_an_error_names_the_vendor_and_never_the_key(server: ScriptedServer, ask: Ask) -> None:
    """Even if the vendor repeats it."""
    server.answers = [
        Answer.json({"error": {"code": "AuthenticationError", "message": f"bad key {KEY}"}}, 401)
    ]
    with pytest.raises(AuthenticationRefused) as caught:
        ask(_settings(server.url), "generations.get", "cgt-1")
    assert str(caught.value).startswith("modelark generation cgt-1: bad key")
    assert KEY not in str(caught.value)


def test_a_redirect_is_not_followed_with_the_key(server: ScriptedServer, ask: Ask) -> None:
    """The key goes to the connection's host and nowhere else."""
    server.answers = [Answer(302, b"", {"Location": f"{server.url}/elsewhere"})]
    with pytest.raises(ConfigurationError, match="redirect"):
        ask(_settings(server.url), "generations.create", REQUEST)
    assert len(server.seen) == 1


def test_cancelling_looks_first(server: ScriptedServer, ask: Ask) -> None:
    """The call that cancels a queued generation would delete a finished one's record."""
    server.answers = [RUNNING]
    assert ask(_settings(server.url), "generations.cancel", "cgt-1") is Cancellation.RUNNING
    assert [seen.method for seen in server.seen] == ["GET"]


def test_cancelling_a_queued_generation(server: ScriptedServer, ask: Ask) -> None:
    """Sent once."""
    server.answers = [QUEUED, Answer()]
    assert ask(_settings(server.url), "generations.cancel", "cgt-1") is Cancellation.CANCELLED
    assert [seen.method for seen in server.seen] == ["GET", "DELETE"]


def test_cancelling_just_too_late_is_said_honestly(server: ScriptedServer, ask: Ask) -> None:
    """It began to run between the two calls."""
    refused = Answer.json({"error": {"code": "InvalidAction.RunningTaskDeletion", "message": "no"}}, 409)
    server.answers = [QUEUED, refused]
    assert ask(_settings(server.url), "generations.cancel", "cgt-1") is Cancellation.RUNNING


@pytest.mark.parametrize("vendor", ["evolink", "anyfast", "toapis"])
def test_what_a_vendor_lacks_is_said_before_anything_is_sent(
    server: ScriptedServer, ask: Ask, vendor: str
) -> None:
    """No cancel and no list outside ModelArk."""
    settings = _settings(server.url, vendor)
    with pytest.raises(Unsupported, match="cannot cancel"):
        ask(settings, "generations.cancel", "x")
    with pytest.raises(Unsupported, match="cannot list"):
        ask(settings, "generations.list", ListQuery())
    assert server.seen == []


def test_media_are_fetched_without_the_key(server: ScriptedServer) -> None:
    """From any host, the vendor's own too."""
    server.answers = [Answer(200, b"x" * 1000)]
    with (
        SeedanceClient(_settings(server.url)) as client,
        client.open(f"{server.url}/v.mp4?sig=1") as stream,
    ):
        assert b"".join(stream.chunks) == b"x" * 1000
    assert KEY not in str(server.seen)


def test_no_request_is_logged(server: ScriptedServer, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """httpx would write a line with the whole URL for each poll and each signed link."""
    caplog.set_level(logging.DEBUG, "httpx")
    server.answers = [RUNNING]
    ask(_settings(server.url), "generations.get", "cgt-1")
    assert [record for record in caplog.records if record.name == "httpx" and record.levelno >= 20] == []


def test_the_twins_offer_the_same() -> None:
    """Names and arguments alike; only the async client cannot stream media."""

    def surface(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_")
        }

    sync = surface(SeedanceClient)
    sync.pop("open")
    assert sync == surface(AsyncSeedanceClient)

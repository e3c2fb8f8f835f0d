"""The two clients on real sockets: what is sent, how often, with which key, and what errors become."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from operator import attrgetter
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.flows import Cancellation, Flow, Flows
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient, SeedanceClient
from airflow_provider_seedance.core.redaction import forms_of
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import (
    Call,
    Credential,
    FilePart,
    FormBody,
    HttpRequest,
    Service,
)
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    ConfigurationError,
    MalformedReply,
    NoReply,
    NotSent,
    RequestInvalid,
    SeedanceError,
    Unsupported,
    VendorUnavailable,
)
from airflow_provider_seedance.models import GenerationRequest, ListQuery, Status
from tests.clocks import ImpatientClock
from tests.core.client.scripted import Answer, ScriptedServer

KEY = "sk-0123456789abcdef"
#: The forms of a key that can stand in a JSON text as they are.
FORMS = [form.decode() for form in forms_of("0123/plain+key=") if b"\\\\" not in form]
REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5)
CREATED = Answer.json({"id": "cgt-20260101120000-abcde"})
QUEUED = Answer.json({"id": "cgt-1", "model": "m", "status": "queued"})
RUNNING = Answer.json({"id": "cgt-1", "model": "m", "status": "running"})

Ask = Callable[..., Any]


def _settings(url: str, vendor: str = "modelark") -> Account:
    return Account.create(vendor=vendor, api_key=KEY, host=url)


def _clock() -> ImpatientClock:
    """Jitter that draws zero, and pauses that take no time."""
    return ImpatientClock(draw=0.0)


def _sync(settings: Account, method: str, *args: Any) -> Any:
    with SeedanceClient(settings, clock=_clock()) as client:
        return attrgetter(method)(client)(*args)


def _async(settings: Account, method: str, *args: Any) -> Any:
    async def ask() -> Any:
        async with AsyncSeedanceClient(settings, clock=_clock()) as client:
            return await attrgetter(method)(client)(*args)

    return asyncio.run(ask())


@pytest.fixture(params=[_sync, _async], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Calls a method of either client, by its name."""
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


@pytest.mark.parametrize("key", [KEY, "0123-plain-key"])
def test_the_key_is_replaced_wherever_the_vendor_repeats_it(
    server: ScriptedServer, ask: Ask, key: str
) -> None:
    """Whatever the key looks like."""
    server.answers = [Answer.json({"error": {"code": "AuthenticationError", "message": f"bad {key}"}}, 401)]
    settings = Account.create(vendor="modelark", api_key=key, host=server.url)
    with pytest.raises(AuthenticationRefused) as caught:
        ask(settings, "generations.get", "cgt-1")
    assert key not in str(caught.value)
    assert "bad ***" in str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_the_key_is_replaced_in_each_form_and_place(server: ScriptedServer, ask: Ask, form: str) -> None:
    """In a body, in a header, and in the answer to a redirect or a broken request."""
    settings = Account.create(vendor="modelark", api_key="0123/plain+key=", host=server.url)
    refused = {"error": {"code": form, "message": f"bad {form}"}}
    for answer in (
        Answer.json(refused, 401, **{"X-Request-Id": form}),
        Answer(502, f"<html>{form}</html>".encode()),
        Answer(302, b"", {"Location": f"http://elsewhere/{form}"}),
        Answer(200, form.encode()),
    ):
        server.answers = [answer]
        with pytest.raises(SeedanceError) as caught:
            ask(settings, "generations.get", "cgt-1")
        assert form not in f"{caught.value} {caught.value.request_id} {caught.value.code}"


@pytest.mark.parametrize("operation", ["generations.get", "generations.create"])
def test_no_library_error_is_behind_ours(
    server: ScriptedServer, ask: Ask, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold a proxy's password, however that is written."""
    for proxy in ("http://user:PASS-WORD@127.0.0.1:9", f"{server.url.replace('//', '//user:PASS-WORD@')}"):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("HTTP_PROXY", proxy)
        server.answers = [Answer(drop=True)]
        with pytest.raises((NotSent, NoReply)) as caught:
            ask(_settings("http://vendor.invalid"), operation, REQUEST if "create" in operation else "cgt-1")
        assert "PASS-WORD" not in "".join(traceback.format_exception(caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_libraries_log_nothing_of_our_requests(
    server: ScriptedServer, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG they write headers down: where a redirect leads, and cookies."""
    for name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "aiohttp.client"):
        caplog.set_level(logging.DEBUG, name)
    secret = {"Location": "http://h/v.mp4?X-Tos-Signature=TOPSECRET", "Set-Cookie": "session=TOPSECRET"}
    server.answers = [Answer(302, b"", secret)]
    for operation, argument in (("generations.get", "cgt-1"), ("generations.create", REQUEST)):
        with pytest.raises(SeedanceError):
            ask(_settings(server.url), operation, argument)
    assert "TOPSECRET" not in caplog.text


@pytest.mark.parametrize(
    "generation_id", ["..", "a/b", "a b", "x\x1b[0m", "", "x" * 300, "https://h/v?s=TOPSECRET"]
)
@pytest.mark.parametrize("operation", ["generations.get", "generations.cancel"])
def test_what_cannot_be_an_id_is_not_sent(
    server: ScriptedServer, ask: Ask, operation: str, generation_id: str
) -> None:
    """It would change the path."""
    with pytest.raises(RequestInvalid) as caught:
        ask(_settings(server.url), operation, generation_id)
    assert "TOPSECRET" not in str(caught.value)
    assert server.seen == []


FILES = "clips"
UPLOADER = replace(
    load_vendor("evolink"),
    services=(
        *load_vendor("evolink").services,
        Service(FILES, {"global": "https://files.example.com"}),
        Service("store", {"global": "https://store.example.com"}, Credential.NONE),
        Service("control", {"global": "https://control.example.com"}, Credential.SIGNATURE),
    ),
)
CLIP = b"clip " * 40_000


class _Opened:
    """Opens the same clip anew each time, and counts that."""

    def __init__(self) -> None:
        self.files: list[BytesIO] = []

    def __call__(self) -> BytesIO:
        self.files.append(BytesIO(CLIP))
        return self.files[-1]


def _upload(service: str, opened: _Opened, *, repeatable: bool = True) -> Flow[str]:
    """The flow of a vendor's call that is not of today: a form with a file, to a service of its own."""
    part = FilePart("file", "clip.mp4", "video/mp4", opened)
    request = HttpRequest("POST", "/upload", body=FormBody((part,), {"folder": "in"}), service=service)
    call = Call(request, lambda response: str(response.json_object()["url"]), repeatable)
    return (yield from Flows(UPLOADER, lambda: 0.0)._exchange(call))


def _uploader(server: ScriptedServer) -> Account:
    return replace(_settings(server.url, "evolink"), vendor=UPLOADER)


def test_a_form_goes_to_its_service_with_its_file(server: ScriptedServer, ask: Ask) -> None:
    """Below the connection's host, as everything else; the file is closed afterwards."""
    server.answers = [Answer.json({"url": "https://h/clip.mp4"})]
    opened = _Opened()
    assert ask(_uploader(server), "run", _upload(FILES, opened)) == "https://h/clip.mp4"
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/upload")
    assert seen.headers["content-type"].startswith("multipart/form-data")
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert CLIP in seen.body
    assert b'name="folder"' in seen.body
    assert [file.closed for file in opened.files] == [True]


def test_a_form_that_is_sent_again_is_sent_whole(server: ScriptedServer, ask: Ask) -> None:
    """Its file is opened anew."""
    server.answers = [Answer(503, b""), Answer.json({"url": "https://h/clip.mp4"})]
    ask(_uploader(server), "run", _upload(FILES, _Opened()))
    assert [CLIP in seen.body for seen in server.seen] == [True, True]


def test_a_service_without_a_credential_is_shown_none(server: ScriptedServer, ask: Ask) -> None:
    """A presigned link is its own key."""
    server.answers = [Answer.json({"url": "https://h/clip.mp4"})]
    ask(_uploader(server), "run", _upload("store", _Opened()))
    assert "authorization" not in server.seen[0].headers


def test_a_request_that_must_be_signed_is_not_sent_unsigned(server: ScriptedServer, ask: Ask) -> None:
    """The connection has no access key."""
    with pytest.raises(Unsupported, match="signed with an access key"):
        ask(_uploader(server), "run", _upload("control", _Opened()))
    assert server.seen == []


def test_services_have_hosts_of_their_own() -> None:
    """Unless the connection names one."""
    own = Account.create(vendor="evolink", api_key=KEY)
    assert replace(own, vendor=UPLOADER).service_url(FILES) == "https://files.example.com"
    assert replace(own, vendor=UPLOADER, host="http://proxy").service_url(FILES) == "http://proxy"


LOGGER = "airflow_provider_seedance.core.client"


def test_httpx_logs_no_request(server: ScriptedServer, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """It would write a line with the whole URL for each poll."""
    caplog.set_level(logging.DEBUG, "httpx")
    server.answers = [RUNNING]
    ask(_settings(server.url), "generations.get", "cgt-1")
    assert [record for record in caplog.records if record.name == "httpx"] == []


def test_an_exchange_is_one_debug_line(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    """Method, path, status, request id and time; neither query nor key nor body."""
    caplog.set_level(logging.DEBUG, LOGGER)
    page = Answer.json({"items": [], "total": 0, "note": "body"}, **{"X-Request-Id": "req-7"})
    server.answers = [Answer(drop=True), page]
    _sync(_settings(f"{server.url}/prefix"), "generations.list", ListQuery(ids=("cgt-secret",)))
    lost, answered = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    path = "/api/v3/contents/generations/tasks"
    assert re.fullmatch(rf"GET {path}: no answer, request id unknown, \d+ ms", lost)
    assert re.fullmatch(rf"GET {path}: HTTP 200, request id req-7, \d+ ms", answered)


def test_nothing_is_logged_unless_it_is_asked_for(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker's log stays as it is."""
    caplog.set_level(logging.INFO, LOGGER)
    server.answers = [RUNNING]
    _sync(_settings(server.url), "generations.get", "cgt-1")
    assert caplog.records == []


def test_the_async_client_logs_nothing(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    """A triggerer's event loop that writes to a full log stands still, also where DEBUG is on."""
    caplog.set_level(logging.DEBUG)
    server.answers = [Answer(drop=True), RUNNING]
    _async(_settings(server.url), "generations.get", "cgt-1")
    ours = ("airflow_provider_seedance", "httpx")
    assert [record for record in caplog.records if record.name.startswith(ours)] == []


def test_both_clients_offer_the_same() -> None:
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

"""The hook: a connection turned into calls, on a thread and on an event loop."""

from __future__ import annotations

import asyncio
import inspect
import json
from datetime import timedelta
from decimal import Decimal

import pytest

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    ConfigurationError,
    DeadlinePassed,
    GenerationFailed,
    Kind,
    LandingError,
    RequestInvalid,
    Unsupported,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest, Status
from tests.airflow.fixtures import KEY, VENDORS

REQUEST = GenerationRequest(prompt="A fox looks up", duration=4, resolution="480p")
METHODS = (
    "create_generation",
    "get_generation",
    "list_generations",
    "cancel_generation",
    "estimate_cost",
    "get_balance",
    "wait_for_generation",
    "download_video",
)


@pytest.fixture(params=["sync", "async"])
def ask(request):
    """Calls a hook's method by name, or its async twin."""

    def call(hook: SeedanceHook, method: str, *args, **kwargs):
        if request.param == "sync":
            return getattr(hook, method)(*args, **kwargs)
        return asyncio.run(getattr(hook, f"a{method}")(*args, **kwargs))

    return call


@pytest.mark.parametrize("method", METHODS)
def test_every_call_has_an_async_twin_with_the_same_arguments(method) -> None:
    """The prefix ``a`` is all the difference."""
    twin = getattr(SeedanceHook, f"a{method}")
    assert inspect.iscoroutinefunction(twin)
    assert inspect.signature(twin) == inspect.signature(getattr(SeedanceHook, method))


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_generation_from_submission_to_link(vendor, ask, connect, emulator) -> None:
    """The connection alone names the vendor."""
    hook = SeedanceHook(connect(vendor))
    submitted = ask(hook, "create_generation", REQUEST)
    assert submitted.vendor == vendor
    emulator.advance(20_000)
    finished = ask(hook, "get_generation", submitted.generation_id)
    assert finished.status is Status.SUCCEEDED
    assert finished.video_url.startswith(emulator.url)
    assert emulator.ledger()["creates_received"] == 1


def test_generations_are_listed(ask, connect) -> None:
    """All of the account's, or those with certain ids."""
    hook = SeedanceHook(connect())
    first, second = (ask(hook, "create_generation", REQUEST).generation_id for _ in range(2))
    assert {seen.generation_id for seen in ask(hook, "list_generations").items} == {first, second}
    (seen,) = ask(hook, "list_generations", [first]).items
    assert seen.generation_id == first


def test_a_queued_generation_is_cancelled(ask, connect) -> None:
    """The answer says what became of the wish."""
    hook = SeedanceHook(connect())
    bought = ask(hook, "create_generation", GenerationRequest(prompt="[emulator:stuck] A fox"))
    assert ask(hook, "cancel_generation", bought.generation_id) is Cancellation.CANCELLED


def test_what_a_vendor_cannot_do_is_told(ask, connect, emulator) -> None:
    """And nothing is sent."""
    hook = SeedanceHook(connect("evolink"))
    with pytest.raises(Unsupported, match="cannot cancel: the generation runs on and will be billed"):
        ask(hook, "cancel_generation", "task-1")
    with pytest.raises(Unsupported, match="cannot list"):
        ask(hook, "list_generations")
    assert emulator.requests() == []


def test_an_estimate_is_free(ask, connect, emulator) -> None:
    """It comes from the price list."""
    cost = ask(SeedanceHook(connect()), "estimate_cost", REQUEST)
    assert (cost.currency, cost.basis) == ("USD", "estimated")
    assert cost.amount > Decimal(0)
    assert emulator.requests() == []


def test_the_balance_where_there_is_one(ask, connect) -> None:
    """EvoLink tells it, ModelArk does not."""
    assert ask(SeedanceHook(connect("evolink")), "get_balance").currency == "credits"
    with pytest.raises(Unsupported, match="does not tell its balance"):
        ask(SeedanceHook(connect()), "get_balance")


def test_an_invalid_request_is_not_sent(ask, connect, emulator) -> None:
    """The hook refuses as the operator does."""
    with pytest.raises(RequestInvalid, match="duration=99"):
        ask(SeedanceHook(connect()), "create_generation", REQUEST.model_copy(update={"duration": 99}))
    assert emulator.requests() == []


def test_a_connection_without_a_key(ask, connect) -> None:
    """Both twins read the connection alike."""
    with pytest.raises(ConfigurationError, match="put it into the connection's password"):
        ask(SeedanceHook(connect(password=None)), "get_generation", "task-1")


def test_host_and_port_of_a_connection_written_as_a_uri(emulator, monkeypatch) -> None:
    """Airflow splits the address; the hook puts it together again."""
    port = emulator.url.rpartition(":")[2]
    uri = f"seedance://:{KEY}@127.0.0.1:{port}/?vendor=modelark"
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_URI", uri)
    assert SeedanceHook("seedance_uri").get_account().base_url == f"https://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("parts", "base_url"),
    [
        ({"host": "https://127.0.0.1/modelark", "port": 8765}, "https://127.0.0.1:8765/modelark"),
        ({"host": "127.0.0.1", "port": 8765, "schema": "http"}, "http://127.0.0.1:8765"),
        ({"host": "127.0.0.1", "schema": "modelark"}, "https://127.0.0.1/modelark"),
    ],
)
def test_every_part_of_the_address_is_used(parts, base_url, connect) -> None:
    """A port goes behind the host, and the path of a URI behind both."""
    assert SeedanceHook(connect(**parts)).get_account().base_url == base_url


@pytest.mark.parametrize("extra", [json.dumps(json.dumps({"vendor": "evolink"})), "[1]", "vendor=evolink"])
def test_an_extra_that_is_no_object(extra, monkeypatch) -> None:
    """Airflow stores it without a word; the hook names the connection."""
    stored = {"conn_type": "seedance", "password": KEY, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_ODD", json.dumps(stored))
    with pytest.raises(ConfigurationError, match=r"extra .*\(connection seedance_odd\)"):
        SeedanceHook("seedance_odd").get_account()


class TestTestConnection:
    """What the button in Airflow's connection form says."""

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_good_key(self, vendor, connect, emulator) -> None:
        """Proven without paying."""
        good, text = SeedanceHook(connect(vendor)).test_connection()
        assert good
        assert text.startswith(f"{vendor} accepts the API key.")
        assert ("max_cost refuses everything until extra has prices" in text) is (vendor == "anyfast")
        assert emulator.ledger()["creates_received"] == 0

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_wrong_key(self, vendor, connect) -> None:
        """The remedy, and never the key."""
        good, text = SeedanceHook(connect(vendor, password="sk-invalid")).test_connection()
        assert not good
        assert "Check the connection's API key" in text
        assert "sk-invalid" not in text

    @pytest.mark.parametrize("vendor", ["evolink", "toapis"])
    def test_an_empty_account(self, vendor, connect) -> None:
        """Where the vendor tells: the key is good, and orders nothing."""
        good, text = SeedanceHook(connect(vendor, password="sk-empty")).test_connection()
        assert not good
        assert "accepts the API key" in text
        assert "Nothing is left to spend" in text

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"password": None}, "no API key is set"),
            ({"vendor": None}, "no vendor is set"),
            ({"vendor": "runway"}, "'runway'"),
            ({"host": "http://127.0.0.1:9"}, "no connection to 127.0.0.1:9"),
            ({"login": "sk-mine"}, "login is set"),
            ({"extra": {"max_concurency": 5}}, "did you mean 'max_concurrency'?"),
            ({"extra": {"catalog": "rows.json"}}, "the catalog's rows, given as 'rows.json', cannot be read"),
            ({"extra": {"prices": [{"family": "seedence-2.0"}]}}, "price 1"),
        ],
    )
    def test_an_unusable_connection(self, changes, words, connect) -> None:
        """The connection's name and what is wrong with it, not an exception."""
        good, text = SeedanceHook(connect(**changes)).test_connection()
        assert not good
        assert words in text
        assert "connection seedance_tested" in text

    @pytest.mark.parametrize("path", ["", "/evolink", "/modelark/prefix"])
    def test_a_wrong_base_url(self, path, connect, emulator) -> None:
        """The host is named, with its port, and not the id of a generation that nobody asked for."""
        good, text = SeedanceHook(connect(host=f"{emulator.url}{path}")).test_connection()
        assert not good
        assert f"127.0.0.1:{emulator.url.rpartition(':')[2]}" in text
        assert "connection seedance_tested" in text
        assert "id is unknown" not in text

    def test_a_connection_that_does_not_exist(self) -> None:
        assert not SeedanceHook("nowhere").test_connection()[0]


def test_the_key_is_in_no_repr(connect) -> None:
    """Settings travel through logs and debuggers."""
    assert KEY not in repr(SeedanceHook(connect()).get_account())


@pytest.mark.parametrize("key", ["k", "four", "airflow", "Airflow"])
def test_a_key_that_airflow_never_masks_is_refused(key, connect) -> None:
    """It would stand in every log."""
    with pytest.raises(ConfigurationError, match="Airflow would not mask this API key"):
        SeedanceHook(connect(password=key)).get_account()


@pytest.mark.parametrize(
    ("host", "warns"),
    [
        ("http://proxy.example.com", True),
        ("http://8.8.8.8/prefix", True),
        ("https://proxy.example.com", False),
        ("http://127.0.0.1:8000", False),
        ("http://10.1.2.3", False),
        ("http://[fd00::1]", False),
        ("http://emulator:8000", False),
        ("http://seedance.svc.cluster.local", False),
        (None, False),
    ],
)
def test_a_key_in_clear_is_warned_of_once(host, warns, connect, caplog) -> None:
    """By the connection's name, and only where it leaves the network."""
    from airflow_provider_seedance.core.catalog.rules import warn_once

    warn_once.cache_clear()
    hook = SeedanceHook(connect(conn_id="seedance_clear", host=host))
    hook.get_account()
    hook.get_account()
    told = [text for text in caplog.messages if "seedance_clear" in text and "in clear" in text]
    assert len(told) == warns


@pytest.mark.parametrize(
    "generation_id", ["..", "a/b", "https://h/v?s=TOPSECRET", "{'video_url': 'https://h/v'}"]
)
def test_what_cannot_be_an_id_is_refused(generation_id, ask, connect, emulator) -> None:
    """By every method, before anything is sent."""
    hook = SeedanceHook(connect())
    for method, argument in (
        ("get_generation", generation_id),
        ("cancel_generation", generation_id),
        ("list_generations", [generation_id]),
    ):
        with pytest.raises(RequestInvalid):
            ask(hook, method, argument)
    assert emulator.requests() == []


@pytest.fixture
def waits(ask, passing, connect):
    """Submits a generation and waits for it, in time that passes only in pauses."""

    def made(prompt: str = "A fox looks up", vendor: str = "modelark", **options):
        hook = SeedanceHook(connect(vendor))
        submitted = hook.create_generation(REQUEST.model_copy(update={"prompt": prompt}))
        return ask(hook, "wait_for_generation", submitted.generation_id, **options)

    return made


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_generation_is_waited_for_and_downloaded(vendor, waits, ask, connect, tmp_path) -> None:
    finished = waits(vendor=vendor)
    assert finished.status is Status.SUCCEEDED
    hook, destination = SeedanceHook(connect(vendor)), f"{tmp_path}/{{vendor}}-{{generation_id}}.mp4"
    manifest = ask(hook, "download_video", finished.generation_id, destination)
    assert manifest["uri"] == f"{tmp_path}/{vendor}-{finished.generation_id}.mp4"
    (landed,) = tmp_path.glob("*.mp4")
    assert landed.stat().st_size == manifest["bytes"]


def test_a_generation_that_fails_ends_the_wait_with_its_reason(waits) -> None:
    with pytest.raises(GenerationFailed, match="ended as failed") as caught:
        waits("[emulator:moderation] A fox")
    assert caught.value.kind is Kind.MODERATION


@pytest.mark.parametrize("timeout", [600, timedelta(minutes=10)])
def test_a_wait_has_a_timeout(timeout, waits, passing) -> None:
    with pytest.raises(DeadlinePassed, match=r"(?s)still (queued|running) .* wait again, with the same id"):
        waits("[emulator:stuck] A fox", timeout=timeout)
    assert passing.moment - passing.start == pytest.approx(600, abs=5)


def test_a_wait_with_a_wrong_key_ends_at_once(ask, passing, connect) -> None:
    hook = SeedanceHook(connect())
    generation_id = hook.create_generation(REQUEST).generation_id
    connect(password="sk-invalid")
    with pytest.raises(AuthenticationRefused):
        ask(hook, "wait_for_generation", generation_id)
    assert passing.moment - passing.start < 10


def test_what_has_not_ended_is_not_downloaded(ask, connect, tmp_path) -> None:
    hook = SeedanceHook(connect())
    submitted = hook.create_generation(GenerationRequest(prompt="[emulator:stuck] A fox"))
    with pytest.raises(LandingError, match="there is no video yet"):
        ask(hook, "download_video", {"generation_id": submitted.generation_id}, f"{tmp_path}/v.mp4")
    assert list(tmp_path.iterdir()) == []


def test_many_waits_of_one_event_loop_share_their_requests(passing, connect, emulator) -> None:
    hook = SeedanceHook(connect())
    ids = [hook.create_generation(REQUEST).generation_id for _ in range(20)]

    async def all_of_them():
        return await asyncio.gather(*map(hook.await_for_generation, ids))

    assert {seen.generation_id for seen in asyncio.run(all_of_them())} == set(ids)
    assert emulator.ledger()["requests"]["modelark"]["get"] == 20  # each once, for its link

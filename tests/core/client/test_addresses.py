"""A result link leads to addresses of the internet only, by the address that is really connected to."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from airflow_provider_seedance.core.client.addresses import connect_publicly, is_private_host, is_public
from airflow_provider_seedance.core.client.download import media_opener, open_media
from airflow_provider_seedance.errors import LinkRefused
from tests.core.client.scripted import Answer, ScriptedServer

TLS = ssl.create_default_context()


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"],
)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *(
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
        ),
        *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *(
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fd12::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "100::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::10.0.0.1", "64:ff9b::10.0.0.1"),
        *(
            "64:ff9b:1::1",
            "2002:a00:1::1",
            "2002:7f00:1::",
            "2001::1",
            "3fff::1",
            "5f00::1",
            "::ffff:0:10.0.0.1",
        ),
    ],
)
def test_addresses_that_are_not(address: str) -> None:
    """Private, local, shared, reserved, multicast, and IPv6 forms of them."""
    assert not is_public(address)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to; everything else is looked up as usual."""
    known: dict[str, list[str]] = {}
    usual = socket.getaddrinfo

    def look_up(host: str, port: Any, *arguments: Any, **options: Any) -> Any:
        if host not in known:
            return usual(host, port, *arguments, **options)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


def test_a_name_is_judged_by_what_it_resolves_to(names: dict[str, list[str]]) -> None:
    names["cdn.example"] = ["10.1.2.3", "169.254.169.254"]
    with pytest.raises(LinkRefused, match="leads to cdn"):
        connect_publicly(("cdn.example", 80), 1)


def test_only_the_public_addresses_of_a_name_are_connected_to(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very addresses that were judged: a second look-up could say something else."""
    names["cdn.example"] = ["127.0.0.1", "8.8.8.8", "1.1.1.1"]
    connected: list[Any] = []

    def connect(family: int, address: Any, *rest: Any) -> Any:
        connected.append(address)
        if len(connected) == 1:
            raise ConnectionRefusedError
        return "connection"

    monkeypatch.setattr("airflow_provider_seedance.core.client.addresses._connect", connect)
    assert connect_publicly(("cdn.example", 80), 1) == "connection"  # type: ignore[comparison-overlap]
    assert connected == [("8.8.8.8", 80), ("1.1.1.1", 80)]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"],
)
def test_a_private_host_is_not_connected_to(server: ScriptedServer, host: str) -> None:
    """In whatever notation; the error names the setting, and the host sees nothing."""
    url = f"http://{host}:{server.url.rpartition(':')[2]}/v.mp4?sig=secret"
    with (
        pytest.raises(LinkRefused, match="is not an address of the internet") as caught,
        open_media(media_opener(TLS, public_only=True), url),
    ):
        pass
    assert "set allow_private_result_hosts = True in [seedance]" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert server.seen == []


def test_each_redirect_is_judged(
    server: ScriptedServer, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public host may lead to a private one."""
    judge = is_public
    monkeypatch.setattr(
        "airflow_provider_seedance.core.client.addresses.is_public",
        lambda address: address == "127.0.0.2" or judge(address),
    )
    public = ScriptedServer("127.0.0.2")
    public.answers = [Answer(302, b"", {"Location": f"{server.url}/internal"})]
    names["cdn.example"] = ["127.0.0.2"]
    url = public.url.replace("127.0.0.2", "cdn.example")
    with (
        pytest.raises(LinkRefused, match=r"leads to 127\.0\.0\.1"),
        open_media(media_opener(TLS, public_only=True), f"{url}/v.mp4"),
    ):
        pass
    public.close()
    assert (len(public.seen), server.seen) == (1, [])


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost", "2130706433", "[::1]", "files.localhost"])
def test_behind_a_proxy_what_the_link_says_is_judged(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Names are the proxy's to resolve."""
    for name in ("http_proxy", "no_proxy"):
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url)
    server.answers = [Answer(200, b"video")]
    opener = media_opener(TLS, public_only=True)
    with open_media(opener, "http://files.example/v.mp4") as stream:
        assert b"".join(stream.chunks) == b"video"
    with pytest.raises(LinkRefused), open_media(opener, f"http://{host}/v.mp4"):
        pass
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("127.0.0.1", True),
        ("10.0.0.1", True),
        ("::1", True),
        ("8.8.8.8", False),
        ("no-such-host.invalid", False),
    ],
)
def test_the_connections_own_host(host: str, private: bool) -> None:
    assert is_private_host(host) is private

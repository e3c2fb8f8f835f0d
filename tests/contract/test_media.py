"""Result links: fetched without the key, dead after their time, and what trouble on the way becomes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.errors import LinkDead, NoReply, SeedanceError, VendorUnavailable
from airflow_provider_seedance.models import GenerationRequest, Succeeded
from tests.contract.account import KEY, LONG, VENDORS

#: The smallest there is, so that drawing it takes no time.
SMALL: dict[str, Any] = {"prompt": "A kitten yawns", "duration": 4, "resolution": "480p"}

each_vendor = pytest.mark.parametrize("vendor", VENDORS)


@pytest.fixture
def client(vendor: str, emulator: Emulator) -> Iterator[SeedanceClient]:
    """The sync client alone fetches media."""
    settings = Account.create(vendor=vendor, api_key=KEY, host=emulator.vendor_url(vendor))
    with SeedanceClient(settings) as client:
        yield client


def _finished(client: SeedanceClient, emulator: Emulator, **fields: Any) -> Succeeded:
    created = client.generations.create(GenerationRequest(**{**SMALL, **fields}))
    emulator.advance(LONG)
    finished = client.generations.get(created.generation_id)
    assert isinstance(finished, Succeeded)
    return finished


def _fetch(client: SeedanceClient, url: str) -> bytes:
    with client.open(url) as stream:
        return b"".join(stream.chunks)


@each_vendor
def test_a_video_and_its_last_frame(vendor: str, client: SeedanceClient, emulator: Emulator) -> None:
    """Whole files of the promised length and kind."""
    finished = _finished(client, emulator, **({} if vendor == "evolink" else {"return_last_frame": True}))
    with client.open(finished.video_url) as stream:
        video = b"".join(stream.chunks)
        assert (stream.start, stream.total) == (0, len(video))
        assert (stream.content_type or "").startswith("video/mp4")
    assert video[4:8] == b"ftyp"
    if finished.last_frame_url:
        assert _fetch(client, finished.last_frame_url).startswith(b"\x89PNG")


@each_vendor
def test_the_key_is_never_sent_to_a_result_host(
    vendor: str, client: SeedanceClient, emulator: Emulator
) -> None:
    """Nor to the API without need: it is in one header, and in no path, query or body."""
    _fetch(client, _finished(client, emulator).video_url)
    notes = emulator.requests()
    downloads = [note for note in notes if note["operation"] == "download"]
    assert len(downloads) == 1
    assert not any("authorization" in note["headers"] or "problem" in note for note in downloads)
    assert KEY not in str(notes)


@each_vendor
def test_a_link_dies_after_its_time(vendor: str, client: SeedanceClient, emulator: Emulator) -> None:
    """Not before the moment that the client promises; the error does not repeat the link."""
    finished = _finished(client, emulator)
    assert finished.expires_at
    last_answer = emulator.requests()[-1]["at"]
    assert finished.expires_at.timestamp() <= last_answer + 86_400
    emulator.advance(86_400)
    with pytest.raises(LinkDead) as caught:
        _fetch(client, finished.video_url)
    assert "?" not in str(caught.value)
    assert finished.video_url not in str(caught.value)


@each_vendor
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "drop_before_accept"}, NoReply),
        ({"kind": "drop_after_accept"}, NoReply),
        ({"kind": "truncate"}, NoReply),
        ({"kind": "status", "status": 403}, LinkDead),
        ({"kind": "status", "status": 404}, LinkDead),
        ({"kind": "status", "status": 429}, VendorUnavailable),
        ({"kind": "status", "status": 500}, VendorUnavailable),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_trouble_on_the_way(
    vendor: str,
    fault: dict[str, Any],
    error: type[SeedanceError],
    client: SeedanceClient,
    emulator: Emulator,
) -> None:
    """Passing trouble and dead links are told apart; asking again is for the landing to decide."""
    url = _finished(client, emulator).video_url
    emulator.add_fault(on="download", **fault)
    with pytest.raises(error) as caught:
        _fetch(client, url)
    assert "X-Tos" not in str(caught.value)
    assert emulator.ledger()["requests"][vendor]["download"] == 1
    assert _fetch(client, url)[4:8] == b"ftyp"


@each_vendor
def test_an_error_page_in_place_of_a_video(vendor: str, client: SeedanceClient, emulator: Emulator) -> None:
    """Arrives as what it is: the landing's look into the file refuses it."""
    url = _finished(client, emulator).video_url
    emulator.add_fault(on="download", kind="malformed")
    assert _fetch(client, url).startswith(b"<!DOCTYPE html>")


@each_vendor
def test_the_same_link_gives_the_same_bytes(vendor: str, client: SeedanceClient, emulator: Emulator) -> None:
    """So that a second attempt can be held against the first."""
    url = _finished(client, emulator).video_url
    assert hashlib.sha256(_fetch(client, url)).digest() == hashlib.sha256(_fetch(client, url)).digest()


@pytest.mark.parametrize("vendor", ["modelark"])
def test_neither_key_nor_link_is_logged(
    vendor: str, client: SeedanceClient, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """At any level, by any library."""
    caplog.set_level(logging.DEBUG)
    url = _finished(client, emulator).video_url
    _fetch(client, url)
    signature = url.partition("X-Tos-Signature=")[2].partition("&")[0]
    assert signature
    assert KEY not in caplog.text
    assert signature not in caplog.text

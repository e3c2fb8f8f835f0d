"""What the vendor and the network do wrong, and which of it Airflow may try again."""

from __future__ import annotations

import json
import socket

import httpx
import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from tests.airflow.fixtures import VENDORS


def ends_for_good(task) -> str:
    """The text with which the task ends without further tries."""
    with pytest.raises(AirflowFailException) as caught:
        task()
    return str(caught.value)


def may_be_tried_again(task) -> str:
    """The text of an error that is left to Airflow's retries."""
    with pytest.raises(SeedanceError) as caught:
        task()
    return str(caught.value)


def accepted(emulator) -> int:
    """How many generations a vendor made."""
    return len(emulator.ledger()["generations"])


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_wrong_key(vendor, generating, connect, emulator) -> None:
    """The key is never repeated in the text."""
    text = ends_for_good(generating(connect(vendor, password="sk-invalid")))
    assert text.startswith(f"{vendor}: ")
    assert "HTTP 401" in text
    assert "Check the connection's API key" in text
    assert "sk-invalid" not in text
    assert accepted(emulator) == 0


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_balance(vendor, generating, connect, emulator) -> None:
    """The remedy is money, and then a clear."""
    text = ends_for_good(generating(connect(vendor, password="sk-empty")))
    assert "Top up the vendor account" in text
    assert accepted(emulator) == 0


def test_an_unreachable_host(generating, connect, emulator) -> None:
    """No connection is surely no purchase, so a retry is free."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"http://127.0.0.1:{closed.getsockname()[1]}"
        text = may_be_tried_again(generating(connect(host=host)))
    assert text.startswith("modelark: no connection to 127.0.0.1")
    assert "Check the network and the connection's host" in text
    assert emulator.requests() == []


def test_too_many_requests(generating, connect, emulator) -> None:
    """Refused for now: nothing was accepted, and later may be better."""
    emulator.add_fault(on="create", kind="status", status=429, times=None)
    text = may_be_tried_again(generating(connect()))
    assert "Try again later" in text
    assert accepted(emulator) == 0


BAD_ANSWERS = {
    "malformed": {"kind": "malformed"},
    "empty body": {"kind": "status", "status": 200, "body": ""},
    "502 page": {"kind": "status", "status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"},
}


@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_a_create_without_a_readable_answer_is_not_repeated(answer, generating, connect, emulator) -> None:
    """It may have been accepted, and EvoLink cannot look it up: one create, and the task says what to do."""
    emulator.add_fault(on="create", **BAD_ANSWERS[answer])
    task = generating(connect("evolink"))
    for _ in range(2):
        text = ends_for_good(task)
        assert "may have been bought" in text
        assert "no way to look it up" in text
        assert "set generation_id on the task" in text
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("answer", BAD_ANSWERS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_a_look_without_a_readable_answer_is_borne(answer, vendor, generating, connect, emulator) -> None:
    """A paid video is not lost to a few bad answers."""
    emulator.add_fault(on="get", times=3, **BAD_ANSWERS[answer])
    assert generating(connect(vendor))()["status"] == "succeeded"
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_generation_that_moderation_ended(vendor, generating, connect, emulator) -> None:
    """The same prompt would fail again, so no retry pays for it."""
    text = ends_for_good(generating(connect(vendor), prompt="[emulator:moderation] A fox"))
    (entry,) = emulator.ledger()["generations"]
    assert f"generation {entry['generation_id']}: the generation ended as failed" in text
    assert "Change the prompt or the reference media" in text
    assert not entry["billed"]


def test_a_generation_that_failed_of_itself_is_generated_anew(generating, connect, emulator) -> None:
    """The vendor's own trouble passes: a failure is not billed, and the next try makes a new one."""
    task = generating(connect(), prompt="[emulator:fail] A fox")
    assert "ended as failed" in may_be_tried_again(task)
    may_be_tried_again(task)
    assert accepted(emulator) == 2
    assert not any(entry["billed"] for entry in emulator.ledger()["generations"])


def test_an_expired_generation(generating, connect, emulator) -> None:
    """ModelArk gave up on it in the queue, since 4k clips run one at a time; a retry makes a new one."""
    large = {"resolution": "4k", "duration": 15}
    ahead = GenerationRequest(prompt="Before the fox", **large)
    with SeedanceHook(connect()).get_conn() as client:
        for _ in range(12):
            client.generations.create(ahead)
    text = may_be_tried_again(
        generating(connect(), **large, vendor_options={"execution_expires_after": 3600})
    )
    assert "ended as expired" in text
    assert "a new generation is needed" in text


@pytest.mark.parametrize("deferrable", [True, False])
def test_both_modes_end_alike(deferrable, generating, connect) -> None:
    """The same text and the same class, from the worker and after the triggerer."""
    text = ends_for_good(generating(connect(), prompt="[emulator:moderation] A fox", deferrable=deferrable))
    assert "ended as failed" in text


def test_no_error_text_holds_the_key(generating, connect, emulator) -> None:
    """Whatever the vendor answers, even if it repeats the key."""
    marked = "sk-marked-0123456789abcdef"
    page = f"<html>bad token {marked}, Bearer {marked}</html>"
    for status in (401, 403, 500):
        emulator.add_fault(on="create", kind="status", status=status, body=page)
        with pytest.raises((AirflowFailException, SeedanceError)) as caught:
            generating(connect("evolink", password=marked))()
        assert marked not in str(caught.value)
        assert marked not in str(caught.value.__cause__)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_dead_first_link_gives_way_to_the_second(vendor, generating, connect, emulator, tmp_path) -> None:
    """The video lands, and nobody is advised to buy it again."""
    conn_id = connect(vendor)
    video = generating(conn_id)()
    status = next(
        seen for seen in reversed(emulator.requests()) if seen["path"].endswith(video["generation_id"])
    )
    url = f"{emulator.url}{status['path']}"
    key = SeedanceHook(conn_id).get_account().api_key
    reply = httpx.get(url, headers={"Authorization": f"Bearer {key}"}).raise_for_status().json()
    dead = f"{video['video_url'].partition('?')[0]}-gone.mp4"
    body = json.dumps(reply).replace(json.dumps(video["video_url"]), json.dumps([dead, video["video_url"]]))
    emulator.add_fault(vendor=vendor, on="get", kind="reply", status=200, body=body, times=None)
    adopted = generating(conn_id, generation_id=video["generation_id"], destination=f"{tmp_path}/a.mp4")()
    assert adopted["manifest"]["bytes"] > 0
    assert emulator.ledger()["creates_received"] == 1

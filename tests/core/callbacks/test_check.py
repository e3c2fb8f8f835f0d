"""Whose a callback is: signatures, the window, and repeats. The vectors are computed here from the contract."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.callbacks.check import (
    MAX_EVENTS,
    REMEMBERED_SECONDS,
    RepeatedCallback,
    TakenEvents,
    event_of,
)
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import CallbackCalls, CallbackRefused, CallbackRequest

NOW = 1_795_000_000.0
BODY = b'{"id":"evt_1","type":"generation.completed","data":{"task_id":"tsk_vid_1","status":"completed"}}'
SECRET = "whsec-new"


def calls(vendor: str) -> CallbackCalls:
    found = load_vendor(vendor).callbacks
    assert found
    return found


def v1(secret: str, *, event_id: str = "evt_1", timestamp: str = str(int(NOW)), body: bytes = BODY) -> str:
    message = event_id.encode() + b"." + timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed(
    signature: str, *, event_id: str = "evt_1", age: float = 0.0, body: bytes = BODY
) -> CallbackRequest:
    headers = {
        "x-toapis-webhook-id": event_id,
        "x-toapis-webhook-timestamp": str(int(NOW)),
        "x-toapis-webhook-signature": signature,
    }
    return CallbackRequest(headers, body, NOW + age)


def event(
    request: CallbackRequest, secret: str | None = SECRET, taken: TakenEvents | None = None
) -> str | None:
    return event_of(calls("toapis"), request, secret, taken or TakenEvents())


@pytest.mark.parametrize(
    "signature",
    [
        v1(SECRET),
        f"{v1(SECRET)},{v1('whsec-old')}",
        f"{v1('whsec-old')},{v1(SECRET)}",
        f"{v1('whsec-old')}, {v1(SECRET)}",
        f"v2=ab,{v1(SECRET)}",
    ],
)
def test_one_signature_of_ours_is_enough(signature: str) -> None:
    """While a secret is replaced there are two."""
    assert event(signed(signature)) == "evt_1"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1=",
        v1("whsec-old"),
        v1(SECRET)[:-1],
        v1(SECRET).upper(),
        v1(SECRET).removeprefix("v1="),
        "v1=" + "0" * 64,
        v1(SECRET, event_id="evt_2"),
        v1(SECRET, timestamp=str(int(NOW) + 1)),
        v1(SECRET, body=BODY + b" "),
        ",".join([v1("whsec-old")] * 50 + [v1(SECRET)]),
        "v1=\u0661" * 30,
    ],
)
def test_any_other_is_refused(signature: str) -> None:
    """Another secret, another event, another time, another body, and what is none."""
    with pytest.raises(CallbackRefused, match="signature"):
        event(signed(signature))


@pytest.mark.parametrize(
    ("age", "taken"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)]
)
def test_a_signature_is_good_for_five_minutes(age: float, taken: bool) -> None:
    """Either way: clocks differ."""
    if taken:
        assert event(signed(v1(SECRET), age=age)) == "evt_1"
    else:
        with pytest.raises(CallbackRefused, match="300 s"):
            event(signed(v1(SECRET), age=age))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("id", value) for value in (None, "", "x y", "9" * 400, "\u0661\u0662")),
        *(("timestamp", value) for value in (None, "", "x y", "12e3", "-1", "9" * 400, "\u0661\u0662")),
    ],
)
def test_headers_that_are_none_are_refused(name: str, value: str | None) -> None:
    """Nothing of them is computed with before it is known to be what it says."""
    request = signed(v1(SECRET))
    headers = {**request.headers, f"x-toapis-webhook-{name}": value}
    given = {key: text for key, text in headers.items() if text is not None}
    with pytest.raises(CallbackRefused):
        event(CallbackRequest(given, request.body, NOW))


@settings(max_examples=100, deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from([f"x-toapis-webhook-{name}" for name in ("id", "timestamp", "signature")]), st.text()
    ),
    body=st.binary(max_size=200),
)
def test_nothing_made_up_passes(headers: dict[str, str], body: bytes) -> None:
    """And nothing raises anything else."""
    with pytest.raises(CallbackRefused):
        event(CallbackRequest(headers, body, NOW))


def test_an_event_is_taken_once() -> None:
    """A repeat within the window has a good signature."""
    taken = TakenEvents()
    assert event(signed(v1(SECRET)), taken=taken) == "evt_1"
    taken.add("evt_1", NOW)
    with pytest.raises(RepeatedCallback):
        event(signed(v1(SECRET), age=200), taken=taken)


def test_one_that_was_not_taken_may_come_again() -> None:
    """The server was busy, and the vendor tries again."""
    taken = TakenEvents()
    assert event(signed(v1(SECRET)), taken=taken) == event(signed(v1(SECRET)), taken=taken) == "evt_1"


def test_what_is_remembered_is_bounded() -> None:
    """By number and by age; nothing is forgotten that could come again."""
    taken = TakenEvents()
    for number in range(MAX_EVENTS + 5):
        taken.add(f"evt_{number}", NOW)
    assert len(taken) == MAX_EVENTS
    taken.add("evt_late", NOW + REMEMBERED_SECONDS + 1)
    assert len(taken) == 1


@pytest.mark.parametrize("vendor", ["evolink", "modelark"])
def test_what_nobody_signs_has_no_event(vendor: str) -> None:
    """The token in the URL is what proves it."""
    assert event_of(calls(vendor), CallbackRequest({}, BODY, NOW), None, TakenEvents()) is None


def test_without_a_secret_nothing_is_the_vendors() -> None:
    """The connection was changed since the URL was given."""
    with pytest.raises(CallbackRefused, match="webhook_secret"):
        event(signed(v1(SECRET)), secret=None)

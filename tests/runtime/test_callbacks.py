"""Which callback URLs vendors are given."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_seedance.core.callbacks.token import CallbackTokens
from airflow_provider_seedance.core.catalog.rules import warn_once
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import SystemClock, utc_now
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime import callbacks
from airflow_provider_seedance.runtime.callbacks import PREFIX, callback_url_of

BASE = "https://airflow.example.com/air"
TASK = TaskIdentity("dag", "run", "task", 3)
REQUEST = GenerationRequest(prompt="p")
INTENT = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1",
    vendor="any",
    seedance_conn_id="conn",
    fingerprint="v1:0",
    intended_at=utc_now(SystemClock()),
    max_tries=0,
)


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a base URL and a secret, and no warning given yet."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_BASE_URL", f"{BASE}/")
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_SECRET", "new, old")
    warn_once.cache_clear()


def url(vendor: str, request: GenerationRequest = REQUEST, **account: Any) -> str | None:
    settings = Account.create(vendor=vendor, api_key="sk-tests-0123456789", **account)
    with SeedanceClient(settings) as client:
        return callback_url_of(TASK, request, lambda conn_id: client)(INTENT)


@pytest.mark.parametrize("vendor", ["modelark", "evolink"])
def test_the_url_names_the_intent_to_us_alone(vendor: str) -> None:
    """Below the API server's address, its path included; it is the same each time."""
    given = url(vendor)
    assert given
    assert given == url(vendor)
    base, _, token = given.rpartition("/")
    assert base == f"{BASE}{PREFIX}"
    opened = CallbackTokens(["new"]).open(token)
    assert opened
    assert (opened.dag_id, opened.map_index, opened.intent_id, opened.seedance_conn_id) == (
        "dag",
        3,
        "sd-1",
        "conn",
    )


def test_who_signs_gets_a_url_once_the_secret_is_known(caplog: pytest.LogCaptureFixture) -> None:
    """Without it the key may have no webhook at all, and the vendor might refuse the request."""
    assert url("toapis", webhook_secret="whsec")
    assert url("toapis") is None
    assert "webhook_secret" in caplog.text


@pytest.mark.parametrize("vendor", ["anyfast", "modelark"])
@pytest.mark.parametrize("base", ["", "  "])
def test_without_a_base_url_nobody_gets_one(vendor: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is by default."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_BASE_URL", base)
    assert url(vendor) is None


def test_who_has_no_callbacks_gets_none() -> None:
    """It is polled."""
    assert url("anyfast") is None


@pytest.mark.parametrize(
    "base", ["http://airflow.example.com", "https://10.0.0.7", "https://" + "a" * 2100], ids=len
)
def test_a_url_that_the_vendor_refuses_is_not_given(
    base: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The video is made all the same, and one line tells why nobody calls back."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_BASE_URL", base)
    with caplog.at_level(logging.WARNING):
        assert url("evolink") is url("evolink") is None
    assert caplog.text.count("callback_base_url") == 1


def test_a_vendor_at_a_private_host_may_call_a_private_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, or a proxy."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_BASE_URL", "http://127.0.0.1:8080")
    assert url("evolink", host="http://127.0.0.1:9/evolink")


def test_a_callback_url_of_the_users_own_comes_first() -> None:
    """Then the task is polled."""
    own = GenerationRequest(prompt="p", vendor_options={"callback_url": "https://h.example/x"})
    assert url("modelark", own) is None


def test_without_a_secret_there_are_no_tokens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody could make one up."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_SECRET", "")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "")
    assert url("modelark") is None
    assert "callback_secret" in caplog.text


def test_airflows_own_key_does_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there wherever Airflow keeps passwords."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__CALLBACK_SECRET", "")
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "a key")
    given = url("modelark")
    assert given
    assert CallbackTokens(["a key"]).open(given.rpartition("/")[2])


def test_an_airflow_that_cannot_be_woken_is_polled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so once."""
    monkeypatch.setattr(callbacks, "FIRST_UNKNOWN_AIRFLOW", 3)
    assert url("modelark") is url("modelark") is None
    assert caplog.text.count("does not know how to wake") == 1

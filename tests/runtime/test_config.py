"""Options of Airflow's configuration, as fields of an account."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.runtime.config import default_deferrable, download_options


def _account(host: str | None = None) -> Account:
    return Account.create(vendor="modelark", api_key="key", host=host, **download_options())


def test_without_options_the_defaults_hold() -> None:
    account = _account()
    assert (account.max_video_bytes, account.allows_private_results()) == (2 * 1024**3, False)


def test_options_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__SEEDANCE__MAX_VIDEO_BYTES", "1000")
    monkeypatch.setenv("AIRFLOW__SEEDANCE__ALLOW_PRIVATE_RESULT_HOSTS", "True")
    account = _account()
    assert (account.max_video_bytes, account.allows_private_results()) == (1000, True)


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_VIDEO_BYTES", "2 GiB"), ("ALLOW_PRIVATE_RESULT_HOSTS", "perhaps")]
)
def test_an_option_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__SEEDANCE__{name}", value)
    with pytest.raises(ConfigurationError, match=name.lower()):
        download_options()


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("http://127.0.0.1:8080", True), ("http://10.0.0.1/seedance", True), ("https://8.8.8.8", False)],
)
def test_a_private_connection_may_have_private_results(host: str, allowed: bool) -> None:
    """A proxy in one's own network hands out links into it."""
    assert _account(host).allows_private_results() is allowed


@pytest.mark.parametrize(("value", "deferrable"), [(None, True), ("False", False), ("true", True)])
def test_deferral_is_on_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, value: str | None, deferrable: bool
) -> None:
    if value is not None:
        monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", value)
    assert default_deferrable() is deferrable
    assert SeedanceGenerateVideoOperator(task_id="t").deferrable is deferrable
    assert SeedanceGenerateBatchOperator(task_id="t", requests=[], destination=None).deferrable is deferrable
    assert SeedanceGenerateVideoOperator(task_id="t", deferrable=True).deferrable is True

"""What makes a connection usable, and what is said about one that is not."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import (
    CREATE_TIMEOUT,
    MAX_CONCURRENCY,
    READ_TIMEOUT,
    Account,
)
from airflow_provider_seedance.errors import ConfigurationError

KEY = "sk-0123456789abcdef"


def _settings(**given: Any) -> Account:
    return Account.create(**{"vendor": "modelark", "api_key": KEY, **given})


def test_vendor_and_key_are_enough() -> None:
    """All else has a default."""
    settings = _settings()
    assert settings.region == "ap-southeast"
    assert settings.base_url == "https://ark.ap-southeast.bytepluses.com"
    assert settings.max_concurrency == MAX_CONCURRENCY
    assert (settings.read_timeout(repeatable=True), settings.read_timeout(repeatable=False)) == (
        READ_TIMEOUT,
        CREATE_TIMEOUT,
    )


@pytest.mark.parametrize("vendor", ["modelark", "evolink", "anyfast", "toapis"])
def test_every_vendor_has_a_host(vendor: str) -> None:
    """Encrypted, and without a slash at the end."""
    url = _settings(vendor=vendor).base_url
    assert url.startswith("https://")
    assert not url.endswith("/")


def test_a_region_chooses_the_host() -> None:
    """ModelArk has two, with keys of their own."""
    assert _settings(region="cn-beijing").base_url == "https://ark.cn-beijing.volces.com"


@pytest.mark.parametrize(
    ("host", "base_url"),
    [
        ("http://127.0.0.1:8765/modelark", "http://127.0.0.1:8765/modelark"),
        ("http://127.0.0.1:8765/modelark/", "http://127.0.0.1:8765/modelark"),
        (" https://proxy.example.com ", "https://proxy.example.com"),
        ("proxy.example.com/seedance", "https://proxy.example.com/seedance"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("", "https://ark.ap-southeast.bytepluses.com"),
        (None, "https://ark.ap-southeast.bytepluses.com"),
    ],
)
def test_a_host_takes_the_place_of_the_vendors(host: str | None, base_url: str) -> None:
    """With a prefix if need be; https unless it says otherwise."""
    assert _settings(host=host).base_url == base_url


@pytest.mark.parametrize(
    "host",
    [
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://example.com:0",
        "https://example.com:99999",
        "https://example.com?x=1",
        "https://example.com/#x",
        "https://user@example.com",
        "https://:word@example.com",
        "https://exa mple.com",
        "https://[bad",
    ],
)
def test_a_host_that_is_no_base_url(host: str) -> None:
    """It is shown, with an example of a good one."""
    with pytest.raises(ConfigurationError, match="give scheme, host and an optional prefix") as caught:
        _settings(host=host)
    assert caught.value.vendor == "modelark"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vendor": None}, "no vendor is set; choose one of: anyfast, evolink, modelark, toapis"),
        ({"vendor": "sora"}, "unknown vendor 'sora'; known vendors: anyfast, evolink, modelark, toapis"),
        ({"vendor": "../catalog"}, "unknown vendor"),
        ({"region": "mars"}, "unknown region 'mars'; known regions: ap-southeast, cn-beijing"),
        ({"api_key": None}, "no API key is set; put it into the connection's password"),
        ({"api_key": "  "}, "no API key is set"),
        ({"request_timeout": 0}, "request_timeout must be a number above 0, not 0"),
        ({"request_timeout": "soon"}, "request_timeout must be a number above 0, not 'soon'"),
        ({"request_timeout": float("inf")}, "request_timeout must be"),
        ({"request_timeout": float("nan")}, "request_timeout must be"),
        ({"max_concurrency": -1}, "max_concurrency must be a number above 0, not -1"),
        ({"max_concurrency": 0.5}, "max_concurrency must be a whole number, not 0.5"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    """The setting, its value, and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        _settings(**given)
    assert said in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize("key", ["sk-with blank", "sk-two\nlines", "sk-ümlaut", "sk-\x7f"])
def test_a_key_that_fits_no_header_is_not_shown(key: str) -> None:
    """It is a key all the same."""
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        _settings(api_key=key)
    assert key not in str(caught.value)


def test_blanks_around_a_key_are_taken_off() -> None:
    """They come with copying."""
    assert _settings(api_key=f" {KEY}\n").api_key == KEY


def test_numbers_may_come_as_text() -> None:
    """As they do from a connection's extra."""
    settings = _settings(request_timeout="2.5", max_concurrency="3")
    assert (settings.request_timeout, settings.max_concurrency) == (2.5, 3)
    assert settings.read_timeout(repeatable=False) == 2.5


def test_the_key_is_in_no_repr() -> None:
    """Settings end up in logs."""
    assert KEY not in repr(_settings())


def test_the_catalog_has_the_users_rows() -> None:
    """Rows and prices of the connection are laid over the package's."""
    row = {"family": "seedance-2.0", "options": {"duration": {"max": 60}}}
    catalog = _settings(catalog_rows=[row]).catalog()
    assert (catalog.vendor, catalog.region) == ("modelark", "ap-southeast")
    with pytest.raises(ConfigurationError, match="row 1"):
        _settings(catalog_rows=[{"family": "new"}]).catalog()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vendor": "EvoLink"}, "unknown vendor 'EvoLink'; did you mean 'evolink'? known vendors: anyfast"),
        ({"vendor": "model-ark"}, "did you mean 'modelark'?"),
        ({"region": "ap-south-east"}, "did you mean 'ap-southeast'?"),
        (
            {"vendor": "evolink", "region": "cn-beijing"},
            "region='cn-beijing': evolink has no regions, only modelark has; leave it out",
        ),
    ],
)
def test_what_was_meant_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _settings(**given)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("vendor", "host", "ending"),
    [
        ("modelark", "https://proxy.test/api/v3", "/api/v3"),
        ("modelark", "https://proxy.test/ark/api/v3/contents/generations/tasks/", "/api/v3"),
        ("evolink", "https://api.evolink.ai/v1/", "/v1"),
        ("anyfast", "https://www.anyfast.ai/v1", "/v1"),
    ],
)
def test_a_host_with_the_vendors_path_in_it(vendor: str, host: str, ending: str) -> None:
    """It would stand there twice, and the vendor would know nothing below it."""
    with pytest.raises(ConfigurationError, match=f"ends with {ending}, which comes below it; leave that out"):
        _settings(vendor=vendor, host=host)


@pytest.mark.parametrize(
    ("vendor", "given", "words"),
    [
        ("modelark", {"access_key_id": "AKLT1"}, "secret_access_key is missing"),
        ("modelark", {"secret_access_key": "s3cret"}, "access_key_id is missing"),
        ("evolink", {"access_key_id": "AKLT1", "secret_access_key": "s3cret"}, "signs nothing"),
    ],
)
def test_an_access_key_is_used_or_refused(vendor, given, words) -> None:
    """Its secret is shown in no error, and in no account."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        Account.create(vendor=vendor, api_key="sk-one", **given)
    assert "s3cret" not in str(refused.value)
    account = Account.create(
        vendor="modelark", api_key="sk-one", access_key_id="AKLT1", secret_access_key="s3cret"
    )
    assert "s3cret" not in repr(account)
    assert "s3cret" in account.secrets

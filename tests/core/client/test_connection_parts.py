"""The parts of a connection: each is used, or refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.client.connection_parts import check_login, join_address, read_extra
from airflow_provider_seedance.errors import ConfigurationError


@pytest.mark.parametrize(
    ("host", "port", "schema", "url"),
    [
        (None, None, None, None),
        ("", 0, "", None),
        ("proxy.test", None, None, "proxy.test"),
        ("proxy.test", 8765, None, "proxy.test:8765"),
        ("https://proxy.test/seedance", 8765, None, "https://proxy.test:8765/seedance"),
        ("https://proxy.test:8765/seedance", 8765, "", "https://proxy.test:8765/seedance"),
        ("http://[::1]/a", 80, None, "http://[::1]:80/a"),
        ("proxy.test", 8765, "http", "http://proxy.test:8765"),
        ("https://proxy.test/a", None, "HTTPS", "https://proxy.test/a"),
        ("127.0.0.1", 8765, "modelark", "127.0.0.1:8765/modelark"),
        ("https://proxy.test/", None, "/a/b/", "https://proxy.test/a/b"),
    ],
)
def test_one_address_is_made_of_all_parts(host: str, port: int, schema: str, url: str | None) -> None:
    """The port stands behind the host's name, and the path of a URI behind all."""
    assert join_address(host, port, schema) == url


@pytest.mark.parametrize(
    ("host", "port", "schema", "said"),
    [
        ("", 8765, "", "port=8765 is set without a host"),
        ("", None, "https", "schema='https' is set without a host"),
        ("https://proxy.test", None, "http", "schema='http' contradicts host='https://proxy.test'"),
        ("proxy.test:80", 8765, "", "port=8765 contradicts host='proxy.test:80', which has port 80"),
    ],
)
def test_parts_that_contradict_each_other(host: str, port: int, schema: str, said: str) -> None:
    """Nothing is dropped to make them fit."""
    with pytest.raises(ConfigurationError, match=said):
        join_address(host, port, schema)


def test_a_login_may_be_the_key() -> None:
    """It is refused, and not shown."""
    with pytest.raises(ConfigurationError, match=r"(?s)login.*connection's password") as refused:
        check_login("sk-abcdefgh")
    assert "abcdefgh" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "parsed", "said"),
    [
        ('"{}"', '{"vendor": "evolink"}', "JSON within JSON text"),
        ("[]", [1], "must be a JSON object .*, not a list"),
        ("7", 7, "not a int"),
        ("vendor=evolink", {}, "extra is not JSON"),
        ("{}", {"max_concurency": 5}, r"'max_concurency': did you mean 'max_concurrency'\?"),
        ("{}", {"Vendor": "evolink"}, r"'Vendor': did you mean 'vendor'\?"),
        ("{}", {"colour": "red"}, "(?s)'colour'\nKnown are: vendor, region"),
    ],
)
def test_an_extra_that_cannot_be_used(text: str, parsed: Any, said: str) -> None:
    """Airflow stores it without a word."""
    with pytest.raises(ConfigurationError, match=said):
        read_extra(text, parsed)


@pytest.mark.parametrize(("text", "parsed"), [(None, {}), ("", {}), ("{ }", {}), ("{...}", {"vendor": "x"})])
def test_an_extra_that_can(text: str | None, parsed: Any) -> None:
    assert read_extra(text, parsed) == parsed

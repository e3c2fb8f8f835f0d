"""The parts of a connection, as Airflow stores them: each one is used, or refused by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.core.suggestions import did_you_mean
from airflow_provider_seedance.errors import ConfigurationError

#: What a connection's extra may hold.
EXTRA_NAMES = (
    "vendor",
    "region",
    "request_timeout",
    "max_concurrency",
    "catalog",
    "prices",
    "access_key_id",
    "secret_access_key",
    "budgets",
    "min_balance",
    "webhook_secret",
)
_SCHEMES = ("http", "https")


def check_login(login: str | None) -> None:
    """Refuse what a user may take for the place of the key.

    :raises ConfigurationError: if there is anything; its value is not shown, since it may be the key.
    """
    if login:
        raise ConfigurationError(
            "login is set, and nothing reads it",
            advice="Leave login empty, and put the API key into the connection's password.",
        )


def join_address(host: str | None, port: int | None, schema: str | None) -> str | None:
    """The base URL that host, port and schema make together; ``None`` if there is none.

    ``schema`` is ``http`` or ``https``, or the path of a connection that is written as a URI.

    :raises ConfigurationError: if one of them is without a host, or contradicts it.
    """
    host, schema = (host or "").strip(), (schema or "").strip().strip("/")
    if not host:
        for name, value in (("port", port), ("schema", schema)):
            if value:
                raise ConfigurationError(f"{name}={describe(value)} is set without a host to use it with")
        return None
    if schema and schema.lower() in _SCHEMES:
        host, schema = _with_scheme(host, schema.lower()), ""
    if port:
        host = _with_port(host, port)
    return f"{host.rstrip('/')}/{schema}" if schema else host


def _with_scheme(host: str, scheme: str) -> str:
    given, separator, _ = host.partition("://")
    if separator and given.lower() != scheme:
        raise ConfigurationError(f"schema={scheme!r} contradicts host={describe(host)}; give one of them")
    return host if separator else f"{scheme}://{host}"


def _with_port(host: str, port: int) -> str:
    """The port goes behind the host's name, before a prefix."""
    scheme, separator, rest = host.rpartition("://")
    name, slash, prefix = rest.partition("/")
    if (own := _port_of(name)) not in (None, port):
        raise ConfigurationError(f"port={port} contradicts host={describe(host)}, which has port {own}")
    name = name if own else f"{name}:{port}"
    return f"{scheme}{separator}{name}{slash}{prefix}"


def _port_of(name: str) -> int | None:
    try:
        return urlsplit(f"//{name}").port
    except ValueError:
        return None


def read_extra(text: str | None, parsed: Any) -> Mapping[str, Any]:
    """The extra as an object.

    :param text: as it is stored.
    :param parsed: what Airflow made of it.
    :raises ConfigurationError: if it is none, or holds something that nothing reads.
    """
    if isinstance(parsed, str):
        raise ConfigurationError("extra is JSON within JSON text; give the object itself, encoded once")
    if not isinstance(parsed, Mapping):
        raise ConfigurationError(
            f'extra must be a JSON object such as {{"vendor": ...}}, not a {type(parsed).__name__}'
        )
    if text and text.strip() and not parsed and text.strip().strip("{} \n\t"):
        raise ConfigurationError('extra is not JSON; give an object such as {"vendor": "..."}')
    if unknown := [name for name in parsed if name not in EXTRA_NAMES]:
        raise ConfigurationError(_unknown_extras(unknown))
    return parsed


def _unknown_extras(names: list[str]) -> str:
    listed = "".join(
        f"\n- {describe(name)}: {did_you_mean(name, EXTRA_NAMES)}".rstrip(" :") for name in names
    )
    return f"extra holds what nothing reads:{listed}\nKnown are: {', '.join(EXTRA_NAMES)}"

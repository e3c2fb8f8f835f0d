"""An Airflow connection as the account of a vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_provider_seedance.core.client.account import Account

CONNECTION_TYPE = "seedance"
#: Characters of the shortest secret that Airflow masks, and the words that it leaves alone.
SHORTEST_MASKED = 5
NEVER_MASKED = ("airflow",)


def account_of(conn_id: str, connection: Connection) -> Account:
    """The account that a connection of this id names.

    :raises ConfigurationError: naming what is missing or wrong in it.
    """
    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.client.connection_parts import check_login, join_address, read_extra
    from airflow_provider_seedance.errors import ConfigurationError
    from airflow_provider_seedance.runtime.config import download_options

    _check_type(conn_id, connection)
    try:
        extra = read_extra(connection.extra, connection.extra_dejson)
        check_login(connection.login)
        account = Account.create(
            vendor=extra.get("vendor"),
            api_key=connection.password,
            host=join_address(connection.host, connection.port, connection.schema),
            region=extra.get("region"),
            request_timeout=extra.get("request_timeout"),
            max_concurrency=extra.get("max_concurrency"),
            catalog_rows=extra.get("catalog") or (),
            price_rows=extra.get("prices") or (),
            access_key_id=extra.get("access_key_id") or None,
            secret_access_key=extra.get("secret_access_key") or None,
            budgets=extra.get("budgets"),
            min_balance=extra.get("min_balance"),
            webhook_secret=extra.get("webhook_secret") or None,
            connection=conn_id,
            **download_options(),
        )
        _check_that_airflow_masks(connection.password, extra.get("vendor"))
    except ConfigurationError as error:
        error.about(connection=conn_id)
        raise
    return account


def _check_type(conn_id: str, connection: Connection) -> None:
    """Refuse a connection to another system, whose password is none of a vendor's business."""
    from airflow_provider_seedance.errors import ConfigurationError

    if connection.conn_type != CONNECTION_TYPE:
        raise ConfigurationError(
            f"connection {conn_id!r} is of type {connection.conn_type!r}, not {CONNECTION_TYPE!r}",
            advice="Name another connection in seedance_conn_id, or set this one's type and its vendor.",
            connection=conn_id,
        )


def _check_that_airflow_masks(key: str | None, vendor: str | None) -> None:
    """Refuse a key that would stand in every log."""
    from airflow_provider_seedance.errors import ConfigurationError

    key = (key or "").strip()
    if key and (len(key) < SHORTEST_MASKED or key.lower() in NEVER_MASKED):
        raise ConfigurationError(
            f"Airflow would not mask this API key: it masks no secret of fewer than {SHORTEST_MASKED} characters, and"
            f" never the word {' or '.join(NEVER_MASKED)}",
            vendor=vendor,
            advice="Make a longer key at the vendor and put it into the connection's password.",
        )

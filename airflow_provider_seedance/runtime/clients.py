"""Clients by the id of their Airflow connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.exceptions import not_found_exception

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.account import Account
    from airflow_provider_seedance.core.client.http import SeedanceClient


class ClientPool:
    """Opens the client of a connection at its first use. A context manager that closes them all."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._clients: dict[str, SeedanceClient] = {}

    def __call__(self, seedance_conn_id: str) -> SeedanceClient:
        """The client of this connection.

        :raises ConfigurationError: if there is no such connection, or it is unusable.
        """
        from airflow_provider_seedance.core.client.http import SeedanceClient

        if seedance_conn_id not in self._clients:
            client = SeedanceClient(account_of(seedance_conn_id), clock=clock.SYSTEM_CLOCK)
            self._clients[seedance_conn_id] = self._stack.enter_context(client)
        return self._clients[seedance_conn_id]

    def __enter__(self) -> ClientPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def account_of(seedance_conn_id: str) -> Account:
    """The account that a connection names.

    :raises ConfigurationError: if there is no such connection, or it is unusable.
    """
    from airflow_provider_seedance.errors import ConfigurationError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    try:
        return SeedanceHook(seedance_conn_id).get_account()
    except not_found_exception() as fault:
        raise ConfigurationError(f"connection {seedance_conn_id!r} does not exist") from fault


def accounts_of(seedance_conn_ids: Iterable[str]) -> Callable[[str], Account]:
    """The accounts of these connections, looked up now: threads of a task do not ask Airflow.

    :returns: the account of a connection; raises ``ConfigurationError`` as :func:`account_of`.
    """
    from airflow_provider_seedance.errors import ConfigurationError

    found: dict[str, Account | ConfigurationError] = {}
    for conn_id in seedance_conn_ids:
        try:
            found[conn_id] = account_of(conn_id)
        except ConfigurationError as error:
            found[conn_id] = error

    def known(conn_id: str) -> Account:
        if isinstance(account := found[conn_id], ConfigurationError):
            raise account
        return account

    return known

"""Clients by the id of their Airflow connection."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

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
        :raises NotSent: if Airflow cannot read it at the moment.
        """
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        if seedance_conn_id not in self._clients:
            client = SeedanceHook(seedance_conn_id).get_conn()
            self._clients[seedance_conn_id] = self._stack.enter_context(client)
        return self._clients[seedance_conn_id]

    def __enter__(self) -> ClientPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def accounts_of(seedance_conn_ids: Iterable[str]) -> Callable[[str], Account]:
    """The accounts of these connections, looked up now: threads of a task do not ask Airflow.

    :returns: the account of a connection; raises ``ConfigurationError`` if there is none, or it is unusable.
    :raises NotSent: if Airflow cannot read one at the moment.
    """
    from airflow_provider_seedance.errors import ConfigurationError
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    found: dict[str, Account | ConfigurationError] = {}
    for conn_id in seedance_conn_ids:
        try:
            found[conn_id] = SeedanceHook(conn_id).get_account()
        except ConfigurationError as error:
            found[conn_id] = error

    def known(conn_id: str) -> Account:
        if isinstance(account := found[conn_id], ConfigurationError):
            raise account
        return account

    return known

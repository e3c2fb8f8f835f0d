"""The ledger that ``[seedance] ledger_conn_id`` names."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.runtime.config import ledger_conn_id, ledger_keeps_prompts

if TYPE_CHECKING:
    from airflow.sdk import Connection
    from sqlalchemy import URL

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.ledger.ledger import Ledger
    from airflow_provider_seedance.core.lifecycle.reuse import Reuse
    from airflow_provider_seedance.core.submission.ledger_records import IntentBook, LedgerRecords
    from airflow_provider_seedance.core.submission.paying import BeginIntent
    from airflow_provider_seedance.core.submission.record import RecordStore, TaskIdentity

#: What Airflow calls each database in a connection's type.
_DATABASES = {"sqlite": "sqlite", "postgres": "postgresql", "postgresql": "postgresql"}
#: Each process has connections of its own: a forked one must not use its parent's.
_opened: dict[tuple[int, URL], Ledger] = {}


def open_ledger() -> Ledger | None:
    """The ledger; ``None`` if none is configured.

    :raises ConfigurationError: if its connection does not exist or cannot be used.
    :raises NotSent: if Airflow cannot read its connection at the moment.
    :raises LedgerUnavailable: if its database cannot be reached.
    """
    conn_id = ledger_conn_id()
    return None if conn_id is None else _open_at(_url_of(conn_id))


def _open_at(url: URL) -> Ledger:
    from airflow_provider_seedance.core.ledger.engine import make_engine
    from airflow_provider_seedance.core.ledger.ledger import Ledger

    key = (os.getpid(), url)
    if key not in _opened:
        _opened[key] = Ledger.open(make_engine(url))
    return _opened[key]


def require_ledger(what: str) -> Ledger:
    """The ledger.

    :param what: needs it, for the error.
    :raises ConfigurationError: if none is configured.
    """
    from airflow_provider_seedance.errors import ConfigurationError

    ledger = open_ledger()
    if ledger is None:
        raise ConfigurationError(
            f"{what} needs a ledger, and there is none",
            advice="Name a connection to an SQLite or PostgreSQL database in [seedance] ledger_conn_id.",
        )
    return ledger


def intent_book() -> IntentBook | None:
    """How intents are written into the ledger; ``None`` if none is configured.

    Its connection is looked up here, since threads of a task do not ask Airflow; its database is reached for later.
    """
    from airflow_provider_seedance.errors import SeedanceError

    conn_id = ledger_conn_id()
    if conn_id is None:
        return None
    from airflow_provider_seedance.core.submission.ledger_records import IntentBook

    opened: Callable[[], Ledger]
    try:
        opened = partial(_open_at, _url_of(conn_id))
    except SeedanceError as fault:
        opened = partial(_raise, fault)
    return IntentBook(opened, clock.SYSTEM_CLOCK, ledger_keeps_prompts())


def _raise(fault: Exception) -> NoReturn:
    raise fault


def ledger_records(task: TaskIdentity, summary: RecordStore, *, durable: bool) -> LedgerRecords | None:
    """The records of a task instance in the ledger; ``None`` if none is configured.

    :param summary: where they are without one.
    :param durable: whether a later try is to find them; if not, each try is an owner of its own.
    """
    from airflow_provider_seedance.core.submission.ledger_records import LedgerRecords, owner_of

    book = intent_book()
    if book is None:
        return None
    once = "" if durable else clock.SYSTEM_CLOCK.random().hex()
    return LedgerRecords(book, owner_of(task, once=once), summary)


def begin_in_ledger(store: RecordStore) -> BeginIntent | None:
    """How a store makes new intents, if it is in the ledger."""
    from airflow_provider_seedance.core.submission.ledger_records import LedgerRecords

    return store.begin if isinstance(store, LedgerRecords) else None


def check_has_ledger(client: SeedanceClient) -> None:
    """Refuse a connection whose budgets nothing keeps.

    :raises ConfigurationError: if it has budgets, and there is no ledger.
    """
    if client.limits and ledger_conn_id() is None:
        require_ledger("a connection with budgets")


def standings(client: SeedanceClient, seedance_conn_id: str, task: TaskIdentity) -> list[dict[str, Any]]:
    """How the connection's budgets stand, as JSON objects.

    :raises SeedanceError: if the ledger cannot be asked.
    """
    from airflow_provider_seedance.core.clock import utc_now
    from airflow_provider_seedance.core.ledger.budgets import Scope

    if not client.limits:
        return []
    scope = Scope(seedance_conn_id, task.dag_id, task.run_id, utc_now(clock.SYSTEM_CLOCK))
    ledger = require_ledger("a connection with budgets")
    return [standing.to_dict() for standing in ledger.standings(client.limits, scope)]


def reuse_of(max_age: float | None, overwrite: Overwrite) -> Reuse:
    """Where videos of equal requests are looked for.

    :param max_age: seconds.
    :param overwrite: what to do about a file at their destination.
    """
    from airflow_provider_seedance.core.lifecycle.reuse import Reuse
    from airflow_provider_seedance.runtime.object_storage import path_from_uri

    return Reuse(partial(require_ledger, "reuse=True"), path_from_uri, clock.SYSTEM_CLOCK, max_age, overwrite)


def _url_of(conn_id: str) -> URL:
    """Where a connection's database is."""
    from airflow.sdk import BaseHook
    from sqlalchemy import URL

    from airflow_provider_seedance.errors import ConfigurationError
    from airflow_provider_seedance.runtime.connections import connection_error

    try:
        connection: Connection = BaseHook.get_connection(conn_id)
    except Exception as fault:
        raise connection_error(conn_id, fault) from fault
    database = _DATABASES.get(str(connection.conn_type))
    if database is None:
        raise ConfigurationError(
            f"the ledger's connection {conn_id!r} has type {connection.conn_type!r}; it must be sqlite or postgres"
        )
    if database == "sqlite":
        return URL.create(database, database=connection.host or connection.schema)
    options: dict[str, Any] = connection.extra_dejson
    return URL.create(
        f"{database}+{_postgres_driver()}",
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
        query={name: value for name, value in options.items() if isinstance(value, str)},
    )


def _postgres_driver() -> str:
    """The driver that Airflow's PostgreSQL provider has brought."""
    from importlib.util import find_spec

    return "psycopg" if find_spec("psycopg2") is None and find_spec("psycopg") else "psycopg2"

"""The connection to the ledger's database: SQLite for one machine, PostgreSQL for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from airflow_provider_seedance.errors import ConfigurationError, LedgerUnavailable

#: Seconds that a write of another process is waited for, and a server that does not answer.
LOCK_TIMEOUT, CONNECT_TIMEOUT = 30, 10
DATABASES = ("sqlite", "postgresql")
#: The execution option of a connection in whose transaction nothing is written.
ONLY_READS = "seedance_only_reads"


def make_engine(url: URL) -> Engine:
    """The engine of a ledger's database.

    :raises ConfigurationError: if it is no database that can hold a ledger, or its driver is not installed.
    """
    database = url.get_backend_name()
    if database not in DATABASES:
        raise ConfigurationError(f"a ledger can be in {' or '.join(DATABASES)}, not in {database}")
    try:
        if database == "sqlite":
            return _sqlite(create_engine(url, hide_parameters=True, connect_args={"timeout": LOCK_TIMEOUT}))
        arguments = {"connect_timeout": CONNECT_TIMEOUT}
        return create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments)
    except ImportError as fault:
        raise ConfigurationError(f"the ledger's database driver is not installed: {fault}") from fault


def _sqlite(engine: Engine) -> Engine:
    """A transaction that writes takes the write lock when it begins, so that what it reads stays true until it commits.

    One that only reads waits for nobody.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        # Of many processes that switch to WAL at once, one does it for all.
        with suppress(engine.dialect.import_dbapi().OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        # A note "about to pay for this" must survive a power cut.
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(ONLY_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for a single query.

    :raises LedgerUnavailable: if the database cannot be asked.
    """
    with database_errors("read"), engine.connect() as connection:
        yield connection.execution_options(**{ONLY_READS: True})


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction, which is committed at the end of the block.

    :raises IntegrityError: if a row with the same key is there.
    :raises LedgerUnavailable: if that may not have been done.
    """
    with database_errors("written"), engine.begin() as connection:
        yield connection


@contextmanager
def database_errors(what: str) -> Iterator[None]:
    """Errors of the database as :class:`LedgerUnavailable`, without its password and statements."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as fault:
        # The driver's own words: SQLAlchemy adds the statement.
        cause = getattr(fault, "orig", None) or fault
        told = str(cause).strip().partition("\n")[0]
        kind = "is not reachable" if isinstance(fault, OperationalError) else f"cannot be {what}"
        raise LedgerUnavailable(
            f"the ledger {kind} ({type(cause).__name__}: {told})",
            advice="Nothing was sent. Check the connection that [seedance] ledger_conn_id names; a retry may help.",
        ) from fault

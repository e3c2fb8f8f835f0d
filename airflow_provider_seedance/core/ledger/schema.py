"""The ledger's table, and how an older one becomes the present one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.types import TypeDecorator

from airflow_provider_seedance.core.ledger.entries import LONGEST_SUBMISSION
from airflow_provider_seedance.errors import ConfigurationError

_BILLIONTHS = Decimal(10) ** 9
#: The key of PostgreSQL's advisory lock for creating and upgrading: "seedance" as a number.
_SCHEMA_LOCK = int.from_bytes(b"seedance", "big", signed=True)


class Money(TypeDecorator[Decimal]):
    """An amount as a whole number of billionths, so that every database sums it without rounding."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int((value * _BILLIONTHS).to_integral_value(ROUND_HALF_EVEN))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value) / _BILLIONTHS


class UtcTime(TypeDecorator[datetime]):
    """A moment; always with UTC in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(timezone.utc) if value.tzinfo else value.replace(tzinfo=timezone.utc)


metadata = MetaData()

versions = Table("seedance_ledger_version", metadata, Column("version", Integer, nullable=False))

intents = Table(
    "seedance_intents",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    # Who: ``owner`` names the task instance, or its row of a batch; ``number`` counts its intents.
    Column("owner", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("intent_id", String(64), nullable=False, unique=True),
    Column("dag_id", String(250)),
    Column("run_id", String(250)),
    Column("task_id", String(250)),
    Column("map_index", Integer),
    Column("batch_row", Integer),
    # What.
    Column("fingerprint", String(80), nullable=False),
    Column("model", String(200)),
    Column("mode", String(20)),
    Column("prompt", Text),
    Column("request", Text),
    # Where.
    Column("vendor", String(50), nullable=False),
    Column("account_id", String(64)),
    Column("seedance_conn_id", String(250), nullable=False),
    Column("generation_id", String(200)),
    # How much. ``counted`` is what budgets count: the estimate, until the cost is known in its currency.
    Column("estimate_amount", Money),
    Column("estimate_currency", String(20)),
    Column("counted_amount", Money),
    Column("counted_currency", String(20)),
    Column("cost_amount", Money),
    Column("cost_currency", String(20)),
    Column("cost_basis", String(20), nullable=False),
    Column("tokens", BigInteger),
    # What became of it; ``created_on`` is the UTC day of ``created_at``.
    Column("status", String(20), nullable=False),
    Column("reason", Text),
    # What the vendor last said while it was under way: ``queued`` or ``running``, and percent.
    Column("vendor_status", String(20)),
    Column("progress", Integer),
    Column("created_at", UtcTime, nullable=False),
    Column("created_on", String(10), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("landed_uri", Text),
    Column("landed_at", UtcTime),
    Column("manifest", Text),
    Column("record", Text, nullable=False),
    UniqueConstraint("owner", "number", name="uq_seedance_intents_owner"),
)

# Each serves one question, and holds the columns that its answer needs.
Index(
    "ix_seedance_intents_budget",
    intents.c.seedance_conn_id,
    intents.c.counted_currency,
    intents.c.created_at,
    intents.c.settled_at,
    intents.c.counted_amount,
)
Index("ix_seedance_intents_run", intents.c.dag_id, intents.c.run_id, intents.c.seedance_conn_id)
Index("ix_seedance_intents_dag", intents.c.dag_id, intents.c.created_at)
# In the order in which spend is summed, so that SQLite does not sort a month of rows to group them.
Index(
    "ix_seedance_intents_spend",
    intents.c.created_on,
    intents.c.dag_id,
    intents.c.model,
    intents.c.vendor,
    intents.c.cost_currency,
    intents.c.cost_basis,
    intents.c.status,
    intents.c.cost_amount,
    intents.c.tokens,
    intents.c.created_at,
)
Index(
    "ix_seedance_intents_gallery",
    intents.c.dag_id,
    intents.c.vendor,
    intents.c.model,
    intents.c.status,
    intents.c.cost_currency,
    intents.c.cost_basis,
    intents.c.cost_amount,
)
Index("ix_seedance_intents_generation", intents.c.vendor, intents.c.generation_id)
Index("ix_seedance_intents_fingerprint", intents.c.fingerprint, intents.c.vendor, intents.c.landed_at)
Index(
    "ix_seedance_intents_open",
    intents.c.seedance_conn_id,
    sqlite_where=intents.c.settled_at.is_(None),
    postgresql_where=intents.c.settled_at.is_(None),
)


def has_unknown_outcome(now: datetime) -> ColumnElement[bool]:
    """Intents of which nobody knows whether they bought anything, and which are not on their way any more."""
    rows = intents.c
    return and_(
        rows.status == "intended",
        rows.generation_id.is_(None),
        rows.settled_at.is_(None),
        rows.created_at < now - LONGEST_SUBMISSION,
    )


Step = Callable[[Connection], None]

#: Each makes one version of the schema from the one before; a step that was released is never changed.
STEPS: tuple[Step, ...] = (metadata.create_all,)


def migrate(engine: Engine, steps: Sequence[Step] = STEPS) -> None:
    """Bring the database to the version that ``steps`` lead to. Any number of processes may do it at once.

    :raises ConfigurationError: if a later version of this package has made it.
    """
    with engine.connect() as connection:
        found = _version(connection)
    if found == len(steps):
        return
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        found = _version(connection)
        if found > len(steps):
            raise ConfigurationError(
                f"the ledger has version {found}, and this package knows versions up to {len(steps)}",
                advice="Install the same version of airflow-provider-seedance everywhere.",
            )
        for step in steps[found:]:
            step(connection)
        if found < len(steps):
            _set_version(connection, len(steps), first=found == 0)


def _version(connection: Connection) -> int:
    """The schema's version; 0 without one."""
    if not inspect(connection).has_table(versions.name):
        return 0
    return connection.execute(select(versions.c.version)).scalar() or 0


def _set_version(connection: Connection, version: int, *, first: bool) -> None:
    statement = insert(versions) if first else update(versions)
    connection.execute(statement.values(version=version))

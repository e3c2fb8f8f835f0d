"""The ledger: intents are inserted once, reserved against budgets in the same transaction, and settled at the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from airflow_provider_seedance.core.ledger import budgets
from airflow_provider_seedance.core.ledger.engine import database_errors, reading, writing
from airflow_provider_seedance.core.ledger.entries import Intent, Progress, Settlement, to_json, utc_day
from airflow_provider_seedance.core.ledger.schema import Money, UtcTime, intents, migrate
from airflow_provider_seedance.core.money import SpendLimit
from airflow_provider_seedance.errors import Kind, LedgerUnavailable, SeedanceError
from airflow_provider_seedance.models import Pending

log = logging.getLogger(__name__)

Row = dict[str, Any]

#: Intents that surely have no video.
WITHOUT_VIDEO = ("refused", "failed", "expired", "cancelled")

# What each submission asks is made once: SQLAlchemy takes longer to put it together than a database to answer it.
_INSERT = insert(intents)
_FORGET_UNSENT = delete(intents).where(
    intents.c.intent_id == bindparam("of_intent_id"), intents.c.generation_id.is_(None)
)
_LATEST_RECORD = (
    select(intents.c.record)
    .where(intents.c.owner == bindparam("of_owner"))
    .order_by(intents.c.number.desc())
    .limit(1)
)
_NOTE_PENDING = (
    update(intents)
    .where(
        intents.c.vendor == bindparam("of_vendor"),
        intents.c.generation_id == bindparam("of_generation_id"),
        intents.c.settled_at.is_(None),
    )
    .values(vendor_status=bindparam("told_status"), progress=bindparam("told_progress"))
)


class IntentTaken(SeedanceError):
    """Another try of the same task made this intent first. Nothing was sent."""

    kind = Kind.CONFLICT


class Ledger:
    """One database of intents. Safe to use from many threads and processes.

    :param engine: from :func:`~airflow_provider_seedance.core.ledger.engine.make_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, engine: Engine) -> Ledger:
        """The ledger in this database, which is created or upgraded if need be.

        :raises LedgerUnavailable: if it cannot be reached.
        :raises ConfigurationError: if a later version of this package has made it.
        """
        with database_errors("set up"):
            migrate(engine)
        return cls(engine)

    def insert(self, intent: Intent, limits: Sequence[SpendLimit] = ()) -> None:
        """Make an intent and reserve its estimate, in one transaction.

        One of the same id that has bought nothing, as far as is known, is made anew: it counts once, from now on.

        :raises IntentTaken: if its owner has an intent of this number.
        :raises BudgetExceeded: if the limits leave no room for it, or cannot be compared with its estimate.
        :raises LedgerUnavailable: if it may not have been made.
        """
        try:
            with writing(self.engine) as connection:
                connection.execute(_FORGET_UNSENT, {"of_intent_id": intent.intent_id})
                standings = self._reserve(connection, intent, limits)
                connection.execute(_INSERT, _new_row(intent))
        except IntegrityError as fault:
            if not self._has(intent.owner.key, intent.number):
                raise LedgerUnavailable(f"the ledger does not take intent {intent.intent_id}") from fault
            raise IntentTaken(
                f"another try made intent {intent.number} of this task first", vendor=intent.vendor
            ) from fault
        for standing in standings:
            if standing.is_nearly_used_up:
                log.warning("Budget of connection %s: %s.", intent.seedance_conn_id, standing)

    def _has(self, owner: str, number: int) -> bool:
        found = select(intents.c.id).where(intents.c.owner == owner, intents.c.number == number)
        with reading(self.engine) as connection:
            return connection.execute(found).scalar() is not None

    def _reserve(
        self, connection: Connection, intent: Intent, limits: Sequence[SpendLimit]
    ) -> list[budgets.Standing]:
        if not limits:
            return []
        budgets.lock(connection, intent.seedance_conn_id)
        owner = intent.owner
        scope = budgets.Scope(intent.seedance_conn_id, owner.dag_id, owner.run_id, intent.created_at)
        return budgets.check_limits(connection, limits, scope, intent.order.estimate, vendor=intent.vendor)

    def write(self, intent: Intent, now: datetime) -> None:
        """Put an intent's progress on record; an intent that is not there is added, whatever the budgets say.

        :raises LedgerUnavailable: if it may not have been done.
        """
        which = intents.c.intent_id == intent.intent_id
        try:
            with writing(self.engine) as connection:
                if not _update(connection, which, intent.progress, now):
                    connection.execute(_INSERT, _new_row(intent))
                    _update(connection, which, intent.progress, now)
        except IntegrityError as fault:
            # Its owner has another intent of this number.
            raise LedgerUnavailable(f"the ledger does not take intent {intent.intent_id}") from fault

    def progress(self, row_id: int, progress: Progress, now: datetime) -> None:
        """Put the progress of a row on record, by its number in the ledger."""
        with writing(self.engine) as connection:
            _update(connection, intents.c.id == row_id, progress, now)

    def note_pending(self, pending: Iterable[Pending]) -> None:
        """Put on record what vendors say of generations under way; nothing of those that have ended.

        :raises LedgerUnavailable: if it may not have been done.
        """
        told = [
            {
                "of_vendor": generation.vendor,
                "of_generation_id": generation.generation_id,
                "told_status": generation.status.value,
                "told_progress": generation.progress,
            }
            # In one order in all triggerers, so that none of them waits for another that waits for it.
            for generation in sorted(pending, key=lambda generation: generation.generation_id)
        ]
        with writing(self.engine) as connection:
            connection.execute(_NOTE_PENDING, told)

    def note_landed(self, manifest: Mapping[str, Any], now: datetime) -> None:
        """Put on record where a generation's video was landed, by another task than the one that paid for it."""
        source = manifest["source"]
        which = (intents.c.vendor == source["vendor"]) & (intents.c.generation_id == source["generation_id"])
        with writing(self.engine) as connection:
            connection.execute(update(intents).where(which).values(_landed(manifest, now)))

    def latest_record(self, owner: str) -> dict[str, Any] | None:
        """The submission record of an owner's latest intent; ``None`` if it surely has none."""
        with reading(self.engine) as connection:
            stored = connection.execute(_LATEST_RECORD, {"of_owner": owner}).scalar()
        return None if stored is None else json.loads(stored)

    def standings(self, limits: Sequence[SpendLimit], scope: budgets.Scope) -> list[budgets.Standing]:
        """How each of the limits stands."""
        with reading(self.engine) as connection:
            return [budgets.standing(connection, limit, scope) for limit in limits]

    def landed(self, fingerprint: str, vendor: str, since: datetime | None = None) -> list[dict[str, Any]]:
        """The manifests of the videos that an equal request has made, the latest first.

        :param since: only of those landed at or after this moment.
        """
        rows = intents.c
        found = select(rows.manifest).where(
            rows.fingerprint == fingerprint,
            rows.vendor == vendor,
            rows.landed_at.is_not(None),
            rows.status == "succeeded",
        )
        if since is not None:
            found = found.where(rows.landed_at >= since)
        with reading(self.engine) as connection:
            manifests = connection.execute(found.order_by(rows.landed_at.desc()).limit(10)).scalars()
            return [json.loads(manifest) for manifest in manifests]

    def landed_since(self, moment: datetime) -> list[dict[str, Any]]:
        """The manifests of all videos landed at or after a moment."""
        found = select(intents.c.manifest).where(intents.c.landed_at >= moment)
        with reading(self.engine) as connection:
            return [json.loads(manifest) for manifest in connection.execute(found).scalars()]

    def records_to_rescue(self, vendor: str, account_id: str, since: datetime) -> list[dict[str, Any]]:
        """The submission records of an account's generations that may have a video which nobody has, the oldest first.

        :param since: only of intents made at or after this moment; those landed since are among them, because their
            files may be gone.
        """
        rows = intents.c
        found = select(rows.record).where(
            rows.vendor == vendor,
            rows.account_id == account_id,
            rows.generation_id.is_not(None),
            rows.status.not_in(WITHOUT_VIDEO),
            rows.created_at >= since,
        )
        with reading(self.engine) as connection:
            records = connection.execute(found.order_by(rows.id)).scalars()
            return [json.loads(record) for record in records if record]

    def find(self, intent_id: str) -> Row | None:
        """An intent's row; ``None`` if there is none."""
        with reading(self.engine) as connection:
            found = connection.execute(select(intents).where(intents.c.intent_id == intent_id)).one_or_none()
        return None if found is None else dict(found._mapping)

    def unsettled_of(self, vendor: str, generation_id: str) -> list[Row]:
        """The rows of a generation whose cost is not final: one at most, as a rule."""
        rows = intents.c
        found = select(intents).where(
            rows.vendor == vendor, rows.generation_id == generation_id, rows.settled_at.is_(None)
        )
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(found)]

    def unsettled(
        self, vendor: str, account_id: str | None, *, after_id: int = 0, limit: int = 100
    ) -> list[Row]:
        """Rows of an account whose cost is not final, the oldest first.

        :param after_id: only those above this ``id``.
        """
        rows = intents.c
        found = (
            select(intents)
            .where(
                rows.settled_at.is_(None),
                rows.vendor == vendor,
                rows.account_id == account_id,
                rows.id > after_id,
            )
            .order_by(rows.id)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(found)]


def _new_row(intent: Intent) -> Row:
    order, estimate = intent.order, intent.order.estimate
    currency = estimate.currency and estimate.currency.upper()
    progress = intent.progress
    return {
        **{name if name != "key" else "owner": value for name, value in vars(intent.owner).items()},
        "number": intent.number,
        "intent_id": intent.intent_id,
        "fingerprint": order.fingerprint,
        "model": order.model,
        "mode": order.mode,
        "prompt": order.prompt,
        "request": order.request,
        "vendor": intent.vendor,
        "account_id": intent.account_id,
        "seedance_conn_id": intent.seedance_conn_id,
        "generation_id": progress.generation_id,
        "estimate_amount": estimate.amount,
        "estimate_currency": estimate.currency,
        "counted_amount": estimate.amount,
        "counted_currency": currency,
        "cost_amount": estimate.amount,
        "cost_currency": estimate.currency,
        "cost_basis": "reserved" if estimate.amount is not None else "unknown",
        "status": progress.status,
        "created_at": intent.created_at,
        "created_on": utc_day(intent.created_at),
        "updated_at": intent.created_at,
        "record": to_json(progress.record or {}),
    }


def _update(connection: Connection, which: Any, progress: Progress, now: datetime) -> bool:
    """Whether there was such a row. What is known already is never unlearned."""
    changes: Row = {
        "status": progress.status,
        "reason": progress.reason,
        "updated_at": now,
    }
    if progress.record is not None:
        changes["record"] = to_json(progress.record)
    if progress.generation_id is not None:
        changes["generation_id"] = progress.generation_id
    if progress.manifest is not None:
        changes |= _landed(progress.manifest, now)
    if progress.settlement is not None:
        changes |= _settled(progress.settlement, now)
    return connection.execute(update(intents).where(which).values(changes)).rowcount > 0


def _landed(manifest: Mapping[str, Any], now: datetime) -> Row:
    return {"manifest": to_json(manifest), "landed_uri": manifest["uri"], "landed_at": now}


def _settled(settlement: Settlement, now: datetime) -> Row:
    """The final cost. In another currency than the estimate's, budgets go on counting the estimate."""
    rows, cost = intents.c, settlement.cost
    changes: Row = {"settled_at": func.coalesce(rows.settled_at, literal(now, UtcTime))}
    if settlement.tokens is not None:
        changes["tokens"] = settlement.tokens
    if cost.amount is None:
        return {
            **changes,
            "cost_basis": case((rows.cost_basis == "reserved", "estimated"), else_=rows.cost_basis),
        }
    currency = cost.currency.upper() if cost.currency else rows.counted_currency
    comparable = or_(rows.counted_currency.is_(None), rows.counted_currency == currency)
    return {
        **changes,
        "cost_amount": cost.amount,
        "cost_currency": cost.currency or rows.cost_currency,
        "cost_basis": cost.basis,
        "counted_amount": case((comparable, literal(cost.amount, Money)), else_=rows.counted_amount),
        "counted_currency": func.coalesce(rows.counted_currency, currency),
    }

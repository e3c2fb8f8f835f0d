"""What the ledger is told: a new intent, and what becomes of it. Frozen values, without any SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal

from airflow_provider_seedance.models import Cost

#: ``intended``: it is not known whether the vendor accepted it. ``submitted``: it has a generation id. ``refused``:
#: the vendor surely did not accept it. The others are those of generations.
IntentStatus = Literal["intended", "submitted", "refused", "succeeded", "failed", "expired", "cancelled"]

#: A younger intent without a generation id may be on its way to the vendor: a create may take 300 seconds.
LONGEST_SUBMISSION = timedelta(minutes=10)


@dataclass(frozen=True)
class Owner:
    """Who pays: a task instance, or one row of its batch.

    :param key: names it; the intents of one owner are numbered.
    """

    key: str
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    batch_row: int | None = None


@dataclass(frozen=True)
class Order:
    """What is to be paid for.

    :param prompt: ``None`` where prompts are not to be stored.
    :param request: the rest of the request as JSON, without secrets.
    :param estimate: the most that it can cost.
    """

    fingerprint: str
    model: str | None = None
    mode: str | None = None
    prompt: str | None = None
    request: str | None = None
    estimate: Cost = field(default_factory=Cost)


@dataclass(frozen=True)
class Settlement:
    """What an intent has cost in the end.

    :param cost: nothing known keeps the estimate.
    :param tokens: as the vendor counted.
    """

    cost: Cost
    tokens: int | None = None

    @classmethod
    def free(cls) -> Settlement:
        """Nothing was bought."""
        return cls(Cost(amount=Decimal(0), basis="billed"))


@dataclass(frozen=True)
class Progress:
    """What is known of an intent by now; with a settlement its cost is final.

    :param record: the submission record, as JSON; ``None`` leaves the one there is.
    :param manifest: of the landed video.
    """

    status: IntentStatus
    record: Mapping[str, Any] | None
    generation_id: str | None = None
    reason: str | None = None
    settlement: Settlement | None = None
    manifest: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Intent:
    """One decision to pay for one generation.

    :param number: counts the owner's intents, from 1.
    :param intent_id: unique in all ledgers.
    :param created_at: when it was made; it counts in the period of this moment.
    """

    owner: Owner
    number: int
    intent_id: str
    vendor: str
    account_id: str | None
    seedance_conn_id: str
    created_at: datetime
    order: Order
    progress: Progress


def to_json(value: Mapping[str, Any]) -> str:
    """The text in which the ledger keeps JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def utc_day(moment: datetime) -> str:
    """The day of a moment in UTC, such as ``2026-11-01``."""
    return moment.astimezone(timezone.utc).date().isoformat()

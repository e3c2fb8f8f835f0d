"""Settling what its owner did not: by the vendor's word, never because time has passed."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.ledger.entries import LONGEST_SUBMISSION, Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import Ledger, Row
from airflow_provider_seedance.core.submission.outcome import tokens_of
from airflow_provider_seedance.errors import NotFound, SeedanceError
from airflow_provider_seedance.models import Cost, Failed, Generation, GenerationRequest, Succeeded

log = logging.getLogger(__name__)

#: How many generations are asked about at a time.
MAX_LOOKS = 50


class SettlingGenerations(Protocol):
    """How a client reads and finds generations."""

    def get(self, generation_id: str) -> Generation: ...

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]: ...


class SettlingClient(Protocol):
    """What is asked of an account's client."""

    @property
    def vendor_name(self) -> str: ...

    @property
    def account_id(self) -> str: ...

    @property
    def finds_by_key(self) -> bool: ...

    @property
    def generations(self) -> SettlingGenerations: ...

    def cost_of(self, generation: Succeeded, request: GenerationRequest | None) -> Cost: ...


def settle_open(ledger: Ledger, client: SettlingClient, clock: Clock) -> int:
    """Ask the vendor about the account's intents whose cost is not final, and return how many have become final.

    Nothing is submitted. What the vendor does not tell stays as it is.

    :raises LedgerUnavailable: if the ledger cannot be read or written.
    """
    return _settle(ledger, client, utc_now(clock), ledger.unsettled(*_account(client), limit=MAX_LOOKS))


def settle_all(ledger: Ledger, client: SettlingClient, clock: Clock) -> int:
    """As :func:`settle_open`, for all of them, however many."""
    settled, last = 0, 0
    while rows := ledger.unsettled(*_account(client), after_id=last, limit=MAX_LOOKS):
        settled += _settle(ledger, client, utc_now(clock), rows)
        last = rows[-1]["id"]
    return settled


def settle_generation(ledger: Ledger, client: SettlingClient, generation_id: str, clock: Clock) -> None:
    """As :func:`settle_open`, for one generation; without a row that is open, the vendor is not asked."""
    _settle(ledger, client, utc_now(clock), ledger.unsettled_of(client.vendor_name, generation_id))


def _account(client: SettlingClient) -> tuple[str, str]:
    return client.vendor_name, client.account_id


def _settle(ledger: Ledger, client: SettlingClient, now: datetime, rows: Sequence[Row]) -> int:
    settled = 0
    for row in rows:
        try:
            progress = _progress_of(row, client, now)
        except SeedanceError as error:
            log.info("Intent %s cannot be settled yet: %s", row["intent_id"], error)
            continue
        if progress is not None:
            ledger.progress(row["id"], progress, now)
            settled += progress.settlement is not None
    return settled


def _progress_of(row: Row, client: SettlingClient, now: datetime) -> Progress | None:
    """What the vendor says about a row; ``None`` if it says nothing new."""
    if row["generation_id"]:
        try:
            return _after_read(row, client, client.generations.get(row["generation_id"]))
        except NotFound:
            return None
    if now - row["created_at"] < LONGEST_SUBMISSION:
        return None
    return _after_search(row, client)


def _after_read(row: Row, client: SettlingClient, generation: Generation) -> Progress | None:
    if isinstance(generation, Succeeded):
        cost = client.cost_of(generation, request_of(row))
        return Progress("succeeded", None, settlement=Settlement(cost, tokens_of(generation.usage)))
    if isinstance(generation, Failed):
        return Progress(
            generation.status.value, None, reason=generation.failure.message, settlement=Settlement.free()
        )
    return None


def _after_search(row: Row, client: SettlingClient) -> Progress | None:
    """An intent whose owner died before it learned an id: only a key tells for sure whether it was accepted."""
    request = request_of(row)
    if request is None or not client.finds_by_key:
        return None
    found = client.generations.find(request, row["intent_id"], row["created_at"])
    if not found:
        reason = "the vendor has no generation with this intent's key"
        return Progress("refused", None, reason=reason, settlement=Settlement.free())
    return Progress("submitted", None, generation_id=found[0].generation_id)


def request_of(row: Row) -> GenerationRequest | None:
    """The request on record, whose links may have lost their signatures; ``None`` for an older record without one."""
    if row["request"] is None:
        return None
    fields: dict[str, Any] = json.loads(row["request"])
    try:
        return GenerationRequest.parse({**fields, "prompt": row["prompt"] or "not on record"})
    except SeedanceError:
        return None

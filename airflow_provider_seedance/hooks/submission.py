"""How the hook submits: with a ledger as an intent of its own, which the connection's budgets must have room for."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.ledger.entries import Owner
from airflow_provider_seedance.core.lifecycle.describe import order_in_words
from airflow_provider_seedance.core.media.content import FileReader, RequestMedia
from airflow_provider_seedance.core.media.deliver import DeliveringClients
from airflow_provider_seedance.core.polling.decide import default_timeout
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.ledger_records import LedgerRecords, owner_of
from airflow_provider_seedance.core.submission.max_cost import check_balance
from airflow_provider_seedance.core.submission.record import NoRecords, TaskIdentity
from airflow_provider_seedance.core.submission.settle import settle_generation
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, GenerationRequest, Pending, Status
from airflow_provider_seedance.runtime.ledger import check_has_ledger, intent_book, open_ledger
from airflow_provider_seedance.runtime.media import media_delivery
from airflow_provider_seedance.runtime.object_storage import path_from_uri
from airflow_provider_seedance.runtime.task_state import identity_of

if TYPE_CHECKING:
    from airflow_provider_seedance.core.submission.ledger_records import IntentBook

log = logging.getLogger(__name__)


def create(client: SeedanceClient, seedance_conn_id: str, request: GenerationRequest) -> Pending:
    """Submit a request with its files. Each call is a new intent: a hook remembers nothing from call to call.

    :raises SeedanceError: if nothing was submitted, or it is not known whether it was.
    """
    media = FileReader(path_from_uri).identify(request)
    client.catalog.prepare(media.request)
    check_has_ledger(client)
    check_balance(client)
    book = intent_book()
    if book is None:
        created = client.generations.create(media_delivery().deliver(client, media))
        log.info(
            "Submitted generation %s to %s: %s.",
            created.generation_id,
            created.vendor,
            _in_words(client, media),
        )
        return created
    return _pending(_submit(client, seedance_conn_id, media, book), client.vendor_name)


def settle(client: SeedanceClient, generation_id: str) -> None:
    """Put on the ledger what a generation that has ended has cost; a ledger out of reach is told in the log alone."""
    try:
        if ledger := open_ledger():
            settle_generation(ledger, client, generation_id, clock.SYSTEM_CLOCK)
    except SeedanceError as fault:
        log.warning("Generation %s is not settled in the ledger yet: %s", generation_id, fault)


def _submit(
    client: SeedanceClient, seedance_conn_id: str, media: RequestMedia, book: IntentBook
) -> Generation:
    owner = _owner_of_call()
    records = LedgerRecords(book, owner, NoRecords())
    delivering = DeliveringClients(lambda _: client, media, media_delivery())
    submitter = Submitter(
        delivering,
        records,
        TaskIdentity("", "", owner.key, -1),
        seedance_conn_id,
        Policies(),
        timeout=default_timeout(media.request.service_tier),
        queue_timeout=None,
        clock=clock.SYSTEM_CLOCK,
        check=lambda conn_id, _: delivering(conn_id).prepare(),
        media=media.keys,
        describe=lambda _: _in_words(client, media),
        begin=records.begin,
    )
    submitted = submitter.submit(media.request).generation
    assert submitted
    return submitted


def _in_words(client: SeedanceClient, media: RequestMedia) -> str:
    return order_in_words(media.request, client.estimate_cost(media.request), destination=None)


def _pending(submitted: Generation, vendor: str) -> Pending:
    """The generation as not finished: one whose create was answered late may have ended, which a read tells."""
    if isinstance(submitted, Pending):
        return submitted
    return Pending(vendor=vendor, generation_id=submitted.generation_id, status=Status.RUNNING)


def _owner_of_call() -> Owner:
    """The calling task, or nobody outside of one; different for each call."""
    from airflow.sdk import get_current_context

    once = secrets.token_hex(8)
    try:
        context = get_current_context()
    except RuntimeError:
        return Owner(key=f"hook-{once}")
    return owner_of(identity_of(context), once=once)

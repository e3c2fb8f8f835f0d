"""Where the gallery's cards come from: the ledger where there is one, and Airflow's own tables where there is none."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from airflow_provider_seedance.core.gallery.cards import Card, card_of_intent
from airflow_provider_seedance.core.gallery.filters import CARDS_SHOWN, Filters
from airflow_provider_seedance.core.gallery.page import Page
from airflow_provider_seedance.core.gallery.states import LEDGER_STATUSES
from airflow_provider_seedance.core.gallery.wording import Sum
from airflow_provider_seedance.core.ledger import videos
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.plugins.gallery.task_instances import TaskInstances, batches_of
from airflow_provider_seedance.runtime.ledger import open_ledger

log = logging.getLogger(__name__)

#: Filters that are columns of both sources.
_COLUMNS = ("dag_id", "run_id", "task_id", "map_index", "vendor", "model")


class Source(Protocol):
    """A place that knows of videos. A user sees those of the DAGs in ``dag_ids`` and no others."""

    def page(self, filters: Filters, dag_ids: Collection[str]) -> Page:
        """The cards that the filters choose."""

    def find(self, key: Mapping[str, str], dag_ids: Collection[str]) -> Card | None:
        """The card that :attr:`.Card.key` names."""


@dataclass(frozen=True)
class LedgerSource:
    """The ledger."""

    ledger: Ledger

    def page(self, filters: Filters, dag_ids: Collection[str]) -> Page:
        engine, which = self.ledger.engine, _selection(filters, dag_ids)
        rows = videos.page(engine, which, offset=filters.offset, limit=CARDS_SHOWN)
        cards = [card_of_intent(row) for row in rows]
        sums = videos.sums(engine, which)
        count = sum(number for _, _, number, _ in sums)
        return Page(
            cards=cards,
            has_next=filters.offset + len(rows) < count,
            count=count,
            sums=[
                Sum(amount, currency or "", basis)
                for currency, basis, _, amount in sums
                if amount is not None
            ],
            choices=videos.choices(engine, dag_ids),
            batches=batches_of({card.task for card in cards if card.batch_row is not None}),
        )

    def find(self, key: Mapping[str, str], dag_ids: Collection[str]) -> Card | None:
        try:
            row_id = int(key.get("id", ""))
        except ValueError:
            return None
        row = videos.find(self.ledger.engine, row_id, dag_ids)
        return None if row is None else card_of_intent(row)


def _selection(filters: Filters, dag_ids: Collection[str]) -> videos.Selection:
    values: dict[str, Any] = {name: getattr(filters, name) for name in _COLUMNS}
    return videos.Selection(
        dag_ids,
        {name: value for name, value in values.items() if value is not None},
        statuses=LEDGER_STATUSES[filters.state] if filters.state else None,
        since=filters.started_at,
        until=filters.ended_at,
        text=filters.text,
    )


def source_of(key: Mapping[str, str] | None = None) -> Source:
    """The ledger if there is one, else Airflow.

    :param key: of a card, which is found where the card came from.
    :raises SeedanceError: if the ledger cannot be used.
    """
    if key is not None and "id" not in key:
        return TaskInstances()
    ledger = open_ledger()
    return TaskInstances() if ledger is None else LedgerSource(ledger)


def page_of(filters: Filters, dag_ids: Collection[str]) -> tuple[Page, str | None]:
    """A page, and why it is Airflow's instead of the ledger's if the ledger cannot be read."""
    try:
        return source_of().page(filters, dag_ids), None
    except SeedanceError as fault:
        log.warning("The gallery shows what Airflow itself knows: %s", fault)
        return TaskInstances().page(filters, dag_ids), fault.message

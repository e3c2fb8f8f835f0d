"""Where the gallery's cards come from: the ledger where there is one, and Airflow's own tables where there is none."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from airflow_provider_seedance.core.gallery.cards import Card, card_of_intent
from airflow_provider_seedance.core.gallery.filters import CARDS_SHOWN, Filters
from airflow_provider_seedance.core.gallery.page import Page
from airflow_provider_seedance.core.gallery.states import LEDGER_STATUSES
from airflow_provider_seedance.core.gallery.wording import Sum, total
from airflow_provider_seedance.core.ledger import videos
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.plugins.gallery import task_instances
from airflow_provider_seedance.plugins.gallery.task_instances import batches_of
from airflow_provider_seedance.runtime.ledger import open_ledger

log = logging.getLogger(__name__)

#: How far Airflow's own tables are looked through where no day is chosen.
DAYS_SHOWN = 30
#: Filters that are columns of both sources.
_COLUMNS = ("dag_id", "run_id", "task_id", "map_index", "vendor", "model")
#: Of no row.
_NO_ROW = {"id": -1}
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class LedgerSource:
    """The ledger."""

    ledger: Ledger

    def page(self, filters: Filters, dag_ids: Collection[str]) -> Page:
        """The cards of these DAGs that the filters choose.

        :raises LedgerUnavailable: if the ledger cannot be read.
        """
        engine, which = self.ledger.engine, _selection(filters, dag_ids)
        rows = videos.page(engine, which, offset=filters.offset, limit=CARDS_SHOWN)
        cards = [card_of_intent(row) for row in rows]
        if filters.page == 1 and len(cards) < CARDS_SHOWN:
            # They are all there are, and need not be looked for again.
            count, sums = len(cards), total(card.cost for card in cards)
        else:
            count, sums = _totals(videos.sums(engine, which))
        return Page(
            cards=cards,
            has_next=filters.offset + len(cards) < count,
            count=count,
            sums=sums,
            choices=videos.choices(engine, dag_ids),
            batches=batches_of({card.task for card in cards if card.batch_row is not None}),
        )

    def find(self, key: Mapping[str, str]) -> Card | None:
        """The card of a row, or the latest of a task instance. A ledger that cannot be read fails for any key.

        :raises LedgerUnavailable: if the ledger cannot be read.
        """
        row = videos.find(self.ledger.engine, _values(key))
        return None if row is None else card_of_intent(row)


def _totals(sums: Sequence[tuple[str | None, str, int, Decimal | None]]) -> tuple[int, list[Sum]]:
    """How many videos there are, and what they cost together."""
    known = [Sum(amount, currency or "", basis) for currency, basis, _, amount in sums if amount]
    return sum(number for _, _, number, _ in sums), known


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


def _values(key: Mapping[str, str]) -> Mapping[str, Any]:
    """The columns of the ledger that a key names."""
    if "id" not in key:
        task = Filters.parse(key).task
        return _NO_ROW if task is None else {**vars(task), "batch_row": None}
    try:
        row_id = int(key["id"])
    except ValueError:
        return _NO_ROW
    return {"id": row_id} if 0 < row_id <= _LARGEST_ID else _NO_ROW


def find_card(key: Mapping[str, str]) -> Card | None:
    """The card that :attr:`.Card.key` names, whoever may read it.

    A task that downloads, publishes or reuses a video has none of its own in the ledger: what it returned counts.

    :raises SeedanceError: if it is one of the ledger, which cannot be read.
    """
    found = None
    try:
        ledger = open_ledger()
        found = None if ledger is None else LedgerSource(ledger).find(key)
    except SeedanceError:
        # The page has cards of Airflow's own then.
        if "id" in key:
            raise
    if "id" in key or (found and found.uri):
        return found
    return task_instances.find(key) or found


def page_of(filters: Filters, dag_ids: Collection[str], now: datetime) -> tuple[Page, bool]:
    """A page, and whether it is Airflow's since the ledger cannot be read."""
    try:
        ledger = open_ledger()
        if ledger is not None:
            return LedgerSource(ledger).page(filters, dag_ids), False
    except SeedanceError as fault:
        log.warning("The gallery shows what Airflow itself knows: %s", fault)
        return _page_of_airflow(filters, dag_ids, now), True
    return _page_of_airflow(filters, dag_ids, now), False


def _page_of_airflow(filters: Filters, dag_ids: Collection[str], now: datetime) -> Page:
    if filters.has_time:
        return task_instances.page(filters, dag_ids)
    recent = task_instances.page(filters, dag_ids, made_since=now - timedelta(days=DAYS_SHOWN))
    return replace(recent, days=DAYS_SHOWN)

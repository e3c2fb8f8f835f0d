"""Reading the rows that are under way many at a time, where the vendor lists generations by their ids."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.submission.resume import ReadingClient
from airflow_provider_seedance.core.vendors.contract import Listing
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, ListQuery

log = logging.getLogger(__name__)

#: Fewer are read one by one.
LEAST_LISTED = 3


def listing_clients(
    open_client: Callable[[str], ReadingClient], states: Iterable[RowState]
) -> Callable[[str], ReadingClient]:
    """Clients that read the generations of these rows by list where their vendor has one.

    :param open_client: makes the client of a connection, by its id.
    """
    under_way: dict[str, list[str]] = {}
    for state in states:
        record = state.record
        if record and record.generation_id and record.outcome is None:
            under_way.setdefault(record.seedance_conn_id, []).append(record.generation_id)
    known: dict[str, ReadingClient] = {}

    def opened(conn_id: str) -> ReadingClient:
        if conn_id not in known:
            client, ids = open_client(conn_id), under_way.get(conn_id, [])
            has_list = getattr(client, "listing", None) is not None and len(ids) >= LEAST_LISTED
            known[conn_id] = _ListingClient(client, ids) if has_list else client
        return known[conn_id]

    return opened


@dataclass
class _ListingClient:
    """A client that knows some generations from the vendor's list, and reads the others one by one.

    :param client: of a vendor that has a list.
    :param ids: what is to be listed.
    """

    client: Any
    ids: Sequence[str]
    _listed: Mapping[str, Generation] | None = field(default=None, init=False)

    @property
    def vendor_name(self) -> str:
        return str(self.client.vendor_name)

    @property
    def account_id(self) -> str:
        return str(self.client.account_id)

    @property
    def generations(self) -> _ListingClient:
        return self

    def get(self, generation_id: str) -> Generation:
        if self._listed is None:
            self._listed = self._list()
        # That a list does not show it proves nothing.
        found: Generation = self._listed.get(generation_id) or self.client.generations.get(generation_id)
        return found

    def _list(self) -> Mapping[str, Generation]:
        listing: Listing = self.client.listing
        found: dict[str, Generation] = {}
        size = listing.ids_per_request
        try:
            for tier in listing.service_tiers:
                missing = [known for known in self.ids if known not in found]
                for start in range(0, len(missing), size):
                    ids = tuple(missing[start : start + size])
                    page = self.client.generations.list(
                        ListQuery(ids=ids, service_tier=tier, page_size=len(ids))
                    )
                    found.update((seen.generation_id, seen) for seen in page.items)
        except SeedanceError as error:
            log.info("The generations are read one by one, since they cannot be listed: %s", error.message)
        return found

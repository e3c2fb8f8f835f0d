"""The wait for an asset's review, as the pollers know waiting: they ask whether something has ended, and no more."""

from __future__ import annotations

from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.core.library import Asset, AssetStatus
from airflow_provider_seedance.core.vendors.contract import Listing
from airflow_provider_seedance.errors import Unsupported
from airflow_provider_seedance.models import (
    Failed,
    Failure,
    Generation,
    GenerationPage,
    ListQuery,
    Pending,
    Status,
)

#: How long a review usually takes, and the longest pause between two looks, seconds (contract: anyfast 5.2).
USUAL_REVIEW_SECONDS, MAX_LAG_SECONDS = 8.0, 8.0


def as_generation(asset: Asset, vendor: str) -> Generation:
    """An asset as a poller sees it: under way, or ended in some way."""
    if asset.status is AssetStatus.PROCESSING:
        return Pending(
            vendor=vendor,
            generation_id=asset.asset_id,
            status=Status.RUNNING,
            estimated_seconds=USUAL_REVIEW_SECONDS,
        )
    return Failed(vendor=vendor, generation_id=asset.asset_id, status=Status.EXPIRED, failure=Failure())


class ReviewReader:
    """Reads assets for a poller of generations.

    :param client: closed with this reader.
    """

    listing: Listing | None = None

    def __init__(self, client: AsyncSeedanceClient) -> None:
        self._client = client

    @property
    def generations(self) -> ReviewReader:
        return self

    async def get(self, generation_id: str) -> Generation:
        return as_generation(await self._client.assets.get(generation_id), self._client.vendor_name)

    async def list(self, query: ListQuery) -> GenerationPage:
        raise Unsupported("assets are looked at one by one")

    async def close(self) -> None:
        await self._client.close()

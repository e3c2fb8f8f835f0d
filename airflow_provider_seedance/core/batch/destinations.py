"""Where the videos of a batch go: each is landed at a path of its own, and published from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.batch.paths import destination_of_row
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.landing.manifest import Manifest
from airflow_provider_seedance.core.landing.ownership import Overwrite
from airflow_provider_seedance.core.landing.pictures import PictureOptions
from airflow_provider_seedance.core.landing.publish import publish
from airflow_provider_seedance.core.landing.quality import OnQuality, defects_of
from airflow_provider_seedance.core.lifecycle.deliver import (
    check_destination,
    fields_before_paying,
    land_generation,
)
from airflow_provider_seedance.core.lifecycle.result import provenance_of, reference_to
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.models import Succeeded


@dataclass(frozen=True)
class Destinations:
    """Where a batch's videos are landed and published, by templates; ``None`` for neither.

    :param task: the batch's, for the manifests.
    :param on_quality: ``fail`` keeps a video that is not as it should be from being published.
    """

    landing: str | None
    publishing: str | None
    overwrite: Overwrite
    task: TaskIdentity | None
    path_from_uri: PathFromUri
    clock: Clock
    contact_sheet: bool = False
    on_quality: OnQuality = "flag"

    @property
    def templates(self) -> tuple[str, ...]:
        """Those that there are."""
        return tuple(template for template in (self.landing, self.publishing) if template is not None)

    def check(
        self,
        client: SeedanceClient,
        row: Row,
        earlier_ids: tuple[str, ...] = (),
        *,
        overwrite: Overwrite | None = None,
    ) -> None:
        """Refuse a row whose video would have no place, before it is paid for.

        :param earlier_ids: of the row's earlier generations.
        :param overwrite: another choice than the batch's; ``always`` if the row may have been landed before.
        """
        model_id = client.catalog.prepare(row.request).model
        for template in self.templates:
            for fields in fields_before_paying(client.vendor_name, row.request, model_id):
                check_destination(
                    destination_of_row(template, row.number, row.metadata),
                    fields,
                    path_from_uri=self.path_from_uri,
                    overwrite=overwrite or self.overwrite,
                    earlier_ids=earlier_ids,
                )

    def land(
        self, client: SeedanceClient, generation: Succeeded, row: Row, earlier_ids: tuple[str, ...]
    ) -> dict[str, Any] | None:
        """Land a row's video at its own path."""
        if self.landing is None:
            return None
        return land_generation(
            client,
            generation,
            destination_of_row(self.landing, row.number, row.metadata),
            path_from_uri=self.path_from_uri,
            clock=self.clock,
            mode=row.request.mode.value,
            expected=client.catalog.expected_video(row.request),
            request=row.request,
            provenance=provenance_of(generation, row.request, client.catalog, self.task, row=row.number),
            overwrite=self.overwrite,
            earlier_ids=earlier_ids,
            pictures=PictureOptions(contact_sheet=self.contact_sheet),
        )

    def publish(
        self, manifest: dict[str, Any], row: Row, earlier_ids: tuple[str, ...]
    ) -> dict[str, Any] | None:
        """Publish a row's landed video, with its user's own data as metadata."""
        if self.publishing is None or (self.on_quality == "fail" and defects_of(manifest)):
            return None
        own = reference_to(self.task) if self.task else None
        publication = publish(
            Manifest.parse(manifest),
            destination_of_row(self.publishing, row.number, row.metadata),
            row.metadata,
            path_from_uri=self.path_from_uri,
            clock=self.clock,
            published_by=own,
            overwrite=self.overwrite,
            earlier_ids=earlier_ids,
        )
        # An earlier try may have been killed before it could put its publication on record.
        is_own = publication.published or (own is not None and publication.published_by == own)
        return {**publication.to_dict(), "published": is_own}

"""Where a task lands its video: looked at before it pays, and written to at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import overwrite_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.manifest import Manifest, Provenance
    from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord
    from airflow_provider_seedance.models import GenerationRequest, Succeeded


class DestinationMixin(BaseOperator):
    """Base of operators that land the video that they generate, where a ``destination`` is given."""

    destination: str | None
    last_frame_destination: str | None
    contact_sheet: bool
    #: Where the generation's record lives, once it was looked up.
    _records: RecordStore | None = None

    def _check_destination_before_paying(
        self,
        context: Context,
        client: SeedanceClient,
        request: GenerationRequest,
        model_id: str,
        earlier_ids: tuple[str, ...],
    ) -> None:
        """Refuse a destination where the video could not be landed, or would meet another one.

        :param model_id: the vendor's own id of the model.
        :param earlier_ids: generations of this task whose place the new one takes.
        """
        from airflow_provider_seedance.core.lifecycle.deliver import fields_before_paying
        from airflow_provider_seedance.operators._mapping import check_one_file_for_each_index

        check_one_file_for_each_index(context, self.destination)
        for fields in fields_before_paying(client.vendor_name, request, model_id):
            self._check_destination(fields, earlier_ids)

    def _check_destination(self, fields: Mapping[str, str | None], earlier_ids: tuple[str, ...] = ()) -> None:
        from airflow_provider_seedance.core.lifecycle.deliver import check_destination
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        if self.destination:
            check_destination(
                self.destination,
                fields,
                path_from_uri=path_from_uri,
                overwrite=overwrite_of(self),
                earlier_ids=earlier_ids,
            )

    def _landed_files(
        self,
        client: SeedanceClient,
        generation: Succeeded,
        request: GenerationRequest | None,
        provenance: Provenance,
    ) -> dict[str, Any]:
        """Land what is wanted, and return it by the names that the task's result has for it."""
        files: dict[str, Any] = {}
        if self.destination:
            files["manifest"] = self._land(client, generation, request, provenance)
        if self.last_frame_destination:
            mode = request.mode.value if request else None
            files["last_frame"] = self._land_last_frame(client, generation, mode)
        return files

    def _land(
        self,
        client: SeedanceClient,
        generation: Succeeded,
        request: GenerationRequest | None,
        provenance: Provenance,
    ) -> dict[str, Any]:
        from airflow_provider_seedance.core.landing.pictures import PictureOptions
        from airflow_provider_seedance.core.lifecycle.deliver import land_generation
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        assert self.destination
        return land_generation(
            client,
            generation,
            self.destination,
            path_from_uri=path_from_uri,
            clock=clock.SYSTEM_CLOCK,
            mode=request.mode.value if request else None,
            expected=client.catalog.expected_video(request) if request else None,
            request=request,
            provenance=provenance,
            overwrite=overwrite_of(self),
            earlier_ids=self._earlier_ids(),
            pictures=PictureOptions(self.contact_sheet, self._names_to_keep_free(generation, request)),
        )

    def _names_to_keep_free(self, generation: Succeeded, request: GenerationRequest | None) -> list[str]:
        """The last frame may be meant to lie where the poster would."""
        from airflow_provider_seedance.core.lifecycle.last_frame import last_frame_target
        from airflow_provider_seedance.core.storage.paths import uri_of
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        if not self.last_frame_destination:
            return []
        mode = request.mode.value if request else None
        try:
            return [uri_of(last_frame_target(generation, self.last_frame_destination, path_from_uri, mode))]
        except SeedanceError:
            # Told once the video is at home.
            return []

    def _land_last_frame(
        self, client: SeedanceClient, generation: Succeeded, mode: str | None
    ) -> dict[str, Any]:
        from airflow_provider_seedance.core.lifecycle.last_frame import land_last_frame
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        assert self.last_frame_destination
        landed = land_last_frame(
            client, generation, self.last_frame_destination, path_from_uri=path_from_uri, mode=mode
        )
        self.log.info("Landed the last frame at %s.", landed["uri"])
        return landed

    def _landed(self, client: SeedanceClient, generation_id: str) -> Manifest | None:
        """The manifest of a generation's video that is whole at the destination."""
        from airflow_provider_seedance.core.landing.manifest import GenerationReference
        from airflow_provider_seedance.core.lifecycle.deliver import find_landed
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        if not self.destination:
            return None
        reference = GenerationReference(vendor=client.vendor_name, generation_id=generation_id)
        return find_landed(self.destination, reference, None, path_from_uri)

    def _earlier_ids(self) -> tuple[str, ...]:
        """The generations that this task's present one takes the place of."""
        record = self._record_if_readable()
        return record.earlier_generation_ids if record else ()

    def _record_if_readable(self) -> SubmissionRecord | None:
        """The task's record; a finished video is not held up by one that cannot be read."""
        from airflow_provider_seedance.errors import StateUnreadable

        try:
            return self._records.read() if self._records else None
        except StateUnreadable:
            return None

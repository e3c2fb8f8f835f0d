"""A task's own media: its files read, named by their content and brought to the vendor; its last frame landed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.runtime.exceptions import task_errors

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.media.content import RequestMedia
    from airflow_provider_seedance.core.media.deliver import MediaDelivery
    from airflow_provider_seedance.core.submission.record import RecordStore
    from airflow_provider_seedance.models import GenerationRequest, Succeeded


class OwnMediaMixin(BaseOperator):
    """For an operator whose arguments are a request's fields."""

    last_frame_destination: str | None
    check_media: str
    #: Where the task's record lives, once it was looked up.
    _records: RecordStore | None = None
    _bringing: MediaDelivery | None = None
    #: A request as a whole: the fields that it sets take the place of the arguments of these names.
    request: Any

    def pre_execute(self, context: Any) -> None:
        """As any operator, and each argument has its value then; Airflow calls this before a resumption too."""
        super().pre_execute(context)
        with task_errors(context):
            self._take_request()

    def _take_request(self) -> None:
        from airflow_provider_seedance.core.request_values import absent
        from airflow_provider_seedance.models import GenerationRequest

        if absent(self.request) is None:
            return
        for name, value in GenerationRequest.parse(self.request).to_dict().items():
            setattr(self, name, value)

    def _request(self) -> GenerationRequest:
        from airflow_provider_seedance.models import GenerationRequest

        request = GenerationRequest.parse({name: getattr(self, name) for name in REQUEST_FIELDS})
        wants_frame = self.last_frame_destination and request.return_last_frame is None
        return request.model_copy(update={"return_last_frame": True}) if wants_frame else request

    def _delivery(self) -> MediaDelivery:
        from airflow_provider_seedance.runtime.media import media_delivery

        if self._bringing is None:
            self._bringing = media_delivery(check_media=self.check_media)
        return self._bringing

    def _media(self, store: RecordStore) -> RequestMedia:
        """The request, with its files read and named by their content."""
        from airflow_provider_seedance.core.media.content import FileReader, RequestMedia, has_files
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        request = self._request()
        if not has_files(request):
            return RequestMedia(request)
        record = store.read()
        return FileReader(path_from_uri).identify(request, record.media if record else None)

    def _recorded_request(self) -> GenerationRequest:
        """The request, with its files named as they are on record; none of them is read again."""
        from airflow_provider_seedance.core.media.content import has_files, named_by

        request = self._request()
        record = self._records.read() if self._records and has_files(request) else None
        return named_by(request, record.media) if record else request

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

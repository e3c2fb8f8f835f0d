"""A task's own request: made of its arguments, its files read and named by their content."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS

if TYPE_CHECKING:
    from airflow_provider_seedance.core.media.content import FileReader, RequestMedia
    from airflow_provider_seedance.core.media.deliver import MediaDelivery
    from airflow_provider_seedance.core.submission.record import SubmissionRecord
    from airflow_provider_seedance.models import GenerationRequest


def take_request(operator: Any) -> None:
    """Put the fields that an operator's ``request`` sets in the place of its arguments of these names.

    :raises RequestInvalid: naming every field whose value does not fit.
    """
    from airflow_provider_seedance.core.request_values import absent
    from airflow_provider_seedance.models import GenerationRequest

    if absent(operator.request) is None:
        return
    for name, value in GenerationRequest.parse(operator.request).to_dict().items():
        setattr(operator, name, value)


class TaskRequest:
    """The request that an operator's arguments make.

    :param operator: has a request's fields as attributes, rendered.
    :param changes: the request changes of the rungs, from rung 1 on.
    """

    def __init__(self, operator: Any, changes: tuple[Mapping[str, Any], ...] = ()) -> None:
        self._operator = operator
        self._changes = changes
        self._media: dict[int, RequestMedia] = {}

    def request(self, rung: int = 0) -> GenerationRequest:
        """The request as it is written, or with a rung's changes.

        :raises RequestInvalid: naming every field whose value does not fit.
        """
        from airflow_provider_seedance.models import GenerationRequest

        written = {name: getattr(self._operator, name) for name in REQUEST_FIELDS}
        request = GenerationRequest.parse({**written, **(self._changes[rung - 1] if rung else {})})
        wants_frame = self._operator.last_frame_destination and request.return_last_frame is None
        return request.model_copy(update={"return_last_frame": True}) if wants_frame else request

    @cached_property
    def delivery(self) -> MediaDelivery:
        """Brings its files to a vendor."""
        from airflow_provider_seedance.runtime.media import media_delivery

        return media_delivery(check_media=self._operator.check_media)

    def media(self, record: SubmissionRecord | None, rung: int = 0) -> RequestMedia:
        """The request, with its files read and named by their content.

        :param record: knows files that cannot be read any more.
        """
        from airflow_provider_seedance.core.media.content import RequestMedia, has_files

        if rung not in self._media:
            request = self.request(rung)
            known = record.media if record else None
            self._media[rung] = (
                self._reader.identify(request, known) if has_files(request) else RequestMedia(request)
            )
        return self._media[rung]

    def on_record(self, record: SubmissionRecord | None) -> GenerationRequest:
        """The request of a record's rung, with its files named as they are there; none of them is read again."""
        from airflow_provider_seedance.core.media.content import named_by

        if record is None:
            return self.request()
        request = self.request(min(record.rung, len(self._changes)))
        return named_by(request, record.media) if record.media else request

    @cached_property
    def _reader(self) -> FileReader:
        from airflow_provider_seedance.core.media.content import FileReader
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        return FileReader(path_from_uri)

"""Where the videos of generations are: on record, at a destination, or in a folder with their manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from airflow_provider_seedance.core.landing.inventory import find_records
from airflow_provider_seedance.core.landing.ownership import read_record
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import size_of
from airflow_provider_seedance.core.storage.paths import PathFromUri, uri_of
from airflow_provider_seedance.core.submission.record import StoredVideo
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Succeeded


class Places:
    """Where to look for videos.

    :param destination: the template that they were to be landed by.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param known: places on record, which are looked at first.
    :param note: puts a further place on record, by the manifest of the video that is landed there.
    """

    def __init__(
        self,
        destination: str,
        path_from_uri: PathFromUri,
        known: Iterable[StoredVideo],
        note: Callable[[Mapping[str, Any]], object] = lambda manifest: None,
    ) -> None:
        self.destination = destination
        self.note = note
        self.path_from_uri = path_from_uri
        self._known: dict[str, list[StoredVideo]] = {}
        for video in known:
            self._known.setdefault(video.generation_id, []).append(video)

    def find(self, generation_id: str, generation: Generation | SeedanceError | None) -> str | None:
        """The URI of a generation's video, ``None`` if it is nowhere to be found.

        :param generation: as the vendor tells, which says where its destination is.
        :raises DestinationError: if a place cannot be looked at.
        """
        if known := self.find_on_record(generation_id):
            return known
        at_destination = self._at_destination(generation) if isinstance(generation, Succeeded) else None
        return at_destination or self._in_folder.get(generation_id)

    def find_on_record(self, generation_id: str) -> str | None:
        """The URI of a generation's video, if it still is where a record says.

        :raises DestinationError: if a place cannot be looked at.
        """
        for video in self._known.get(generation_id, ()):
            if size_of(self.path_from_uri(video.uri)) == video.bytes:
                return video.uri
        return None

    def on_record(self, generation_id: str) -> str:
        """Where it was once, whether or not it still is; empty if nobody knows."""
        return ", ".join(video.uri for video in self._known.get(generation_id, ()))

    def _at_destination(self, generation: Succeeded) -> str | None:
        """What is there counts, unless its record says that it is another generation's."""
        known = {"vendor": generation.vendor, "generation_id": generation.generation_id}
        fields = {**known, "model": generation.model, "mode": None}
        target = self.path_from_uri(resolve_destination(self.destination, fields))
        if size_of(target) is None:
            return None
        record = read_record(target)
        is_own = record is None or record.source.generation_id == generation.generation_id
        return uri_of(target) if is_own else None

    @cached_property
    def _in_folder(self) -> dict[str, str]:
        """All videos in the destination's folder, by generation id; looked up once, and only if it is needed."""
        folder = self.destination.partition("{")[0].rpartition("/")[0]
        if not folder:
            return {}
        records = find_records(self.path_from_uri(f"{folder}/"))
        return {record.source.generation_id: uri for uri, record in records}

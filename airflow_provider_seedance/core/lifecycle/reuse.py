"""Taking the video of an equal request instead of paying for another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.manifest import Manifest
from airflow_provider_seedance.core.landing.ownership import (
    Overwrite,
    check_replaceable,
    read_record,
    write_record,
)
from airflow_provider_seedance.core.landing.publish import copy_landed, copy_pictures
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.lifecycle.result import reused_dict, with_attempts
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import has_content
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, uri_of
from airflow_provider_seedance.core.storage.writable import check_writable
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.models import GenerationRequest

#: The seed that asks for another take each time.
RANDOM_SEED = -1


@dataclass(frozen=True)
class Reuse:
    """Where videos of equal requests are looked for.

    :param open_ledger: opens the ledger.
    :param max_age: of a landed video, seconds; ``None`` for any age.
    :param overwrite: what to do about a file at a video's destination.
    """

    open_ledger: Callable[[], Ledger]
    path_from_uri: PathFromUri
    clock: Clock
    max_age: float | None = None
    overwrite: Overwrite = "own"

    def find(self, request: GenerationRequest, vendor: str) -> Manifest | None:
        """The video that an equal request to the same vendor has made, if it is whole where it was landed.

        :raises LedgerUnavailable: if the ledger cannot be read.
        :raises DestinationError: if a store cannot be asked.
        """
        if request.seed == RANDOM_SEED:
            return None
        for fields in self.open_ledger().landed(fingerprint(request), vendor, self._since()):
            manifest = Manifest.parse(fields)
            if has_content(self.path_from_uri(manifest.uri), manifest.bytes, manifest.sha256):
                return manifest
        return None

    def _since(self) -> datetime | None:
        return None if self.max_age is None else utc_now(self.clock) - timedelta(seconds=self.max_age)

    def deliver(self, found: Manifest, destination: str | None, mode: str) -> Manifest:
        """The manifest of the video at its destination, to which it is copied if it is not there.

        :param destination: a template; ``None`` leaves the video where it is.
        :raises DestinationError: if it cannot be written, or holds what ``overwrite`` does not allow to replace.
        """
        reused_from = found.reused_from or found.uri
        if destination is None:
            return found.model_copy(update={"reused_from": reused_from})
        source = found.source
        fields = {"vendor": source.vendor, "generation_id": source.generation_id, "model": source.model}
        target = self.path_from_uri(resolve_destination(destination, {**fields, "mode": mode}))
        manifest = found.model_copy(update={"uri": uri_of(target), "reused_from": reused_from})
        return manifest if manifest.uri == found.uri else self._copy(found, manifest, target)

    def _copy(self, found: Manifest, manifest: Manifest, target: StoragePath) -> Manifest:
        """Bring the video to its destination, with its manifest beside it, unless it is there already."""
        check_writable(target)
        check_replaceable(target, self.overwrite, found.source, (found.bytes, found.sha256))
        earlier = read_record(target)
        if not has_content(target, found.bytes, found.sha256):
            copy_landed(found, self.path_from_uri(found.uri), target, self.overwrite, ())
        manifest = manifest.model_copy(update=copy_pictures(found, target, earlier, self.path_from_uri))
        write_record(manifest, target)
        return manifest

    def result(
        self, request: GenerationRequest, *, vendor: str, seedance_conn_id: str, destination: str | None
    ) -> dict[str, Any] | None:
        """What the operator returns for a reused video; ``None`` if there is none."""
        if (found := self.find(request, vendor)) is None:
            return None
        manifest = self.deliver(found, destination, request.mode.value)
        return with_attempts(reused_dict(manifest, request, seedance_conn_id), None)

"""Taking the video of an equal request instead of paying for another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.manifest import Manifest
from airflow_provider_seedance.core.landing.publish import copy_landed
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.lifecycle.result import reused_dict
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import check_writable, has_content
from airflow_provider_seedance.core.storage.paths import PathFromUri, uri_of
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.models import GenerationRequest

#: The seed that asks for another take each time.
RANDOM_SEED = -1


@dataclass(frozen=True)
class Reuse:
    """Where videos of equal requests are looked for.

    :param open_ledger: opens the ledger.
    :param max_age: of a landed video, seconds; ``None`` for any age.
    """

    open_ledger: Callable[[], Ledger]
    path_from_uri: PathFromUri
    clock: Clock
    max_age: float | None = None

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
        :raises DestinationError: if it cannot be written.
        """
        uri = found.uri
        if destination is not None:
            source = found.source
            fields = {"vendor": source.vendor, "generation_id": source.generation_id, "model": source.model}
            target = self.path_from_uri(resolve_destination(destination, {**fields, "mode": mode}))
            if not has_content(target, found.bytes, found.sha256):
                check_writable(target)
                copy_landed(found, self.path_from_uri(found.uri), target)
            uri = uri_of(target)
        return found.model_copy(update={"uri": uri, "reused_from": found.reused_from or found.uri})

    def result(
        self, request: GenerationRequest, *, vendor: str, seedance_conn_id: str, destination: str | None
    ) -> dict[str, Any] | None:
        """What the operator returns for a reused video; ``None`` if there is none."""
        if (found := self.find(request, vendor)) is None:
            return None
        manifest = self.deliver(found, destination, request.mode.value)
        return reused_dict(manifest, request, seedance_conn_id)

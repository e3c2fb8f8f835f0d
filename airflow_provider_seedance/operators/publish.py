"""Put a landed video where people or the next DAG find it, exactly once, with a sidecar beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version
from airflow.sdk import Asset, AssetAlias

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.operators._base import Result, Text


class SeedancePublishVideoOperator(SignedLinkMaskingMixin, SeedanceBaseOperator):
    """Copy a landed video to where it is to be found, write its sidecar beside it, and emit an asset event.

    A rerun with the same video and metadata publishes nothing twice, emits no event, and says so in ``published``
    and ``reason``.

    Returns the publication record: ``uri, sidecar_uri, bytes, sha256, published_at, metadata, source, manifest,
    published, reason``.

    :param video: the manifest that the download operator returned, or the generate operator's result when it was
        given a ``destination``.
    :param destination: a path or object-storage URI, in which ``{vendor}``, ``{generation_id}`` and ``{model}`` are
        filled in. The sidecar is written beside it, with ``.json`` added to its name.
    :param metadata: your own words for the sidecar: a JSON object.
    :param asset: an :class:`~airflow.sdk.Asset` or its URI: the event is for that asset. An
        :class:`~airflow.sdk.AssetAlias` or its name: the event is for an asset at the published URI, through that
        alias, so that a DAG can be scheduled on it. Without one, for an asset at the published URI.
    """

    template_fields: Sequence[str] = ("video", "destination", "metadata")
    template_fields_renderers = {"video": "json", "metadata": "json"}  # noqa: RUF012 - Airflow's own convention
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        video: Result,
        destination: Text,
        metadata: Result | None = None,
        asset: Asset | AssetAlias | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.video = video
        self.destination: Any = destination
        self.metadata: Any = metadata
        self.asset = asset

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.landing.manifest import Manifest
        from airflow_provider_seedance.core.landing.publish import publish
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        self._reveal()
        with task_errors():
            publication = publish(
                Manifest.parse(self._manifest()),
                self.destination,
                self.metadata or {},
                path_from_uri=path_from_uri,
                clock=clock.SYSTEM_CLOCK,
            )
        record = publication.to_dict()
        if publication.published:
            self._emit(context, publication.uri, record["manifest"])
        done = "Published" if publication.published else "Already published, and left as it is:"
        self.log.info("%s %s (%d bytes): %s.", done, publication.uri, publication.bytes, publication.reason)
        return record

    def _manifest(self) -> Mapping[str, Any]:
        from airflow_provider_seedance.core.literals import mapping_in
        from airflow_provider_seedance.errors import ConfigurationError

        video = mapping_in(self.video)
        if isinstance(video, Mapping) and isinstance(video.get("manifest"), Mapping):
            video = video["manifest"]
        if not isinstance(video, Mapping):
            kind = "a link" if "://" in str(video)[:20] else f"a {type(video).__name__}"
            raise ConfigurationError(
                f"video must be the manifest of a landed video, not {kind}",
                advice="Pass what the download operator returned, or the generate operator with a destination.",
            )
        if "generation_id" in video and "uri" not in video:
            raise ConfigurationError(
                "this video was generated without a destination, so there is no file to publish",
                generation_id=str(video["generation_id"]),
                advice="Give the generate operator a destination, or put a download operator between.",
            )
        return video

    def _emit(self, context: Context, uri: str, manifest: dict[str, Any]) -> None:
        """Through an alias that is added only now: an outlet named in the DAG would get an event on every run."""
        asset, alias = self._event_target(uri)
        self.outlets.append(alias)
        context["outlet_events"][alias].add(asset, extra=_event_extra(manifest))

    def _event_target(self, uri: str) -> tuple[Asset, AssetAlias]:
        published = Asset(uri=uri if "://" in uri else PurePosixPath(uri).as_uri())
        if isinstance(self.asset, AssetAlias):
            return published, self.asset
        if isinstance(self.asset, str) and "://" not in self.asset:
            return published, AssetAlias(self.asset)
        asset = Asset(uri=self.asset) if isinstance(self.asset, str) else self.asset or published
        return asset, AssetAlias(f"{self.dag_id}.{self.task_id}")


def _event_extra(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest; Airflow 3.1 takes flat values only, so there the nested ones are JSON text."""
    if not airflow_version.startswith("3.1."):
        return manifest
    nested = (dict, list)
    return {
        name: json.dumps(value) if isinstance(value, nested) else value for name, value in manifest.items()
    }

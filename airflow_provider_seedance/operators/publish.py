"""Put a landed video where people or the next DAG find it, exactly once, with a sidecar beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, AssetAlias

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import OVERWRITE, one_of, overwrite_of
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._lineage import LineageMixin
from airflow_provider_seedance.operators._links import VideoLinksMixin
from airflow_provider_seedance.runtime.asset_events import PublicationEvent, declared_outlets, outlet_of
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.landing.manifest import TaskReference
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.operators._base import Result, Text


class SeedancePublishVideoOperator(
    SignedLinkMaskingMixin, LineageMixin, VideoLinksMixin, SeedanceBaseOperator
):
    """Copy a landed video to where it is to be found, write its sidecar beside it, and emit an asset event.

    A rerun with the same video and metadata publishes nothing twice, emits no event, and says so in ``published``
    and ``reason``. A retry of the task that published, and ended before it could emit the event, emits it.

    Returns the publication record: ``uri, sidecar_uri, bytes, sha256, published_at, published_by, metadata, source,
    manifest, published, reason``. The event has it as its extra.

    :param video: the manifest that the download operator returned, or the generate operator's result when it was
        given a ``destination``.
    :param destination: a path or object-storage URI, in which ``{vendor}``, ``{generation_id}`` and ``{model}`` are
        filled in. The sidecar is written beside it, with ``.json`` added to its name.
    :param metadata: your own words for the sidecar: a JSON object.
    :param asset: an :class:`~airflow.sdk.Asset`, or its URI or name: the event is for that asset, and Airflow's graph
        shows it. An :class:`~airflow.sdk.AssetAlias`: the event is for an asset at the folder of the published file,
        through that alias. Without one, for an asset of the task's own, ``<dag_id>.<task_id>``.
    :param overwrite: ``own`` replaces only what the same generation left at the destination, and fails beside another
        file; ``always`` replaces what is there, and says so; ``never`` fails if there is a file.
    """

    template_fields: Sequence[str] = ("video", "destination", "metadata", "asset", "overwrite")
    template_fields_renderers = {"video": "json", "metadata": "json"}  # noqa: RUF012 - Airflow's own convention
    label_fields = ("video",)
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        video: Result,
        destination: Text,
        metadata: Result | None = None,
        asset: Asset | AssetAlias | str | None = None,
        overwrite: Overwrite = "own",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.video: Any = video
        self.destination: Any = destination
        self.metadata: Any = metadata
        self.asset = asset
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)
        self.outlets = declared_outlets(self.outlets, asset, self._own_name())

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """As any operator's; a mapped task declares its asset too."""
        mapped = super().partial(**kwargs)
        dag, task_id = mapped.kwargs["dag"], mapped.kwargs["task_id"]
        if dag is not None:
            mapped.kwargs["outlets"] = declared_outlets(
                mapped.kwargs["outlets"], mapped.kwargs.get("asset"), f"{dag.dag_id}.{task_id}"
            )
        return mapped

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.landing.manifest import Manifest
        from airflow_provider_seedance.core.landing.publish import publish
        from airflow_provider_seedance.core.lifecycle.lineage import lineage_of_publication
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import note_video

        self._reveal()
        task = _reference(context)
        with task_errors(context):
            event = PublicationEvent(context, self, outlet_of(self.asset, self._own_name()))
            publication = publish(
                Manifest.parse(self._manifest()),
                self.destination,
                self.metadata or {},
                path_from_uri=path_from_uri,
                clock=clock.SYSTEM_CLOCK,
                overwrite=overwrite_of(self),
                published_by=task,
            )
        self._has_video = True
        record = publication.to_dict()
        if publication.published:
            note_video(record, published=True)
        if not publication.published and publication.published_by == task and not event.is_emitted(record):
            record |= {"published": True, "reason": "an earlier try of this task published it"}
        if record["published"]:
            event.emit(record)
        else:
            event.suppress()
        self._report_lineage(lineage_of_publication(record))
        done = "Published" if record["published"] else "Already published, and left as it is:"
        self.log.info("%s %s (%d bytes): %s.", done, record["uri"], record["bytes"], record["reason"])
        return record

    def _own_name(self) -> str:
        return f"{self.dag_id}.{self.task_id}"

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


def _reference(context: Context) -> TaskReference:
    from airflow_provider_seedance.core.lifecycle.result import reference_to
    from airflow_provider_seedance.runtime.task_state import identity_of

    return reference_to(identity_of(context))

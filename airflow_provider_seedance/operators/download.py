"""Download a finished video, complete and verified, before its link dies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import ON_QUALITY, OVERWRITE, one_of, overwrite_of
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._lineage import LineageMixin
from airflow_provider_seedance.operators._links import VideoLinksMixin
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.landing.quality import OnQuality
    from airflow_provider_seedance.operators._base import Result, Text


class SeedanceDownloadVideoOperator(
    SignedLinkMaskingMixin, LineageMixin, VideoLinksMixin, SeedanceBaseOperator
):
    """Land the video of a finished generation in a file or an object store, whole or not at all.

    The link is read from the vendor at run time, so a dead one in ``video`` does no harm. The file is streamed in
    constant memory, its length and MP4 structure are verified, and what differs from the request is listed in
    ``mismatches``. When the connection breaks or the worker dies, what has come stays for the next try on the same
    machine, for 25 hours at most.

    The manifest is written beside the file, as ``<file>.json``. A file that is there and whole by its manifest is
    taken over, without the vendor or a link.

    Returns the manifest: ``uri, bytes, sha256, content_type, media, source, provenance, mismatches, notes,
    quality, poster, contact_sheet, landed_at``.

    :param video: what :class:`SeedanceGenerateVideoOperator` returned, or a generation id.
    :param destination: a path or object-storage URI, in which ``{vendor}``, ``{generation_id}``, ``{model}`` and
        ``{mode}`` are filled in; one that ends with a slash gets ``{generation_id}.mp4``.
    :param overwrite: ``own`` takes over or replaces only what the same generation left there, and fails beside another
        file; ``always`` replaces what is there, and says so; ``never`` fails if there is a file.
    :param verify: check the file's structure and compare it with the request; its length always is checked.
    :param contact_sheet: also write ``<name>.sheet.jpg``, nine pictures of the video, beside it; the poster
        ``<name>.jpg`` always is. Both need the extra ``media``.
    :param on_quality: a landed video that differs from its order, or is black, frozen or silent: ``flag`` says so in
        its manifest and the log; ``fail`` fails the task too, for good, with the file in place.
    :param seedance_conn_id: a connection of type ``seedance``; by default the one that made the video.
    """

    template_fields: Sequence[str] = ("video", "destination", "seedance_conn_id", "overwrite")
    label_fields = ("video",)
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        video: Result,
        destination: Text,
        overwrite: Overwrite = "own",
        verify: bool = True,
        contact_sheet: bool = False,
        on_quality: OnQuality = "flag",
        seedance_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.video: Any = video
        self.destination: Any = destination
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)
        self.verify = verify
        self.contact_sheet = contact_sheet
        self.on_quality: OnQuality = one_of("on_quality", on_quality, *ON_QUALITY)
        self.seedance_conn_id = seedance_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.landing.quality import check_quality
        from airflow_provider_seedance.core.lifecycle.collect import land_video, parse_video
        from airflow_provider_seedance.core.lifecycle.lineage import lineage_of_download
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import note_video

        self._reveal()
        with task_errors(context):
            told, _ = parse_video(self.video)
            conn_id = self.seedance_conn_id or told.get("seedance_conn_id") or SeedanceHook.default_conn_name
            with SeedanceHook(conn_id).get_conn() as client:
                manifest = land_video(
                    client,
                    self.video,
                    self.destination,
                    path_from_uri=path_from_uri,
                    clock=clock.SYSTEM_CLOCK,
                    overwrite=overwrite_of(self),
                    verify=self.verify,
                    contact_sheet=self.contact_sheet,
                )
        self._has_video = True
        note_video(manifest)
        self._report_lineage(lineage_of_download(manifest))
        with task_errors(context):
            check_quality(manifest, self.on_quality)
        return manifest

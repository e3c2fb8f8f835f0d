"""Download a finished video, complete and verified, before its link dies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import OVERWRITE, one_of
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.manifest import Provenance
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.models import ExpectedVideo, Succeeded


class SeedanceDownloadVideoOperator(SignedLinkMaskingMixin, BaseOperator):
    """Land the video of a finished generation in a file or an object store, whole or not at all.

    The link is read from the vendor at run time, so a dead one in ``video`` does no harm. The file is streamed in
    constant memory, its length and MP4 structure are verified, and what differs from the request is listed in
    ``mismatches``. When the connection breaks or the worker dies, what has come stays for the next try on the same
    machine, for 25 hours at most.

    The manifest is written beside the file, as ``<name>.json``. A file that is there and whole by its manifest is
    taken over, without the vendor or a link.

    Returns the manifest: ``uri, bytes, sha256, content_type, media, source, provenance, mismatches, notes,
    landed_at``.

    :param video: what :class:`SeedanceGenerateVideoOperator` returned, or a generation id.
    :param destination: a path or object-storage URI, in which ``{vendor}``, ``{generation_id}``, ``{model}`` and
        ``{mode}`` are filled in; one that ends with a slash gets ``{generation_id}.mp4``.
    :param overwrite: ``own`` takes over or replaces only what the same generation left there, and fails beside another
        file; ``always`` replaces what is there, and says so; ``never`` fails if there is a file.
    :param verify: check the file's structure and compare it with the request; its length always is checked.
    :param seedance_conn_id: a connection of type ``seedance``; by default the one that made the video.
    """

    template_fields: Sequence[str] = ("video", "destination", "seedance_conn_id")
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        video: Mapping[str, Any] | str,
        destination: str,
        overwrite: Overwrite = "own",
        verify: bool = True,
        seedance_conn_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.video = video
        self.destination = destination
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)
        self.verify = verify
        self.seedance_conn_id = seedance_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.lifecycle.deliver import land_generation
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        self._reveal()
        with task_errors():
            told, generation_id = self._video()
            conn_id = self.seedance_conn_id or told.get("seedance_conn_id") or SeedanceHook.default_conn_name
            with SeedanceHook(conn_id).get_conn() as client:
                if landed := self._landed(client, told, generation_id):
                    self.log.info("%s is there already, whole: nothing is fetched.", landed["uri"])
                    return landed
                generation = self._finished(client, generation_id)
                manifest = land_generation(
                    client,
                    generation,
                    self.destination,
                    path_from_uri=path_from_uri,
                    clock=clock.SYSTEM_CLOCK,
                    mode=told.get("mode"),
                    model=told.get("model"),
                    expected=_expected(told, generation),
                    provenance=_provenance(told),
                    request_fingerprint=told.get("request_fingerprint"),
                    overwrite=self.overwrite,
                    verify=self.verify,
                )
        self.log.info("Landed %s (%d bytes).", manifest["uri"], manifest["bytes"])
        return manifest

    def _video(self) -> tuple[Mapping[str, Any], str]:
        """What is known of the video, and its generation's id."""
        from airflow_provider_seedance.core.literals import mapping_in
        from airflow_provider_seedance.models import parse_generation_id

        video = mapping_in(self.video)
        return (video if isinstance(video, Mapping) else {}), parse_generation_id(video, "video")

    def _landed(
        self, client: SeedanceClient, told: Mapping[str, Any], generation_id: str
    ) -> dict[str, Any] | None:
        """The manifest of what an earlier try or run has landed, if that is whole still."""
        from airflow_provider_seedance.core.landing.manifest import GenerationReference
        from airflow_provider_seedance.core.lifecycle.deliver import find_landed
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        if self.overwrite != "own":
            return None
        reference = GenerationReference(
            vendor=client.vendor_name, generation_id=generation_id, model=told.get("model")
        )
        manifest = find_landed(self.destination, reference, told.get("mode"), path_from_uri)
        return manifest.to_dict() if manifest else None

    def _finished(self, client: SeedanceClient, generation_id: str) -> Succeeded:
        from airflow_provider_seedance.errors import GenerationFailed, Kind, LandingError
        from airflow_provider_seedance.models import Failed, Succeeded

        seen = client.generations.get(generation_id)
        if isinstance(seen, Succeeded):
            return seen
        if isinstance(seen, Failed):
            raise GenerationFailed(
                f"there is no video: the generation ended as {seen.status.value}: {seen.failure.message}",
                kind=Kind.CONFIGURATION,
                code=seen.failure.code,
                vendor=seen.vendor,
                generation_id=generation_id,
                advice="Download a generation that has succeeded.",
            )
        raise LandingError(
            f"there is no video yet: it is {seen.status.value}",
            vendor=seen.vendor,
            generation_id=generation_id,
            advice="Let the download follow the task that waits for the generation.",
        )


def _provenance(told: Mapping[str, Any]) -> Provenance | None:
    """As the generating task tells it; a video is landed without it, too."""
    from airflow_provider_seedance.core.landing.manifest import Provenance
    from airflow_provider_seedance.errors import ConfigurationError

    try:
        return Provenance.parse(told.get("provenance") or {})
    except ConfigurationError:
        return None


def _expected(told: Mapping[str, Any], generation: Succeeded) -> ExpectedVideo:
    from airflow_provider_seedance.models import ExpectedVideo

    return ExpectedVideo(
        duration=told.get("duration"),
        width=told.get("width"),
        height=told.get("height"),
        audio=generation.generate_audio,
    )

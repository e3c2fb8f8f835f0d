"""Submit one generation, wait for it without a worker, and return its video."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.operators.failing import ends_task
from airflow_provider_seedance.operators.masking import MasksSignedLinks

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.client.http import SeedanceClient
    from airflow_provider_seedance.models import Generation, GenerationRequest, Succeeded
    from airflow_provider_seedance.polling.wait import Verdict
    from airflow_provider_seedance.polling.watch import Outcome, Watch

REQUEST_FIELDS = (
    "prompt",
    "model",
    "first_frame",
    "last_frame",
    "reference_images",
    "reference_videos",
    "reference_audios",
    "draft_task_id",
    "duration",
    "resolution",
    "aspect_ratio",
    "seed",
    "generate_audio",
    "watermark",
    "return_last_frame",
    "web_search",
    "content_filter",
    "camera_fixed",
    "service_tier",
    "priority",
    "vendor_options",
)
#: Default ``timeout`` in seconds; the flex tier is an overnight queue.
TIMEOUT, FLEX_TIMEOUT = 3_600, 172_800
#: The trigger keeps the deadline; Airflow's own deferral timeout only backs it up, this much later.
BACKSTOP = timedelta(minutes=10)


class SeedanceGenerateVideoOperator(MasksSignedLinks, BaseOperator):
    """Generate one video with Seedance, through whichever vendor the connection names.

    The request is checked before it costs anything; what the vendor's model does not have is refused, never
    dropped. Its fields are those of :class:`~airflow_provider_seedance.models.GenerationRequest` and all templated.

    Returns a plain dict: ``vendor, seedance_conn_id, generation_id, model, mode, status, video_url,
    last_frame_url, duration, resolution, aspect_ratio, width, height, seed, usage, cost, created_at, finished_at,
    expires_at``, and ``manifest`` when ``destination`` is given. The links in it die within a day, and whoever has
    one can fetch the file.

    :param prompt: what the video shows.
    :param model: a family name (``seedance-2.0``) or a vendor's own model id.
    :param first_frame: link of the image to begin with.
    :param last_frame: link of the image to end with; needs ``first_frame``.
    :param reference_images: links of images to take characters, things or style from.
    :param reference_videos: links of videos to take motion from, to edit or to extend.
    :param reference_audios: links of sounds to use.
    :param draft_task_id: a draft generation to render in full (Seedance 1.5 Pro on ModelArk).
    :param duration: whole seconds, or -1 to let the model choose where the vendor has that.
    :param resolution: ``480p``, ``720p``, ``1080p`` or ``4k``, as the model allows.
    :param aspect_ratio: ``16:9``, ``9:16``, ... or ``adaptive``.
    :param seed: -1 (random) to 4294967295.
    :param generate_audio: whether the video has sound.
    :param watermark: whether the video carries an "AI generated" mark.
    :param return_last_frame: also give a link to the last frame, for chaining shots.
    :param web_search: let the model search the web.
    :param content_filter: ``False`` relaxes the vendor's filter where it offers that.
    :param camera_fixed: keep the camera still.
    :param service_tier: ``default`` or ``flex`` (half price, hours instead of minutes).
    :param priority: 0 to 9; higher runs earlier.
    :param vendor_options: further fields of the vendor's own request body, sent as they are.
    :param destination: also land the file here: a path or object-storage URI, in which ``{vendor}``,
        ``{generation_id}``, ``{model}`` and ``{mode}`` are filled in.
    :param generation_id: adopt this existing generation instead of paying for one.
    :param seedance_conn_id: a connection of type ``seedance``.
    :param deferrable: wait in the triggerer; ``False`` waits in the worker, with the same outcome.
    :param timeout: seconds for queueing and running together, from the submission; default 3600, or 172800 for the
        flex tier.
    :param max_cost: refuse to submit above this estimate, such as ``"1.50 USD"`` or ``"60 credits"``.
    :param preview: check, estimate and return the wire request, and pay nothing.
    """

    template_fields: Sequence[str] = (
        *REQUEST_FIELDS,
        "destination",
        "generation_id",
        "seedance_conn_id",
        "timeout",
        "max_cost",
    )
    template_fields_renderers = {"vendor_options": "json"}  # noqa: RUF012 - Airflow's own convention
    ui_color = "#e8e3ff"

    def __init__(
        self,
        *,
        prompt: str | None = None,
        model: str = "seedance-2.0",
        first_frame: str | None = None,
        last_frame: str | None = None,
        reference_images: Sequence[str] | str | None = None,
        reference_videos: Sequence[str] | str | None = None,
        reference_audios: Sequence[str] | str | None = None,
        draft_task_id: str | None = None,
        duration: int | str | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        seed: int | str | None = None,
        generate_audio: bool | str | None = None,
        watermark: bool | str | None = None,
        return_last_frame: bool | str | None = None,
        web_search: bool | str | None = None,
        content_filter: bool | str | None = None,
        camera_fixed: bool | str | None = None,
        service_tier: str | None = None,
        priority: int | str | None = None,
        vendor_options: Mapping[str, Any] | str | None = None,
        destination: str | None = None,
        generation_id: str | None = None,
        seedance_conn_id: str = "seedance_default",
        deferrable: bool = True,
        timeout: float | str | None = None,
        max_cost: str | Mapping[str, Any] | None = None,
        preview: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.prompt = prompt
        self.model = model
        self.first_frame = first_frame
        self.last_frame = last_frame
        self.reference_images = reference_images
        self.reference_videos = reference_videos
        self.reference_audios = reference_audios
        self.draft_task_id = draft_task_id
        self.duration = duration
        self.resolution = resolution
        self.aspect_ratio = aspect_ratio
        self.seed = seed
        self.generate_audio = generate_audio
        self.watermark = watermark
        self.return_last_frame = return_last_frame
        self.web_search = web_search
        self.content_filter = content_filter
        self.camera_fixed = camera_fixed
        self.service_tier = service_tier
        self.priority = priority
        self.vendor_options = vendor_options
        self.destination = destination
        self.generation_id = generation_id
        self.seedance_conn_id = seedance_conn_id
        self.deferrable = deferrable
        self.timeout = timeout
        self.max_cost = max_cost
        self.preview = preview

    def execute(self, context: Context) -> Any:
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.operators.budget import check_budget
        from airflow_provider_seedance.operators.landing import check_destination
        from airflow_provider_seedance.operators.preview import preview

        with ends_task(), SeedanceHook(self.seedance_conn_id).get_conn() as client:
            if self.generation_id:
                return self._wait(client, self.generation_id)
            request = self._request()
            if self.preview:
                return preview(client, request)
            client.catalog.prepare(request)
            check_budget(client.estimate_cost(request), self.max_cost, vendor=client.settings.vendor.name)
            if self.destination:
                check_destination(self.destination)
            generation_id = client.create_generation(request).generation_id
            self.log.info("Submitted generation %s to %s.", generation_id, client.settings.vendor.name)
            with ends_task(paid=True):
                return self._wait(client, generation_id)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Resume after the trigger: read how the generation ended, and land it if that was asked for."""
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.polling.event import GenerationEvent

        with ends_task(paid=True), SeedanceHook(self.seedance_conn_id).get_conn() as client:
            ended = GenerationEvent.from_payload(event)
            return self._conclude(client, ended.generation_id, ended.outcome, ended.watch)

    def _request(self) -> GenerationRequest:
        from airflow_provider_seedance.models import GenerationRequest

        return GenerationRequest.of({name: getattr(self, name) for name in REQUEST_FIELDS})

    def _wait(self, client: SeedanceClient, generation_id: str) -> Any:
        from airflow_provider_seedance.polling.watch import Watch

        now = time.time()
        return self._keep_waiting(client, generation_id, Watch(started=now, deadline=now + self._patience()))

    def _keep_waiting(self, client: SeedanceClient, generation_id: str, watch: Watch) -> Any:
        if self.deferrable:
            self._defer(generation_id, watch)
        verdict = self._watch(client, generation_id, watch)
        return self._conclude(client, generation_id, verdict.outcome, watch)

    def _defer(self, generation_id: str, watch: Watch) -> None:
        from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

        self.defer(
            trigger=SeedanceGenerationTrigger(
                seedance_conn_id=self.seedance_conn_id,
                generation_id=generation_id,
                started=watch.started,
                deadline=watch.deadline,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, watch.deadline - time.time())) + BACKSTOP,
        )

    def _watch(self, client: SeedanceClient, generation_id: str, watch: Watch) -> Verdict:
        from airflow_provider_seedance.polling.clock import WallClock
        from airflow_provider_seedance.polling.wait import wait_for_end

        return wait_for_end(
            lambda: client.get_generation(generation_id),
            watch,
            clock=WallClock(),
            sleep=time.sleep,
            on_change=self._log_change,
        )

    def _log_change(self, seen: Generation) -> None:
        self.log.info("Generation %s is %s at %s.", seen.generation_id, seen.status.value, seen.vendor)

    def _conclude(self, client: SeedanceClient, generation_id: str, outcome: Outcome, watch: Watch) -> Any:
        from airflow_provider_seedance.errors import DeadlinePassed, GenerationFailed
        from airflow_provider_seedance.models import Failed, Succeeded
        from airflow_provider_seedance.polling.watch import Outcome

        seen = client.get_generation(generation_id)
        if isinstance(seen, Succeeded):
            return self._deliver(client, seen)
        if isinstance(seen, Failed):
            raise GenerationFailed(
                f"ended as {seen.status.value}: {seen.failure.message}",
                kind=seen.failure.kind,
                code=seen.failure.code,
                vendor=seen.vendor,
                generation_id=generation_id,
            )
        if outcome is Outcome.TIMED_OUT or time.time() >= watch.deadline:
            raise DeadlinePassed(
                f"still {seen.status.value} when its time of {self._patience():.0f} s was up",
                vendor=seen.vendor,
                generation_id=generation_id,
            )
        return self._keep_waiting(client, generation_id, watch)

    def _deliver(self, client: SeedanceClient, generation: Succeeded) -> dict[str, Any]:
        from airflow_provider_seedance.results import result

        request = None if self.generation_id else self._request()
        delivered = result(
            generation, seedance_conn_id=self.seedance_conn_id, request=request, catalog=client.catalog
        )
        if self.destination:
            delivered["manifest"] = self._land(client, generation, request)
        return delivered

    def _land(
        self, client: SeedanceClient, generation: Succeeded, request: GenerationRequest | None
    ) -> dict[str, Any]:
        from airflow_provider_seedance.operators.landing import land_generation

        assert self.destination
        manifest = land_generation(
            client,
            generation,
            self.destination,
            mode=request.mode.value if request else None,
            order=client.catalog.order(request) if request else None,
            request=request,
        )
        self.log.info("Landed %s (%d bytes).", manifest["uri"], manifest["bytes"])
        return manifest

    def _patience(self) -> float:
        from airflow_provider_seedance.errors import ConfigurationError

        if self.timeout in (None, ""):
            return FLEX_TIMEOUT if self.service_tier == "flex" else TIMEOUT
        try:
            seconds = float(self.timeout)
        except (TypeError, ValueError):
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise ConfigurationError(f"timeout must be a number of seconds above 0, not {self.timeout!r}")
        return seconds

"""Submit one generation, wait for it without a worker, and return its video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.request_fields import (
    REQUEST_FIELDS,
    AspectRatio,
    Model,
    Resolution,
)
from airflow_provider_seedance.operators._arguments import (
    OVERWRITE,
    at_parse,
    one_of,
    policies,
    requests_as_dicts,
    seconds,
    switch,
)
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._destination import DestinationMixin
from airflow_provider_seedance.operators._ledger import LedgerMixin
from airflow_provider_seedance.operators._media import OwnMediaMixin
from airflow_provider_seedance.operators._waiting import GenerationWaitMixin, Wait
from airflow_provider_seedance.runtime.config import default_deferrable
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin
from airflow_provider_seedance.runtime.xcom import push_generation_id

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.media.content import RequestMedia
    from airflow_provider_seedance.core.submission.decide import OnClear, OnOrphanedIntent, OnStaleState
    from airflow_provider_seedance.core.submission.record import RecordStore, TaskIdentity
    from airflow_provider_seedance.core.submission.submit import Submitter
    from airflow_provider_seedance.models import GenerationRequest, Succeeded
    from airflow_provider_seedance.operators._base import (
        LinksArgument,
        RequestArgument,
        Result,
        Switch,
        Text,
        Whole,
    )
    from airflow_provider_seedance.runtime.clients import ClientPool


class SeedanceGenerateVideoOperator(
    SignedLinkMaskingMixin,
    OwnMediaMixin,
    DestinationMixin,
    GenerationWaitMixin,
    LedgerMixin,
    SeedanceBaseOperator,
):
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
    :param seedance_conn_id: a connection of type ``seedance``, for new generations; one that was submitted before
        is followed through the connection that submitted it.
    :param deferrable: wait in the triggerer; ``False`` waits in the worker, with the same outcome. Default ``True``,
        or what the environment sets as ``[operators] default_deferrable``.
    :param timeout: seconds, or a ``timedelta``, for queueing and running together, from the submission; default 3600,
        or 172800 for the flex tier. A retry after a wait that ran out waits as long again for the same generation.
    :param queue_timeout: seconds, or a ``timedelta``, in which it must have left the vendor's queue; default none.
    :param durable: keep a record of what was submitted, so that a retry goes on with it instead of paying again.
    :param on_kill_action: ``cancel`` cancels what is still queued when the task is killed or its time is up, where
        the vendor can; ``detach`` leaves it. What runs already finishes and is billed either way.
    :param on_orphaned_intent: when a request may have been accepted, and its generation cannot be found: ``fail``
        says what may have been bought and how to adopt it; ``resubmit`` pays again.
    :param on_stale_state: when the request has changed beside an earlier one that may be billed: ``fail``, or
        ``resubmit`` to pay for the new one too. After a clear, one beside a finished generation is always paid for.
    :param on_clear: when a user clears the task: ``reattach`` goes on with what is queued, running or finished and
        starts anew only after a failure; ``regenerate`` always pays for a new one.
    :param overwrite: what to do about a file that is already at the destination: ``own`` takes over or replaces only
        what the same generation left there, and refuses another's file, before paying where the destination has no
        ``{generation_id}``; ``always`` replaces it, and says so; ``never`` refuses whatever is there.
    :param max_cost: refuse to submit above this estimate, such as ``"1.50 USD"`` or ``"60 credits"``.
    :param on_budget: when a budget of the connection leaves no room: ``fail``, or ``wait`` without a worker until its
        period ends or room is made. What an empty budget has no room for always fails.
    :param reuse: take the whole, landed video of an equal request to the same vendor, if the ledger knows one, instead
        of paying; the result then says ``"reused": true``. ``seed=-1`` asks for another take and is never reused.
    :param reuse_max_age: seconds; an older video is not reused.
    :param preview: check, estimate and return the wire request, and pay nothing.
    :param last_frame_destination: also land the last frame here, likewise; the result then has ``last_frame``, with
        ``uri``, ``bytes``, ``sha256`` and ``content_type``. It asks for the last frame.
    :param request: a whole :class:`~airflow_provider_seedance.models.GenerationRequest`, or a dict of its fields; those
        that it sets take the place of the arguments above.
    :param check_media: ``files`` checks the request's own files before paying; ``all`` fetches and checks links too.
    """

    template_fields: Sequence[str] = (
        *REQUEST_FIELDS,
        "request",
        "destination",
        "last_frame_destination",
        "generation_id",
        "seedance_conn_id",
        "timeout",
        "queue_timeout",
        "max_cost",
        "reuse_max_age",
        "on_kill_action",
        "on_orphaned_intent",
        "on_stale_state",
        "on_clear",
        "overwrite",
        "preview",
    )
    template_fields_renderers = {"vendor_options": "json", "request": "json"}  # noqa: RUF012 - Airflow's own convention
    label_fields = ("prompt", "request", "first_frame", "reference_images", "generation_id", "draft_task_id")
    ui_color = "#e8e3ff"
    #: Which task instance this is, once its record was looked up.
    _task: TaskIdentity | None = None

    def __init__(
        self,
        *,
        prompt: Text | None = None,
        model: Model | Text = "seedance-2.0",
        first_frame: Text | None = None,
        last_frame: Text | None = None,
        reference_images: LinksArgument | None = None,
        reference_videos: LinksArgument | None = None,
        reference_audios: LinksArgument | None = None,
        draft_task_id: Result | None = None,
        duration: Whole | None = None,
        resolution: Resolution | Text | None = None,
        aspect_ratio: AspectRatio | Text | None = None,
        seed: Whole | None = None,
        generate_audio: Switch | None = None,
        watermark: Switch | None = None,
        return_last_frame: Switch | None = None,
        web_search: Switch | None = None,
        content_filter: Switch | None = None,
        camera_fixed: Switch | None = None,
        service_tier: Text | None = None,
        priority: Whole | None = None,
        vendor_options: Result | None = None,
        destination: Text | None = None,
        generation_id: Result | None = None,
        seedance_conn_id: str = "seedance_default",
        deferrable: bool | None = None,
        timeout: timedelta | float | str | None = None,
        queue_timeout: timedelta | float | str | None = None,
        durable: bool = True,
        on_kill_action: Literal["cancel", "detach"] = "cancel",
        on_orphaned_intent: OnOrphanedIntent = "fail",
        on_stale_state: OnStaleState = "fail",
        on_clear: OnClear = "reattach",
        overwrite: Overwrite = "own",
        max_cost: str | Mapping[str, Any] | None = None,
        on_budget: Literal["fail", "wait"] = "fail",
        reuse: bool = False,
        reuse_max_age: float | str | None = None,
        preview: bool | str = False,
        last_frame_destination: str | None = None,
        check_media: Literal["files", "all"] = "files",
        request: RequestArgument | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.request = requests_as_dicts(self, request)
        self.prompt = prompt
        self.model: Any = model
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
        self.service_tier: Any = service_tier
        self.priority = priority
        self.vendor_options = vendor_options
        self.destination: Any = destination
        self.generation_id = generation_id
        self.seedance_conn_id = seedance_conn_id
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.timeout = at_parse(seconds, "timeout", timeout)
        self.queue_timeout = at_parse(seconds, "queue_timeout", queue_timeout)
        self.durable = durable
        self.on_kill_action = one_of("on_kill_action", on_kill_action, "cancel", "detach")
        self.on_orphaned_intent = one_of("on_orphaned_intent", on_orphaned_intent, "fail", "resubmit")
        self.on_stale_state = one_of("on_stale_state", on_stale_state, "fail", "resubmit")
        self.on_clear = one_of("on_clear", on_clear, "reattach", "regenerate")
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)
        self.max_cost = max_cost
        self.last_frame_destination = last_frame_destination
        self.check_media = one_of("check_media", check_media, "files", "all")
        self.on_budget = one_of("on_budget", on_budget, "fail", "wait")
        self.reuse = reuse
        self.reuse_max_age = reuse_max_age
        self.preview = at_parse(switch, "preview", preview)

    def execute(self, context: Context) -> Any:
        from airflow_provider_seedance.runtime.clients import ClientPool

        self._reveal()
        with task_errors(context):
            store = self._store(context)
            with self._bill_told(store), ClientPool() as clients:
                return self._generate(context, store, clients)

    def _generate(self, context: Context, store: RecordStore, clients: ClientPool) -> Any:
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.models import parse_generation_id

        self._check_on_kill_action()
        if self.generation_id:
            adopted = parse_generation_id(self.generation_id)
            push_generation_id(context, adopted)
            return self._adopt(clients(self.seedance_conn_id), store, adopted)
        media = self._media(store)
        request = media.request
        if switch("preview", self.preview):
            client = clients(self.seedance_conn_id)
            self._delivery().check(client, media)
            shown = self._preview(client, request, context)
            self.log.info(
                "Preview for %s, nothing is submitted: %s.",
                client.vendor_name,
                self._in_words(client, request),
            )
            return shown
        if self.reuse and (reused := self._reused(clients(self.seedance_conn_id), store, request)):
            return reused
        if not store.remembers:
            # Outside of what a retry would pay for again: what fails here may be tried again.
            self._check_before_paying(context, clients(self.seedance_conn_id), media)
        with task_errors(retry_pays=self._retry_pays(store)):
            submitter = self._submitter(clients, store, context, media)
            submission = self._submit_or_wait(submitter, request)
            record = submission.record
            assert record.generation_id
            push_generation_id(context, record.generation_id)
            if submission.generation is None:
                # The vendor has the video no more, or cannot be asked: what the task returned is on record.
                return record.result
            conn_id = record.seedance_conn_id
            wait = Wait(conn_id, clients(conn_id), store, record.generation_id, WaitState.from_record(record))
            return self._wait(wait, submission.generation)

    def _store(self, context: Context) -> RecordStore:
        from airflow_provider_seedance.runtime.task_state import identity_of, record_store

        self._task = identity_of(context)
        self._records = record_store(context, durable=self.durable and not self.generation_id)
        return self._records

    def _retry_pays(self, store: RecordStore) -> bool:
        return not store.remembers and not self.generation_id

    def _adopt(self, client: SeedanceClient, store: RecordStore, generation_id: str) -> Any:
        from airflow_provider_seedance.core.lifecycle.result import result_of_landed
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.models import Pending, Succeeded

        adopted = {"vendor": client.vendor_name, "generation_id": generation_id, "mode": None}
        # Which model made it is told when it has finished.
        self._check_destination({**adopted, "model": self.model})
        now = clock.SYSTEM_CLOCK.now()
        state = WaitState(started=now, deadline=now + self._timeout_seconds(), queue_deadline=None)
        try:
            generation = client.generations.get(generation_id)
        except SeedanceError:
            # Waiting bears what passes.
            generation = None
        if not isinstance(generation, Pending | Succeeded) and (
            manifest := self._landed(client, generation_id)
        ):
            return result_of_landed(manifest, self.seedance_conn_id)
        return self._wait(Wait(self.seedance_conn_id, client, store, generation_id, state), generation)

    def _submitter(
        self, clients: ClientPool, store: RecordStore, context: Context, media: RequestMedia
    ) -> Submitter:
        from airflow_provider_seedance.core.lifecycle.deliver import is_video_kept
        from airflow_provider_seedance.core.media.deliver import DeliveringClients
        from airflow_provider_seedance.core.submission.submit import Submitter
        from airflow_provider_seedance.runtime.callbacks import callback_url_of
        from airflow_provider_seedance.runtime.ledger import begin_in_ledger
        from airflow_provider_seedance.runtime.object_storage import path_from_uri
        from airflow_provider_seedance.runtime.task_state import identity_of

        delivering = DeliveringClients(clients, media, self._delivery())

        def check(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
            self._check_before_paying(context, clients(conn_id), media, earlier_ids)
            delivering(conn_id).prepare()

        task = identity_of(context)
        return Submitter(
            delivering,
            store,
            task,
            self.seedance_conn_id,
            policies(self),
            timeout=self._timeout_seconds(),
            queue_timeout=seconds("queue_timeout", self.queue_timeout),
            clock=clock.SYSTEM_CLOCK,
            check=check,
            media=media.keys,
            describe=lambda conn_id: self._in_words(clients(conn_id), media.request),
            begin=begin_in_ledger(store),
            video_kept=lambda record: is_video_kept(record, self.destination, path_from_uri),
            callback_url=callback_url_of(task, media.request, clients) if self.deferrable else None,
        )

    def _in_words(self, client: SeedanceClient, request: GenerationRequest) -> str:
        from airflow_provider_seedance.core.lifecycle.describe import order_in_words

        return order_in_words(request, client.estimate_cost(request), destination=self.destination)

    def _check_before_paying(
        self,
        context: Context,
        client: SeedanceClient,
        media: RequestMedia,
        earlier_ids: tuple[str, ...] = (),
    ) -> None:
        from airflow_provider_seedance.core.submission.budget import check_balance, check_budget
        from airflow_provider_seedance.runtime.ledger import check_has_ledger

        request = media.request
        prepared = client.catalog.prepare(request)
        self._delivery().check(client, media)
        check_has_ledger(client)
        check_balance(client)
        check_budget(client.estimate_cost(request), self.max_cost, vendor=client.vendor_name)
        self._check_destination_before_paying(context, client, request, prepared.model, earlier_ids)

    def _ordered(self) -> GenerationRequest | None:
        return None if self.generation_id else self._request()

    def _deliver(self, conn_id: str, client: SeedanceClient, generation: Succeeded) -> dict[str, Any]:
        from airflow_provider_seedance.core.lifecycle.result import provenance_of, result_dict

        request = None if self.generation_id else self._recorded_request()
        provenance = provenance_of(generation, request, client.catalog, self._task)
        delivered = result_dict(
            generation,
            seedance_conn_id=conn_id,
            request=request,
            catalog=client.catalog,
            provenance=provenance,
        )
        if self.destination:
            delivered["manifest"] = self._land(client, generation, request, provenance)
        if self.last_frame_destination:
            delivered["last_frame"] = self._land_last_frame(client, generation, delivered["mode"])
        return delivered

    def _timeout_seconds(self) -> float:
        from airflow_provider_seedance.core.polling.decide import default_timeout

        return seconds("timeout", self.timeout) or default_timeout(self.service_tier)

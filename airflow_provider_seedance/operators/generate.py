"""Submit one generation, wait for it without a worker, and return its video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS, AspectRatio, Model, Resolution
from airflow_provider_seedance.operators._arguments import (
    ON_QUALITY,
    OVERWRITE,
    as_value_error,
    at_parse,
    check_changes,
    conn_ids,
    one_of,
    requests_as_dicts,
    seconds,
    switch,
)
from airflow_provider_seedance.operators._attempts import TaskAttempts, request_on_record
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._destination import DestinationMixin
from airflow_provider_seedance.operators._links import push_links
from airflow_provider_seedance.operators._request import take_request
from airflow_provider_seedance.operators._waiting import GenerationWaitMixin, Wait
from airflow_provider_seedance.runtime.config import default_deferrable
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin
from airflow_provider_seedance.runtime.xcom import push_generation_id

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.landing.quality import OnQuality
    from airflow_provider_seedance.core.submission.decide import OnClear, OnOrphanedIntent, OnStaleState
    from airflow_provider_seedance.core.submission.record import RecordStore, TaskIdentity
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
    SignedLinkMaskingMixin, DestinationMixin, GenerationWaitMixin, SeedanceBaseOperator
):
    """Generate one video with Seedance, through whichever vendor the connection names.

    The request is checked before it costs anything; what the vendor's model does not have is refused, never
    dropped. Its fields are those of :class:`~airflow_provider_seedance.models.GenerationRequest` and all templated.

    Returns a plain dict: ``vendor, seedance_conn_id, generation_id, model, mode, status, video_url,
    last_frame_url, duration, resolution, aspect_ratio, width, height, seed, usage, cost, created_at, finished_at,
    expires_at, attempts, paid``, and ``manifest`` when ``destination`` is given. ``attempts`` are all that were made,
    and ``paid`` is what they cost together, by currency and basis. The links in it die within a day, and whoever has
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
    :param seedance_conn_id: a connection of type ``seedance``, for new generations; or several, in the order in which
        they are asked: the next one where the one before is out of balance, refuses the key, lacks the model or an
        option, or is in trouble for ``failover_after``. What was submitted is followed through the connection that
        submitted it.
    :param failover_after: seconds, or a ``timedelta``, for which a connection may be out of reach or overloaded before
        the next one is asked; default 300.
    :param on_moderation: request changes to try, in this order, after the vendor's safety filter has refused the
        request or the video: ``{"generate_audio": False}``, ``{"prompt": "..."}``, ``{"model": "..."}``. Each is laid
        over the request as it is written, and is paid for by itself; ``{}`` asks for the same again, and only after
        a video was rejected. What the vendor does not have is skipped.
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
    :param max_cost: refuse to submit above this estimate, such as ``"1.50 USD"`` or ``"60 credits"``; what earlier
        attempts at the same video have cost counts.
    :param on_budget: when a budget of the connection leaves no room: ``fail``, or ``wait`` without a worker until its
        period ends or room is made. What an empty budget has no room for always fails.
    :param reuse: take the whole, landed video of an equal request to the same vendor, if the ledger knows one, instead
        of paying; the result then says ``"reused": true``. ``seed=-1`` asks for another take and is never reused.
    :param reuse_max_age: seconds; an older video is not reused.
    :param preview: check, estimate and return the wire request, and pay nothing.
    :param last_frame_destination: also land the last frame here, likewise; the result then has ``last_frame``, with
        ``uri``, ``bytes``, ``sha256`` and ``content_type``. It asks for the last frame.
    :param contact_sheet: also write ``<name>.sheet.jpg``, nine pictures of the video, beside it; the poster
        ``<name>.jpg`` always is. Both need the extra ``media``.
    :param on_quality: a landed video that differs from its order, or is black, frozen or silent: ``flag`` says so in
        its manifest and the log; ``fail`` fails the task too, for good, with the file in place.
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
        "on_moderation",
        "failover_after",
        "preview",
    )
    template_fields_renderers = {"vendor_options": "json", "request": "json", "on_moderation": "json"}  # noqa: RUF012 - Airflow's own convention
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
        seedance_conn_id: str | Sequence[str] = "seedance_default",
        deferrable: bool | None = None,
        timeout: timedelta | float | str | None = None,
        queue_timeout: timedelta | float | str | None = None,
        durable: bool = True,
        on_kill_action: Literal["cancel", "detach"] = "cancel",
        on_orphaned_intent: OnOrphanedIntent = "fail",
        on_stale_state: OnStaleState = "fail",
        on_clear: OnClear = "reattach",
        overwrite: Overwrite = "own",
        on_moderation: Sequence[Result] | Text | None = None,
        failover_after: timedelta | float | str | None = None,
        max_cost: str | Mapping[str, Any] | None = None,
        on_budget: Literal["fail", "wait"] = "fail",
        reuse: bool = False,
        reuse_max_age: float | str | None = None,
        preview: bool | str = False,
        last_frame_destination: str | None = None,
        contact_sheet: bool = False,
        on_quality: OnQuality = "flag",
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
        self.seedance_conn_id = at_parse(conn_ids, "seedance_conn_id", seedance_conn_id)
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.timeout = at_parse(seconds, "timeout", timeout)
        self.queue_timeout = at_parse(seconds, "queue_timeout", queue_timeout)
        self.durable = durable
        self.on_kill_action = one_of("on_kill_action", on_kill_action, "cancel", "detach")
        self.on_orphaned_intent = one_of("on_orphaned_intent", on_orphaned_intent, "fail", "resubmit")
        self.on_stale_state = one_of("on_stale_state", on_stale_state, "fail", "resubmit")
        self.on_clear = one_of("on_clear", on_clear, "reattach", "regenerate")
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)
        as_value_error(check_changes, "on_moderation", on_moderation)
        self.on_moderation = on_moderation
        self.failover_after = at_parse(seconds, "failover_after", failover_after)
        self.max_cost = max_cost
        self.last_frame_destination = last_frame_destination
        self.contact_sheet = contact_sheet
        self.on_quality: OnQuality = one_of("on_quality", on_quality, *ON_QUALITY)
        self.check_media = one_of("check_media", check_media, "files", "all")
        self.on_budget = one_of("on_budget", on_budget, "fail", "wait")
        self.reuse = reuse
        self.reuse_max_age = reuse_max_age
        self.preview = at_parse(switch, "preview", preview)

    def pre_execute(self, context: Any) -> None:
        """As any operator, and each argument has its value then; Airflow calls this before a resumption too."""
        super().pre_execute(context)
        with task_errors(context):
            take_request(self)

    def execute(self, context: Context) -> Any:
        from airflow_provider_seedance.runtime.clients import ClientPool

        self._reveal()
        push_links(context, self)
        with task_errors(context):
            store = self._store(context)
            if self._carried_record is not None:
                store.write(self._carried_record)
            with self._bill_told(store), ClientPool() as clients:
                return self._checked(self._generate(context, store, clients))

    def submit_again(
        self,
        context: Context,
        event: Any = None,
        record: dict[str, Any] | None = None,
        trouble: dict[str, Any] | None = None,
    ) -> Any:
        """Go on with the submission, after a wait for room in a budget or for a connection in trouble.

        :param record: as in :meth:`execute_complete`.
        :param trouble: how far the wait for a connection is.
        """
        from airflow_provider_seedance.core.submission.record import SubmissionRecord
        from airflow_provider_seedance.core.submission.submit_attempts import Trouble

        with task_errors(context):
            self._carried_record = SubmissionRecord.parse(record) if record else None
        self._trouble = Trouble.model_validate(trouble) if trouble else None
        return self.execute(context)

    def _generate(self, context: Context, store: RecordStore, clients: ClientPool) -> Any:
        from airflow_provider_seedance.models import parse_generation_id

        self._check_on_kill_action()
        if self.generation_id:
            adopted = parse_generation_id(self.generation_id)
            push_generation_id(context, adopted)
            return self._adopt(context, clients, store, adopted)
        attempts = TaskAttempts(self, context, store, clients)
        attempts.check_readable()
        if switch("preview", self.preview):
            return attempts.preview()
        if self.reuse and (reused := attempts.reused()):
            return reused
        if not store.remembers:
            # Outside of what a retry would pay for again: what fails here may be tried again.
            attempts.check_first()
        attempts.tell_unfit()
        with task_errors(retry_pays=self._retry_pays(store)):
            return self._submit(attempts, store)

    def _attempts(self, context: Context, store: RecordStore, clients: ClientPool) -> TaskAttempts | None:
        return None if self.generation_id else TaskAttempts(self, context, store, clients)

    def _store(self, context: Context) -> RecordStore:
        from airflow_provider_seedance.runtime.task_state import identity_of, record_store

        self._task = identity_of(context)
        self._records = record_store(context, durable=self.durable and not self.generation_id)
        return self._records

    def _retry_pays(self, store: RecordStore) -> bool:
        return not store.remembers and not self.generation_id

    def _adopt(self, context: Context, clients: ClientPool, store: RecordStore, generation_id: str) -> Any:
        from airflow_provider_seedance.core.lifecycle.adopt import ask_each
        from airflow_provider_seedance.core.lifecycle.result import result_of_landed, with_attempts
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.models import Pending, Succeeded

        to_ask = self._connections_to_ask(context, generation_id)
        # Which model made it is told when it has finished.
        adopted = {"generation_id": generation_id, "mode": None, "model": self.model}
        self._check_destination({**adopted, "vendor": clients(to_ask[0]).vendor_name})
        conn_id, client, generation = ask_each(generation_id, to_ask, clients)
        if conn_id != to_ask[0]:
            self._check_destination({**adopted, "vendor": client.vendor_name})
        self._show_console(context, client.settings)
        now = clock.SYSTEM_CLOCK.now()
        state = WaitState(
            started=now, deadline=now + self._timeout_seconds(self.service_tier), queue_deadline=None
        )
        if not isinstance(generation, Pending | Succeeded) and (
            manifest := self._landed(client, generation_id)
        ):
            return with_attempts(result_of_landed(manifest, conn_id), None)
        return self._wait(Wait(conn_id, client, store, generation_id, state), generation)

    def _connections_to_ask(self, context: Context, generation_id: str) -> tuple[str, ...]:
        """Where a generation that the user names may be; the task's own record knows what it has paid for."""
        from airflow_provider_seedance.core.lifecycle.adopt import connections_to_ask
        from airflow_provider_seedance.errors import StateUnreadable
        from airflow_provider_seedance.runtime.task_state import record_store

        if len(self._conn_ids) == 1 or not self.durable:
            return self._conn_ids
        try:
            record = record_store(context, durable=True).read()
        except StateUnreadable as fault:
            self.log.warning("%s Each connection is asked.", fault)
            record = None
        return connections_to_ask(generation_id, self._conn_ids, record)

    def _ordered(self) -> GenerationRequest | None:
        return None if self.generation_id else request_on_record(self, self._record_if_readable())

    def _deliver(self, conn_id: str, client: SeedanceClient, generation: Succeeded) -> dict[str, Any]:
        from airflow_provider_seedance.core.lifecycle.result import provenance_of, result_dict, with_attempts

        record = self._record_if_readable()
        request = None if self.generation_id else request_on_record(self, record)
        provenance = provenance_of(generation, request, client.catalog, self._task)
        delivered = result_dict(
            generation,
            seedance_conn_id=conn_id,
            request=request,
            catalog=client.catalog,
            provenance=provenance,
        )
        delivered |= self._landed_files(client, generation, request, provenance)
        return with_attempts(delivered, record)

    def _timeout_seconds(self, service_tier: Any) -> float:
        from airflow_provider_seedance.core.polling.decide import default_timeout

        return seconds("timeout", self.timeout) or default_timeout(service_tier)

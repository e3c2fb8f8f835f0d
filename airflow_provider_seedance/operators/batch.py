"""Generate many videos from one task, wait for them without a worker, and land each as it finishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import (
    ON_QUALITY,
    OVERWRITE,
    as_value_error,
    at_parse,
    check_changes,
    conn_ids,
    one_of,
    overwrite_of,
    requests_as_dicts,
    seconds,
)
from airflow_provider_seedance.operators._base import SeedanceBaseOperator
from airflow_provider_seedance.operators._batch import DEFAULT_MAX_ACTIVE, prepare_batch
from airflow_provider_seedance.operators._lineage import LineageMixin
from airflow_provider_seedance.operators._links import GalleryLink, push_links
from airflow_provider_seedance.operators._waiting import BACKSTOP, NO_CONNECTION_IN_TRIGGERER
from airflow_provider_seedance.runtime.asset_events import PublicationEvent, declared_alias, outlet_of
from airflow_provider_seedance.runtime.config import default_deferrable
from airflow_provider_seedance.runtime.exceptions import deferral_errors, task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetAlias, Context

    from airflow_provider_seedance.core.batch.event import BatchEvent
    from airflow_provider_seedance.core.batch.journal.store import Journal
    from airflow_provider_seedance.core.batch.run import BatchRun
    from airflow_provider_seedance.core.landing.ownership import Overwrite
    from airflow_provider_seedance.core.landing.quality import OnQuality
    from airflow_provider_seedance.core.submission.decide import OnClear, OnOrphanedIntent, OnStaleState
    from airflow_provider_seedance.operators._base import RequestArgument, Result, Text, Whole
    from airflow_provider_seedance.runtime.batch_session import BatchSession
    from airflow_provider_seedance.runtime.clients import ClientPool


class SeedanceGenerateBatchOperator(SignedLinkMaskingMixin, LineageMixin, SeedanceBaseOperator):
    """Generate many videos with Seedance from one task instance: hundreds to thousands.

    All rows are checked before anything is paid, and all that is wrong is reported at once. Then each row is
    submitted, waited for and landed by itself, under an intent of its own; its failure does not touch the others.
    How many the vendor takes at a time is learned from its refusals, which fail no row. Once everything is submitted
    the task defers, and resumes when enough videos have finished.

    What is known of each row is in a journal beside the videos, or in ``[seedance] state_folder``. A retry, after a
    kill too, goes on from there, and pays for nothing twice.

    Returns ``rows, counts`` (by status), ``cost`` (by currency and basis), ``results`` (the path or URI of a JSONL
    file with one line for each row) and ``failures`` (the first 20). Statuses are ``succeeded``; ``failed``: no
    video, and nothing more to pay than its attempts have cost; ``uncollected``: its generation id is known, it may be
    billed, and its video is not downloaded yet; ``uncertain``: the vendor may have accepted and billed it, and its id
    is not known; ``not_submitted``.

    The task fails if a row is ``uncollected`` or ``uncertain``, if none has succeeded, or if it was stopped early by
    ``max_failures``, ``max_cost``, or by an error that concerns the whole account. It then still finishes what is in
    flight.

    :param requests: the rows: a list of :class:`~airflow_provider_seedance.models.GenerationRequest`, of dicts with its
        fields or of prompts, such as an XCom; or the path or
        URI of a ``.jsonl``, ``.csv`` or ``.json`` file. ``metadata`` in a row, or CSV columns ``metadata.<name>``,
        are kept for the results; ``generation_id`` in a row adopts that generation. Rows are read again after each
        wait, and must be the same then.
    :param destination: where videos go: a path or object-storage URI, in which ``{row}``, ``{generation_id}``,
        ``{vendor}``, ``{model}``, ``{mode}`` and the row's own ``{metadata.<name>}`` are filled in. ``None`` lands
        nothing, and needs ``[seedance] state_folder`` for the journal.
    :param publish_destination: where each landed video is published then, as
        :class:`~airflow_provider_seedance.operators.publish.SeedancePublishVideoOperator` does, with the row's metadata
        in its sidecar: a template like ``destination``. ``None`` publishes nothing.
    :param asset: of the events, one for each video that was published, with its publication as the extra; as for that
        operator. They are emitted through an alias, ``<dag_id>.<task_id>`` unless one is given.
    :param seedance_conn_id: a connection of type ``seedance``, or several in the order in which they are asked; what
        one row finds out about a connection counts for the others.
    :param failover_after: seconds, or a ``timedelta``, for which a connection may be out of reach or overloaded before
        the next one is asked; default 300.
    :param on_moderation: request changes to try for a row, in this order, after a moderation refusal; as for
        :class:`~airflow_provider_seedance.operators.generate.SeedanceGenerateVideoOperator`, but for its media.
    :param defaults: request fields for rows that leave them out.
    :param max_active: generations in flight at a time, at most.
    :param max_failures: with more rows than this that are failed, uncollected or uncertain, nothing more is submitted
        and the task fails; ``None`` for no limit.
    :param max_cost: nothing is submitted that could bring the sum above it, such as ``"150 USD"``: estimates of what
        is in flight, and the cost of what has ended, with a video or without. A row without a known price is refused.
    :param deferrable: wait in the triggerer once everything is submitted; ``False`` waits in the worker. Default
        ``True``, or what the environment sets as ``[operators] default_deferrable``.
    :param timeout: seconds, or a ``timedelta``, for each generation, queueing and running, from its submission;
        default 3600, or 172800 where a row has the flex tier.
    :param on_orphaned_intent: when a row may have been accepted, and its generation cannot be found: ``fail`` ends
        the row as ``uncertain``; ``resubmit`` pays again.
    :param on_stale_state: when rows have changed whose earlier request is paid for or may be: ``fail`` names them and
        pays nothing; ``resubmit`` pays for the new ones too. After a clear, those whose video is finished are always
        paid for.
    :param on_clear: when a user clears the task: ``reattach`` keeps what has succeeded, goes on with what is in
        flight, and tries failed rows again; ``regenerate`` pays for all rows again.
    :param on_budget: when a budget of the connection leaves no room for a row: ``fail`` submits nothing more, finishes
        what is in flight and fails; ``wait`` goes on, without a worker, when its period ends or room is made.
    :param reuse: take the videos of equal requests instead of paying, those of any attempt that may be made for a row,
        where the ledger knows one that is whole where it was landed; such a row's result says ``"reused": true``.
        ``seed=-1`` is never reused.
    :param reuse_max_age: seconds; an older video is not reused.
    :param overwrite: what to do about a file that is already at a row's destination: ``own`` takes over or replaces
        only what the same generation left there, and fails the row beside another's file, before it is paid for where
        the destination has no ``{generation_id}``; ``always`` replaces it, and says so; ``never`` fails the row
        whatever is there.
    :param contact_sheet: also write ``<name>.sheet.jpg``, nine pictures of the video, beside it; the poster
        ``<name>.jpg`` always is. Both need the extra ``media``.
    :param on_quality: a landed video that differs from its order, or is black, frozen or silent: ``flag`` says so in
        its manifest and the log; ``fail`` fails the task too, for good, when all rows have
        ended, and does not publish such a video.
    :param check_media: ``files`` checks the rows' own files before paying; ``all`` fetches and checks links too.
    """

    template_fields: Sequence[str] = (
        "requests",
        "destination",
        "publish_destination",
        "asset",
        "seedance_conn_id",
        "failover_after",
        "on_moderation",
        "defaults",
        "max_active",
        "max_failures",
        "max_cost",
        "timeout",
        "reuse_max_age",
        "on_orphaned_intent",
        "on_stale_state",
        "on_clear",
        "overwrite",
    )
    unsearched_fields = frozenset({"requests"})
    template_fields_renderers = {"requests": "json", "defaults": "json"}  # noqa: RUF012 - Airflow's own convention
    label_fields = ("requests", "destination")
    ui_color = "#d9d3ff"
    operator_extra_links = (GalleryLink(),)

    def __init__(
        self,
        *,
        requests: Sequence[RequestArgument] | Text,
        destination: Text | None,
        publish_destination: Text | None = None,
        asset: Asset | AssetAlias | str | None = None,
        seedance_conn_id: str | Sequence[str] = "seedance_default",
        failover_after: timedelta | float | str | None = None,
        on_moderation: Sequence[Result] | Text | None = None,
        defaults: RequestArgument | None = None,
        max_active: Whole = DEFAULT_MAX_ACTIVE,
        max_failures: Whole | None = None,
        max_cost: str | Mapping[str, Any] | None = None,
        deferrable: bool | None = None,
        timeout: timedelta | float | str | None = None,
        on_orphaned_intent: OnOrphanedIntent = "fail",
        on_stale_state: OnStaleState = "fail",
        on_clear: OnClear = "reattach",
        on_budget: Literal["fail", "wait"] = "fail",
        reuse: bool = False,
        reuse_max_age: float | str | None = None,
        overwrite: Overwrite = "own",
        contact_sheet: bool = False,
        on_quality: OnQuality = "flag",
        check_media: Literal["files", "all"] = "files",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.requests = requests_as_dicts(self, requests)
        self.destination: Any = destination
        if publish_destination is not None and destination is None:
            raise ValueError("publish_destination needs a destination, where the videos are landed first")
        self.publish_destination: Any = publish_destination
        self.asset = asset
        if publish_destination is not None:
            self.outlets = declared_alias(self, asset)
        self.seedance_conn_id = at_parse(conn_ids, "seedance_conn_id", seedance_conn_id)
        self.failover_after = at_parse(seconds, "failover_after", failover_after)
        as_value_error(check_changes, "on_moderation", on_moderation)
        self.on_moderation = on_moderation
        self.defaults: Any = requests_as_dicts(self, defaults)
        self.max_active = max_active
        self.max_failures = max_failures
        self.max_cost = max_cost
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.timeout = at_parse(seconds, "timeout", timeout)
        self.on_orphaned_intent = one_of("on_orphaned_intent", on_orphaned_intent, "fail", "resubmit")
        self.on_stale_state = one_of("on_stale_state", on_stale_state, "fail", "resubmit")
        self.on_clear = one_of("on_clear", on_clear, "reattach", "regenerate")
        self.contact_sheet = contact_sheet
        self.on_quality: OnQuality = one_of("on_quality", on_quality, *ON_QUALITY)
        self.check_media = one_of("check_media", check_media, "files", "all")
        self.on_budget = one_of("on_budget", on_budget, "fail", "wait")
        self.reuse = reuse
        self.reuse_max_age = reuse_max_age
        self.overwrite: Overwrite = one_of("overwrite", overwrite, *OVERWRITE)

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.batch.event import BatchEvent

        self._reveal()
        push_links(context, self)
        return self._run(context, BatchEvent({}), new_try=True)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Resume after the trigger: land what has finished, and submit what is to be tried again."""
        from airflow_provider_seedance.core.batch.event import BatchEvent

        with task_errors(context):
            batch_event = BatchEvent.from_payload(event)
        return self._run(context, batch_event)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume as any task does, but go on from the journal where the deferral failed or timed out."""
        from airflow_provider_seedance.core.batch.event import BatchEvent

        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_errors() as fault:
            self.log.warning("%s; the task looks at all generations that are in flight.", fault)
            return self._run(context, BatchEvent(None), deferral_error=fault)

    def _run(
        self,
        context: Context,
        event: BatchEvent,
        *,
        new_try: bool = False,
        deferral_error: Exception | None = None,
    ) -> dict[str, Any]:
        """Do what can be done now, and defer if that is not all; ``deferral_error`` is raised instead of deferring."""
        from airflow_provider_seedance.core.batch.event import BatchEvent
        from airflow_provider_seedance.core.batch.journal.store import open_journal
        from airflow_provider_seedance.core.batch.lineage import lineage_of_batch
        from airflow_provider_seedance.core.batch.resume import resume_rows
        from airflow_provider_seedance.core.batch.run import last_deadline
        from airflow_provider_seedance.core.batch.summary import check_complete, results_of, summarize
        from airflow_provider_seedance.core.landing.quality import check_quality_of_rows
        from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.core.storage.paths import uri_of
        from airflow_provider_seedance.operators._deferral import defer_until_room
        from airflow_provider_seedance.runtime.clients import ClientPool

        with task_errors(context):
            session, run = prepare_batch(self, context, new_try=new_try)
            with open_journal(session.journal) as in_files, ClientPool() as clients:
                journal = run.ledgered(in_files)
                finished = resume_rows(
                    run.plan,
                    journal,
                    run.options,
                    clients,
                    new_try=new_try,
                    lands=self.destination is not None,
                    publishes=self.publish_destination is not None,
                )
                if event.finished_waits is not None:
                    event = BatchEvent({**dict.fromkeys(finished, WaitOutcome.ENDED), **event.finished_waits})
                if new_try:
                    session.register(len(run.plan.rows))
                    self._log_start(run, session)
                if new_try and self.reuse:
                    self._reuse(run, journal, clients)
                ended_before = {row for row, state in journal.states.items() if state.outcome}
                ended = run.run(
                    journal, event, stay=not self.deferrable or self._is_unknown_to_triggerer(event)
                )
            results = results_of(run.plan.rows, journal.states)
            session.write_results(results)
            self._count(run, [result for result in results if result["row"] not in ended_before])
            if (
                self.on_budget == "wait"
                and isinstance(ended.stopped_by, SpendLimitReached)
                and ended.all_ended
            ):
                defer_until_room(self, ended.stopped_by, "submit_again")
            if ended.all_ended:
                summary = summarize(results, uri_of(session.results))
                self._report_lineage(lineage_of_batch(run.plan.rows, results, summary))
                check_complete(summary, journal.states.values(), ended.stopped_by)
                check_quality_of_rows(results, self.on_quality)
                self._emit(context, results)
                return summary
        if deferral_error is not None:
            raise deferral_error
        self._defer(uri_of(session.journal), last_deadline(journal.states.values()))
        raise AssertionError("unreachable")

    def _count(self, run: BatchRun, results: Sequence[Mapping[str, Any]]) -> None:
        """Report the rows that have ended in this part of the work."""
        from airflow_provider_seedance.runtime.metrics import count_result

        for result in results:
            if result["status"] in ("succeeded", "failed"):
                source = (result["manifest"] or {}).get("source", {})
                model = source.get("model") or run.plan.rows[result["row"]].request.model
                count_result({**result, "vendor": source.get("vendor"), "model": model})

    def _emit(self, context: Context, results: Sequence[Mapping[str, Any]]) -> None:
        """Let the success emit the event of each video that this task has published."""
        from airflow_provider_seedance.core.batch.summary import published_by_task

        if records := published_by_task(results):
            outlet = outlet_of(self.asset, f"{self.dag_id}.{self.task_id}")
            count = PublicationEvent(context, self, outlet).emit_all(records)
            self.log.info(
                "The success of this task emits %d asset events, one for each published video.", count
            )

    def submit_again(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Look again whether the budget has room, and go on."""
        from airflow_provider_seedance.core.batch.event import BatchEvent

        return self._run(context, BatchEvent({}))

    def _reuse(self, run: BatchRun, journal: Journal, clients: ClientPool) -> None:
        from functools import partial

        from airflow_provider_seedance.core.batch.reuse import RowReuse, possible_requests, reuse_rows
        from airflow_provider_seedance.runtime.ledger import reuse_of

        requests_of = partial(possible_requests, run.options, clients)
        reuse = reuse_of(seconds("reuse_max_age", self.reuse_max_age), overwrite_of(self))
        reuse_rows(run.plan, journal, RowReuse(reuse, requests_of, self.destination, run.publish))

    def _log_start(self, run: BatchRun, session: BatchSession) -> None:
        from airflow_provider_seedance.core.lifecycle.describe import totals_in_words
        from airflow_provider_seedance.core.lifecycle.result import totals
        from airflow_provider_seedance.core.redaction import redact
        from airflow_provider_seedance.core.storage.paths import uri_of

        plan = run.plan
        self.log.info(
            "Batch of %d rows: they cost at most %s. Videos go to %s, the journal to %s.",
            len(plan.rows),
            totals_in_words(totals(plan.estimates.values())),
            redact(str(self.destination)),
            uri_of(session.journal),
        )
        if excess := run.budget.excess(plan.estimates.values()):
            self.log.warning(
                "Together the rows may cost %s: rows for which max_cost leaves no room are not submitted, and the task"
                " fails then. Raise max_cost, or leave rows out, if all are wanted.",
                excess,
            )

    def _is_unknown_to_triggerer(self, event: BatchEvent) -> bool:
        """Whether a connection of the batch is of no use in the triggerer, so that the task had better wait here."""
        from airflow_provider_seedance.core.polling.decide import WaitOutcome

        unknown = WaitOutcome.NO_CONNECTION in (event.finished_waits or {}).values()
        if unknown:
            self.log.warning(NO_CONNECTION_IN_TRIGGERER, self.seedance_conn_id)
        return unknown

    def _defer(self, journal: str, deadline: float) -> None:
        from airflow_provider_seedance.triggers.batch import SeedanceBatchTrigger

        self.defer(
            trigger=SeedanceBatchTrigger(journal),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, deadline - clock.SYSTEM_CLOCK.now())) + BACKSTOP,
        )

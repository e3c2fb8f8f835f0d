"""Generate many videos from one task, wait for them without a worker, and land each as it finishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import one_of, seconds, whole_number
from airflow_provider_seedance.operators._waiting import BACKSTOP
from airflow_provider_seedance.runtime.exceptions import deferral_errors, task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin, unmask

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.batch.event import BatchEvent
    from airflow_provider_seedance.core.submission.decide import OnClear, OnOrphanedIntent, OnStaleState
    from airflow_provider_seedance.operators._batch_work import Work

#: Generations under way at a time; the vendor's own limit is learned below it.
MAX_ACTIVE = 100


class SeedanceGenerateBatchOperator(SignedLinkMaskingMixin, BaseOperator):
    """Generate many videos with Seedance from one task instance: hundreds to thousands.

    All rows are checked before anything is paid, and all that is wrong is reported at once. Then each row is
    submitted, waited for and landed by itself, under an intent of its own; its failure does not touch the others.
    How many the vendor takes at a time is learned from its refusals, which fail no row. Once everything is submitted
    the task defers, and comes back when enough videos have finished.

    What is known of each row is in a journal beside the videos, or in ``[seedance] state_folder``. A retry, after a
    kill too, goes on from there, and pays for nothing twice.

    Returns ``rows, counts`` (by status), ``cost`` (by currency and basis), ``results`` (the path or URI of a JSONL
    file with one line for each row) and ``failures`` (the first 20). Statuses are ``succeeded``; ``failed``: no
    video, and nothing to pay; ``uncollected``: paid for, or may be, and not brought home yet; ``uncertain``: may have
    been accepted, and its id is not known; ``not_submitted``.

    The task fails if a row is ``uncollected`` or ``uncertain``, if none has succeeded, or if it was stopped early by
    ``max_failures``, ``max_cost``, or by what concerns the account. It then still finishes what is under way.

    :param requests: the rows: a list of dicts with the fields of
        :class:`~airflow_provider_seedance.models.GenerationRequest` (or of prompts), such as an XCom; or the path or
        URI of a ``.jsonl``, ``.csv`` or ``.json`` file. ``metadata`` in a row, or CSV columns ``metadata.<name>``,
        are kept for the results; ``generation_id`` in a row adopts that generation. Rows are read again after each
        wait, and must be the same then.
    :param destination: where videos go: a path or object-storage URI, in which ``{row}``, ``{generation_id}``,
        ``{vendor}``, ``{model}`` and ``{mode}`` are filled in. ``None`` lands nothing, and needs
        ``[seedance] state_folder`` for the journal.
    :param seedance_conn_id: a connection of type ``seedance``.
    :param defaults: request fields for rows that leave them out.
    :param max_active: generations under way at a time, at most.
    :param max_failures: with more rows than this that are failed, uncollected or uncertain, nothing more is submitted
        and the task fails; ``None`` for no limit.
    :param max_cost: nothing is submitted that could bring the sum above it, such as ``"150 USD"``: estimates of what
        is under way, and the cost of what has finished. A row without a known price is refused.
    :param deferrable: wait in the triggerer once everything is submitted; ``False`` waits in the worker.
    :param timeout: seconds for each generation, queueing and running, from its submission; default 3600, or 172800
        where a row has the flex tier.
    :param on_orphaned_intent: when a row may have been accepted, and its generation cannot be found: ``fail`` ends
        the row as ``uncertain``; ``resubmit`` pays again.
    :param on_stale_state: when rows have changed whose earlier request is paid for or may be: ``fail`` names them and
        pays nothing; ``resubmit`` pays for the new ones too. After a clear, those whose video is finished are always
        paid for.
    :param on_clear: when a user clears the task: ``reattach`` keeps what has succeeded, goes on with what is under
        way, and tries failed rows again; ``regenerate`` pays for all rows again.
    """

    template_fields: Sequence[str] = (
        "requests",
        "destination",
        "seedance_conn_id",
        "defaults",
        "max_active",
        "max_failures",
        "max_cost",
        "timeout",
    )
    masked_fields = frozenset({"requests"})
    template_fields_renderers = {"requests": "json", "defaults": "json"}  # noqa: RUF012 - Airflow's own convention
    ui_color = "#d9d3ff"

    def __init__(
        self,
        *,
        requests: Sequence[Mapping[str, Any] | str] | str,
        destination: str | None,
        seedance_conn_id: str = "seedance_default",
        defaults: Mapping[str, Any] | None = None,
        max_active: int | str = MAX_ACTIVE,
        max_failures: int | str | None = None,
        max_cost: str | Mapping[str, Any] | None = None,
        deferrable: bool = True,
        timeout: float | str | None = None,
        on_orphaned_intent: OnOrphanedIntent = "fail",
        on_stale_state: OnStaleState = "fail",
        on_clear: OnClear = "reattach",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.requests = requests
        self.destination = destination
        self.seedance_conn_id = seedance_conn_id
        self.defaults = defaults
        self.max_active = max_active
        self.max_failures = max_failures
        self.max_cost = max_cost
        self.deferrable = deferrable
        self.timeout = timeout
        self.on_orphaned_intent = one_of("on_orphaned_intent", on_orphaned_intent, "fail", "resubmit")
        self.on_stale_state = one_of("on_stale_state", on_stale_state, "fail", "resubmit")
        self.on_clear = one_of("on_clear", on_clear, "reattach", "regenerate")

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.batch.event import BatchEvent

        return self._go_on(context, BatchEvent({}), new_try=True)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Resume after the trigger: land what has finished, and submit what is to be tried again."""
        from airflow_provider_seedance.core.batch.event import BatchEvent

        with task_errors():
            told = BatchEvent.from_payload(event)
        return self._go_on(context, told)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As any task, but a deferral that failed or timed out goes on from the journal."""
        from airflow_provider_seedance.core.batch.event import BatchEvent

        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except deferral_errors() as fault:
            self.log.warning("%s; all that is under way is looked at.", fault)
            return self._go_on(context, BatchEvent(None), unfinished=fault)

    def _go_on(
        self,
        context: Context,
        event: BatchEvent,
        *,
        new_try: bool = False,
        unfinished: Exception | None = None,
    ) -> dict[str, Any]:
        """Do what can be done now; ``unfinished`` is raised instead of waiting again."""
        from airflow_provider_seedance.core.batch.event import BatchEvent
        from airflow_provider_seedance.core.batch.journal.store import open_journal
        from airflow_provider_seedance.core.batch.plan import begin
        from airflow_provider_seedance.core.batch.summary import results
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.core.storage.paths import uri_of
        from airflow_provider_seedance.operators._batch_work import check_outcome, last_deadline
        from airflow_provider_seedance.runtime.clients import ClientPool

        with task_errors():
            work = self._work(context)
            with open_journal(work.site.journal) as journal, ClientPool() as clients:
                lands = self.destination is not None
                finished = begin(work.plan, journal, work.terms, clients, new_try=new_try, lands=lands)
                if event.ended is not None:
                    event = BatchEvent({**dict.fromkeys(finished, WaitOutcome.ENDED), **event.ended})
                if new_try:
                    work.site.tell(len(work.plan.rows), {})
                batch, done = work.carry_out(journal, event, stay=not self.deferrable)
            batch.tell_now()
            found = results(work.plan.rows, journal.states)
            work.site.write_results(found)
            if done:
                return check_outcome(found, batch, uri_of(work.site.results))
        if unfinished is not None:
            raise unfinished
        self._defer(uri_of(work.site.journal), last_deadline(journal.states.values()))
        raise AssertionError("unreachable")

    def _work(self, context: Context) -> Work:
        from airflow_provider_seedance.core.batch.plan import budget_of, drafts_of, plan_of
        from airflow_provider_seedance.core.batch.worker import Terms
        from airflow_provider_seedance.core.client.http import SeedanceClient
        from airflow_provider_seedance.core.submission.decide import Policies
        from airflow_provider_seedance.hooks.seedance import SeedanceHook
        from airflow_provider_seedance.operators._batch_work import Work
        from airflow_provider_seedance.runtime.batch_session import Site
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        settings = SeedanceHook(self.seedance_conn_id).get_account()
        most = whole_number("max_active", self.max_active, least=1) or MAX_ACTIVE
        policies = Policies(self.on_orphaned_intent, self.on_stale_state, self.on_clear)
        with SeedanceClient(settings) as client:
            plan = plan_of(
                client,
                drafts_of(unmask(self.requests), path_from_uri),
                self.defaults,
                max_failures=whole_number("max_failures", self.max_failures, least=0),
                max_cost=self.max_cost,
            )
        site = Site.open(context, self.destination)
        terms = Terms(
            site.task, self.seedance_conn_id, policies, clock.SYSTEM_CLOCK, seconds("timeout", self.timeout)
        )
        return Work(settings, plan, site, terms, budget_of(self.max_cost), most, self.destination)

    def _defer(self, journal: str, deadline: float) -> None:
        from airflow_provider_seedance.triggers.batch import SeedanceBatchTrigger

        self.defer(
            trigger=SeedanceBatchTrigger(journal),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, deadline - clock.SYSTEM_CLOCK.now())) + BACKSTOP,
        )

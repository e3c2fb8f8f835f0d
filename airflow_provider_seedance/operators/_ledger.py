"""What the ledger gives to operators: waiting for a budget without a worker, reuse, and how budgets stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import overwrite_of, seconds

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
    from airflow_provider_seedance.core.media.content import RequestMedia
    from airflow_provider_seedance.core.submission.record import RecordStore
    from airflow_provider_seedance.core.submission.submit import Submission, Submitter
    from airflow_provider_seedance.models import GenerationRequest

#: The longest pause between two looks at a budget: room is also made by what others give back.
LONGEST_PAUSE = timedelta(minutes=5)


def defer_until_room(operator: BaseOperator, reached: SpendLimitReached, method_name: str) -> None:
    """Defer until the budget's period ends or its next look is due; do nothing if it can never have room.

    :param method_name: what the task goes on with.
    """
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger

    if not reached.can_fit:
        return
    now = clock.utc_now(clock.SYSTEM_CLOCK)
    moment = min(now + LONGEST_PAUSE, reached.ends or now + LONGEST_PAUSE)
    operator.log.info("%s The task waits, and looks again at %s.", reached.message, moment.isoformat())
    operator.defer(trigger=DateTimeTrigger(moment), method_name=method_name)


class LedgerMixin(BaseOperator):
    """Base of operators that submit one video and may wait for a budget, or reuse a video."""

    seedance_conn_id: str
    destination: str | None
    on_clear: str
    on_budget: str
    reuse_max_age: Any

    if TYPE_CHECKING:

        def _check_before_paying(
            self,
            context: Context,
            client: SeedanceClient,
            media: RequestMedia,
            earlier_ids: tuple[str, ...] = (),
        ) -> None: ...

        def _in_words(self, client: SeedanceClient, request: GenerationRequest) -> str: ...

    def submit_again(self, context: Context, event: Any = None) -> Any:
        """Look again whether the budget has room."""
        return self.execute(context)

    def _submit_or_wait(self, submitter: Submitter, request: GenerationRequest) -> Submission:
        """Submit; where a budget leaves no room, and the task is to wait for it, defer."""
        from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached

        try:
            return submitter.submit(request)
        except SpendLimitReached as reached:
            if self.on_budget == "wait":
                defer_until_room(self, reached, "submit_again")
            raise

    def _preview(
        self, client: SeedanceClient, media: RequestMedia, store: RecordStore, context: Context
    ) -> dict[str, Any]:
        """The preview, with how the connection's budgets stand; what a submission would refuse is refused."""
        from airflow_provider_seedance.core.lifecycle.preview import preview
        from airflow_provider_seedance.runtime.ledger import standings
        from airflow_provider_seedance.runtime.task_state import identity_of

        record = store.read()
        self._check_before_paying(context, client, media, record.all_generation_ids if record else ())
        budgets = standings(client, self.seedance_conn_id, identity_of(context))
        shown = preview(client, media.request, budgets)
        self.log.info(
            "Preview for %s, nothing is submitted: %s.",
            client.vendor_name,
            self._in_words(client, media.request),
        )
        return shown

    def _reused(
        self, client: SeedanceClient, store: RecordStore, request: GenerationRequest
    ) -> dict[str, Any] | None:
        """The result for a video of an equal request, unless the task goes on with a generation of its own."""
        from airflow_provider_seedance.runtime.ledger import reuse_of

        record = store.read()
        if record is not None and (record.blocks_new_payment or self.on_clear == "regenerate"):
            return None
        client.catalog.prepare(request)
        result = reuse_of(seconds("reuse_max_age", self.reuse_max_age), overwrite_of(self)).result(
            request,
            vendor=client.vendor_name,
            seedance_conn_id=self.seedance_conn_id,
            destination=self.destination,
        )
        if result:
            manifest = result["manifest"]
            self.log.info("Reused %s as %s; nothing is paid.", manifest["reused_from"], manifest["uri"])
        return result

"""A batch as its operator's arguments make it: read, checked and put together, before anything is paid."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import overwrite_of, policies, seconds, whole_number
from airflow_provider_seedance.operators._attempts import attempt_plan

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.batch.run import BatchRun
    from airflow_provider_seedance.runtime.batch_session import BatchSession

#: Generations in flight at a time, unless the user says; the vendor's own limit is learned below it.
DEFAULT_MAX_ACTIVE = 100


def prepare_batch(operator: Any, context: Context, *, new_try: bool) -> tuple[BatchSession, BatchRun]:
    """The files of a batch, and what is to be done, all of it checked.

    :param operator: the batch operator, its arguments rendered.
    """
    from airflow_provider_seedance.core.batch.destinations import Destinations
    from airflow_provider_seedance.core.batch.plan import fitting_client, make_plan, tell_unfit
    from airflow_provider_seedance.core.batch.rows import read_rows
    from airflow_provider_seedance.core.batch.run import BatchRun
    from airflow_provider_seedance.core.batch.worker import BatchOptions
    from airflow_provider_seedance.core.submission.max_cost import Budget
    from airflow_provider_seedance.runtime.batch_session import BatchSession
    from airflow_provider_seedance.runtime.clients import ClientPool, accounts_of
    from airflow_provider_seedance.runtime.ledger import check_has_ledger, intent_book
    from airflow_provider_seedance.runtime.media import media_delivery
    from airflow_provider_seedance.runtime.object_storage import path_from_uri
    from airflow_provider_seedance.runtime.task_state import identity_of

    max_active = whole_number("max_active", operator.max_active, least=1) or DEFAULT_MAX_ACTIVE
    destinations = Destinations(
        operator.destination,
        operator.publish_destination,
        overwrite_of(operator),
        identity_of(context),
        path_from_uri,
        clock.SYSTEM_CLOCK,
        contact_sheet=operator.contact_sheet,
        on_quality=operator.on_quality,
    )
    session = BatchSession.open(context, operator.destination)
    delivery = media_delivery(check_media=operator.check_media)
    attempts = attempt_plan(operator, without_media=True)
    with ClientPool() as clients:
        client, *backups = map(clients, attempts.connections)
        plan = make_plan(
            client,
            read_rows(operator.requests, path_from_uri),
            operator.defaults,
            max_failures=whole_number("max_failures", operator.max_failures, least=0),
            max_cost=operator.max_cost,
            destinations=destinations.templates,
            read_media=session.media_reader(client, delivery, new_try=new_try),
            backups=backups,
            changes=attempts.changes,
        )
        for each in (client, *backups):
            check_has_ledger(each)
        if new_try and backups:
            tell_unfit(plan.rows, dict(zip(attempts.connections, (client, *backups), strict=True)))
        if plan.rows:
            # Once for all, and whatever is there: it may be this batch's own, of an earlier try.
            first = plan.rows[min(plan.rows)]
            fitting = fitting_client((client, *backups), first.request)
            destinations.check(fitting, first, overwrite="always")
    timeout = seconds("timeout", operator.timeout)
    run = BatchRun(
        plan,
        BatchOptions(
            session.task,
            attempts.connections[0],
            policies(operator),
            clock.SYSTEM_CLOCK,
            timeout,
            delivery,
            attempts,
        ),
        Budget.parse(operator.max_cost),
        max_active,
        destinations.land,
        partial(session.report, len(plan.rows), str(operator.max_cost) if operator.max_cost else None),
        accounts_of,
        destinations.publish,
        destinations.check,
        intent_book(),
    )
    return session, run

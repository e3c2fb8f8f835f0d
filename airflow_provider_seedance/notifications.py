"""Texts for Airflow's notifiers (Slack, e-mail, webhooks), and who is told what.

The texts are Jinja templates that need nothing but the context of a callback::

    on_success_callback=[SlackNotifier(slack_conn_id="slack", text=DONE, channel="#videos")],
    on_failure_callback=[SmtpNotifier(to="team@example.com", subject=FAILED_SUBJECT, html_content=FAILED)],

They hold no link that opens a file: results are named by where they were landed or published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import Context

    Callback = Callable[[Context], object]

_TASK = "{{ ti.dag_id }}.{{ ti.task_id }}{% if ti.map_index >= 0 %}[{{ ti.map_index }}]{% endif %}"
_RESULT = "{% set video = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index) or {} %}"
_COST = (
    "{% set cost = video.cost or (video.provenance or {}).cost or {} %}"
    "{% if cost.amount %}, cost {{ cost.amount }} {{ cost.currency }} ({{ cost.basis }}){% endif %}"
)
_MANIFEST = "{% set manifest = video.manifest or video %}"

#: Headlines, for e-mail.
DONE_SUBJECT = f"Seedance: {_TASK} has a video"
FAILED_SUBJECT = f"Seedance: {_TASK} failed"
OVER_BUDGET_SUBJECT = f"Seedance: {_TASK} is stopped by its budget"

#: What a task has made: the model, the length, the cost and the file.
DONE = (
    f"{_RESULT}{_MANIFEST}Seedance: {_TASK} has made a video"
    "{% if video.model %} with {{ video.model }}{% endif %}"
    "{% if video.duration %}, {{ video.duration }} s{% endif %}"
    f"{_COST}."
    "{% if manifest.uri %}\nFile: {{ manifest.uri }}{% endif %}"
    "\nRun: {{ ti.run_id }}"
)
#: Why a task has failed, and what to do next.
FAILED = (
    f"Seedance: {_TASK} failed on try {{{{ ti.try_number }}}}."
    "{% if exception is defined and exception %}\n{{ exception }}{% endif %}"
    "\nRun: {{ ti.run_id }}{% if ti.log_url %}\nLog: {{ ti.log_url }}{% endif %}"
)
#: What no money was left for.
OVER_BUDGET = (
    f"Seedance: {_TASK} submits nothing: a budget, a limit or the account's balance has no room for it."
    "{% if exception is defined and exception %}\n{{ exception }}{% endif %}"
    "\nRun: {{ ti.run_id }}"
)


def when_over_budget(notify: Callback, otherwise: Callback | None = None) -> Callback:
    """A callback for ``on_failure_callback`` that tells of tasks which money has stopped.

    :param notify: called if ``max_cost``, a budget, ``min_balance`` or the vendor's own balance has stopped the task: a
        notifier, or any other callback.
    :param otherwise: called for every other failure.
    """

    def callback(context: Context) -> None:
        chosen = notify if is_about_money(context) else otherwise
        if chosen is not None:
            chosen(context)

    return callback


def is_about_money(context: Context | Mapping[str, Any]) -> bool:
    """Whether what has failed the task of a callback's context is a lack of money."""
    from airflow_provider_seedance.errors import BalanceRefused, BudgetExceeded, Kind, SeedanceError

    error = context.get("exception")
    return isinstance(error, BudgetExceeded | BalanceRefused) or (
        isinstance(error, SeedanceError) and error.kind is Kind.BALANCE
    )

"""Cards as HTML."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from airflow_provider_seedance import __version__
from airflow_provider_seedance.core.gallery.cards import TaskKey
from airflow_provider_seedance.core.gallery.filters import Filters
from airflow_provider_seedance.core.gallery.page import Page
from airflow_provider_seedance.core.gallery.snippet import snippet
from airflow_provider_seedance.core.gallery.states import STATES
from airflow_provider_seedance.core.gallery.wording import about_file, age, cost_of, seconds

_templates = Environment(
    loader=PackageLoader("airflow_provider_seedance.plugins.gallery"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(
    cost_of=cost_of, snippet=snippet, states=STATES, version=__version__, urlencode=urlencode
)
_templates.filters.update(about_file=about_file, seconds=seconds, words=lambda name: name.replace("_", " "))


def render(page: Page, filters: Filters, *, airflow: str, lacks_ledger: bool, now: datetime) -> str:
    """The gallery as an HTML document.

    :param airflow: the path of Airflow's own pages, which ends with a slash.
    :param lacks_ledger: whether a ledger is configured that cannot be read.
    """
    return _templates.get_template("gallery.html").render(
        page=page,
        filters=filters,
        lacks_ledger=lacks_ledger,
        now=now,
        age=lambda moment: age(moment, now),
        task_url=lambda task: f"{airflow}{task_path(task)}",
    )


def task_path(task: TaskKey) -> str:
    """Where a task instance's page is in Airflow's UI."""
    parts: list[Any] = ["dags", task.dag_id, "runs", task.run_id, "tasks", task.task_id]
    if task.map_index >= 0:
        parts += ["mapped", task.map_index]
    return "/".join(quote(str(part), safe="") for part in parts)

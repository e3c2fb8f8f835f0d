"""What a mapped task instance can know of the others: whether an argument is the same for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import Context

#: What a template may use and still be the same for every map index.
_SAME_FOR_ALL = frozenset(
    {
        *("conn", "dag", "dag_run", "params", "run_id", "test_mode", "var", "logical_date"),
        *(
            "data_interval_end",
            "data_interval_start",
            "ds",
            "ds_nodash",
            "ts",
            "ts_nodash",
            "ts_nodash_with_tz",
        ),
    }
)


def is_same_for_every_map_index(context: Context, argument: str) -> bool:
    """Whether this task is mapped, and a text argument is surely the same for all map indexes.

    :param argument: its name; what was given for it is looked up in the DAG, where it is not rendered.
    """
    ti = context["ti"]
    dag = context.get("dag")
    if dag is None or ti.map_index is None or ti.map_index < 0:
        return False
    task = dag.task_dict[ti.task_id]
    given = getattr(task, "partial_kwargs", task.__dict__).get(argument)
    return isinstance(given, str) and _names_in(given) <= _SAME_FOR_ALL


def _names_in(template: str) -> set[str]:
    """The names that a Jinja template takes from its context."""
    from jinja2 import Environment, meta

    return meta.find_undeclared_variables(Environment().parse(template))  # nothing is rendered


def check_one_file_for_each_index(context: Context, destination: str | None) -> None:
    """Refuse a destination that is the same file for every map index.

    :raises ConfigurationError: naming what makes it different.
    """
    from airflow_provider_seedance.errors import ConfigurationError

    if not destination or "{generation_id}" in destination or destination.endswith("/"):
        return
    if is_same_for_every_map_index(context, "destination"):
        raise ConfigurationError(
            f"destination {destination!r} is the same file for every map index",
            advice="Put {generation_id} or {{ ti.map_index }} into it, or end it with a slash.",
        )

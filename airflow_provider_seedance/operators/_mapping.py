"""Mapped task instances: how each is called in Airflow's UI, and whether an argument is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_provider_seedance.runtime.masking import Concealed

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


#: The longest label, in characters; Airflow stores 250.
MAX_LABEL = 60
#: The keys that name a dict, the most telling first.
_TELLING_KEYS = ("prompt", "name", "generation_id", "source", "first_frame", "reference_images", "uri")


class MapLabelMixin(BaseOperator):
    """For operators whose mapped instances are called by what they make, unless ``map_index_template`` says else."""

    #: The arguments that name an instance, the most telling first.
    label_fields: tuple[str, ...] = ()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.map_index_template is None and self.get_closest_mapped_task_group() is not None:
            self.map_index_template = MAP_INDEX_TEMPLATE

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """As any operator's, with a label for each mapped instance."""
        mapped = super().partial(**kwargs)
        if mapped.kwargs.get("map_index_template") is None:
            mapped.kwargs["map_index_template"] = MAP_INDEX_TEMPLATE
        return mapped

    @property
    def map_label(self) -> str:
        """What this instance is called, without anything secret; empty if nothing is known to call it by."""
        values = (getattr(self, name, None) for name in self.label_fields)
        return next(filter(None, map(label_of, values)), "")


#: The label of a mapped instance, in Airflow's terms.
MAP_INDEX_TEMPLATE = "{{ task.map_label }}"


def label_of(value: Any) -> str:
    """A short name of a value: a text itself, the last part of a path or link, what tells most in a dict."""
    from airflow_provider_seedance.core.literals import mapping_in
    from airflow_provider_seedance.core.redaction import redact, shorten

    value = mapping_in(value.serialize() if isinstance(value, Concealed) else value)
    if isinstance(value, (Mapping, list, tuple)):
        return next(filter(None, map(label_of, _telling(value))), "")
    if not isinstance(value, str):
        return ""
    text = redact(" ".join(value.split()))
    if "/" in text and " " not in text:
        text = text.partition("?")[0].rstrip("/").rpartition("/")[2]
    return shorten(text, MAX_LABEL)


def _telling(value: Any) -> Iterator[Any]:
    return (value.get(key) for key in _TELLING_KEYS) if isinstance(value, Mapping) else iter(value[:1])


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
    return isinstance(given, str) and names_in(given) <= _SAME_FOR_ALL


def names_in(template: str) -> set[str]:
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

"""Where a batch keeps its files: each video at a path of its own, and one folder for the journal and the results."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_seedance.core.storage.destination import encode_segment, resolve_destination
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError

RESULTS_FILE_NAME = "results.jsonl"
#: How the name of a batch's folder begins.
FOLDER_PREFIX = "seedance-batch-"


_ROW_FIELD = re.compile(r"\{(row|metadata\.[^{}!:]+)\}")


def fields_of_row(row: int, metadata: Mapping[str, Any]) -> dict[str, str | None]:
    """What a row adds to the fields of a destination: ``row``, its number in five digits at least, and
    ``metadata.<name>`` for each text and number of its user's own data.
    """
    plain = {
        name: value
        for name, value in metadata.items()
        if value is None or isinstance(value, (str, int, float))
    }
    own = {f"metadata.{name}": None if value is None else str(value) for name, value in plain.items()}
    return {"row": f"{row:05d}", **own}


def destination_of_row(template: str, row: int, metadata: Mapping[str, Any] | None = None) -> str:
    """The template of one row's destination, with what :func:`fields_of_row` knows filled in."""
    fields = fields_of_row(row, metadata or {})

    def fill_in(found: re.Match[str]) -> str:
        value = fields.get(found[1])
        return encode_segment(value) if value else found[0]

    return _ROW_FIELD.sub(fill_in, template)


def check_distinct_destinations(template: str, own: Iterable[str] = ()) -> None:
    """Refuse a destination that is the same file for every row.

    :param own: names that stand in some rows' own data; whether each row has a value is another question.
    :raises ConfigurationError: if its rows do not differ, or it has a field that is not known.
    """
    metadata = [name for name in _ROW_FIELD.findall(template) if name != "row"]
    metadata += [f"metadata.{name}" for name in own]
    fields = dict.fromkeys(("vendor", "model", "mode"), "example")
    one, other = (
        resolve_destination(
            template, {**fields, **dict.fromkeys(("row", "generation_id", *metadata), str(row))}
        )
        for row in (1, 2)
    )
    if one == other:
        raise ConfigurationError(
            f"destination {template!r} is the same file for every row",
            advice="Put {row}, {generation_id} or {metadata.<name>} into it, or end it with a slash.",
        )


def folder_of_batch(base: str, task: TaskIdentity) -> str:
    """The folder for the journal and the results of one task instance.

    :param base: a folder for many batches, or a destination template: then the folder lies beside the videos.
    """
    fixed = base.partition("{")[0]
    if fixed != base:
        fixed = fixed.rpartition("/")[0]
    identity = "\0".join((task.dag_id, task.run_id, task.task_id, str(task.map_index)))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    return f"{fixed.rstrip('/') or '.'}/{FOLDER_PREFIX}{digest}"

"""Where a batch keeps its files: each video at a path of its own, and one folder for the journal and the results."""

from __future__ import annotations

import hashlib

from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError

RESULTS_FILE_NAME = "results.jsonl"


def destination_of_row(template: str, row: int) -> str:
    """The template of one row's destination: ``{row}`` is its number, in five digits at least."""
    return template.replace("{row}", f"{row:05d}")


def check_distinct_destinations(template: str) -> None:
    """Refuse a destination that is the same file for two rows.

    :raises ConfigurationError: if its rows do not differ, or it has a field that is not known.
    """
    # The row's number is in already; its name is there to be listed with the known ones.
    fields = dict.fromkeys(("vendor", "model", "mode", "row"), "probe")
    one, other = (
        resolve_destination(destination_of_row(template, row), {**fields, "generation_id": f"probe-{row}"})
        for row in (1, 2)
    )
    if one == other:
        raise ConfigurationError(
            f"destination {template!r} is the same file for every row",
            advice="Put {row} or {generation_id} into it, or end it with a slash.",
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
    return f"{fixed.rstrip('/') or '.'}/seedance-batch-{digest}"

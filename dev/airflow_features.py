"""What this package uses of Airflow that not every supported version has, found out where it runs.

``python -m dev.airflow_features`` prints it as JSON; ``make test-all`` makes the table in ``docs/versions.md`` of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec


@dataclass(frozen=True)
class Feature:
    """Something of Airflow's; ``without`` says what holds where it is missing."""

    name: str
    without: str
    is_present: Callable[[], bool]


def _has(module: str, name: str = "") -> bool:
    try:
        found = import_module(module)
    except ImportError:
        return False
    return not name or hasattr(found, name)


def _cancels_deferred_tasks() -> bool:
    from airflow.triggers.base import BaseTrigger

    return hasattr(BaseTrigger, "on_kill")


def _has_form() -> bool:
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    forms = {meta.connection_type: meta for meta in HookMetaService.hook_meta_data()}
    return bool(forms["seedance"].extra_fields)


def _has_option(section: str, name: str) -> bool:
    from airflow.configuration import conf

    return bool(conf.has_option(section, name))


FEATURES = (
    Feature(
        "a record of each submission in Airflow's task state store",
        "name a folder that all workers share in `[seedance] state_folder`, or a ledger; else a retry cannot know"
        " what an earlier try has paid for ([never pay twice](never-pay-twice.md))",
        lambda: _has("airflow.sdk.execution_time.context", "TaskStateStoreAccessor"),
    ),
    Feature(
        "`SeedanceRetryPolicy`",
        "set `retries` and `retry_delay` on the task; refusals that a retry cannot mend end it all the same",
        lambda: _has("airflow.sdk.definitions.retry_policy"),
    ),
    Feature(
        "cancelling when a deferred task is marked failed or its run is stopped",
        "the generation is left running, and billed; a task that runs is cancelled as everywhere",
        _cancels_deferred_tasks,
    ),
    Feature(
        "the connection's form with a field for each part",
        "write the parts into the connection's extra, as JSON; all of them work",
        _has_form,
    ),
    Feature(
        "testing a connection on a worker",
        "the API server tests it, and must reach the vendor itself",
        lambda: find_spec("airflow.sdk.execution_time.connection_test_supervisor") is not None,
    ),
    Feature(
        "triggers that run only on triggerers of their task's queue",
        "each triggerer must reach each vendor",
        lambda: _has_option("triggerer", "queues_enabled"),
    ),
)


def present() -> dict[str, bool]:
    """For each feature by name, whether the installed Airflow has it."""
    return {feature.name: feature.is_present() for feature in FEATURES}


if __name__ == "__main__":
    print(json.dumps(present()))

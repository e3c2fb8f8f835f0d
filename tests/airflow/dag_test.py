"""Fixtures that run whole DAGs in this process with ``dag.test()``, against an emulator whose time flies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.runtime import polling
from dev.emulator import connections
from tests.airflow.home import DAGS, EXAMPLES, HOME

#: Vendor seconds in a second: a generation takes some 250 ms, its record is kept for ten minutes.
RATE = 1_000


@dataclass(frozen=True)
class DagRunOutcome:
    """How a DAG run ended: its state, and the state and returned value of each task instance."""

    state: str
    states: Mapping[str, str]
    returned: Mapping[str, Any]
    #: What the mapped instances of each task are called.
    labels: Mapping[str, set[str]]


RunDag = Callable[..., DagRunOutcome]


@pytest.fixture(scope="session")
def hurried_emulator() -> Iterator[Emulator]:
    """An emulator, and the connections ``seedance_<vendor>`` that lead to it."""
    with serve(rate=RATE, link_seconds=1e9) as emulator, pytest.MonkeyPatch.context() as patch:
        for conn_id, connection in connections(emulator.url).items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        yield emulator


def dag_bag(path: Path) -> Any:
    """The DAGs of a file or a folder."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # before Airflow 3.2
        from airflow.models.dagbag import DagBag
    return DagBag(str(path))


@pytest.fixture(scope="session")
def dags() -> Mapping[str, Any]:
    """Every DAG of the examples and of the tests, by id, in a database of this process's own."""
    assert HOME, (
        "Airflow was imported before its home was chosen: run pytest on tests/ or on this folder alone"
    )
    from airflow.utils.db import initdb

    initdb()
    found: dict[str, Any] = {}
    for folder in (EXAMPLES, DAGS):
        found.update(dag_bag(folder).dags)
    return found


@pytest.fixture
def run_dag(dags: Mapping[str, Any], hurried_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> RunDag:
    """Runs the DAG of that id to its end; ``conf`` sets those of its params that it has."""
    hurried_emulator.reset()
    # ``dag.test()`` has no scheduler that an event could overtake.
    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 0.0)

    def run(dag_id: str, **conf: Any) -> DagRunOutcome:
        dag = dags[dag_id]
        finished = dag.test(run_conf={name: value for name, value in conf.items() if name in dag.params})
        instances = finished.get_task_instances()
        return DagRunOutcome(
            str(finished.state.value),
            {ti.task_id: str(ti.state) for ti in instances},
            {ti.task_id: ti.xcom_pull(ti.task_id, map_indexes=ti.map_index) for ti in instances},
            {
                name: {ti.rendered_map_index for ti in instances if ti.task_id == name and ti.map_index >= 0}
                for name in {ti.task_id for ti in instances}
            },
        )

    return run

"""Pytest fixtures around the stack; a ``conftest.py`` imports the ones that its tests use.

One Airflow serves all tests of a package, and ends with them, since it takes half a core even when it is idle.
pytest-xdist makes every worker a session. So each test that uses
``airflow_stack`` carries ``@pytest.mark.xdist_group("airflow")``; with ``--dist loadgroup`` all of them then
run in one worker and share its Airflow.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from dev.emulator import connections
from dev.ledger import SETTINGS, sqlite_ledger
from dev.processes import signals_end_the_block
from dev.stack import Stack, airflow

EXAMPLE_DAGS = Path(__file__).resolve().parent.parent / "example_dags"


@dataclass(frozen=True)
class AirflowWithEmulator(Stack):
    """A running Airflow, the emulator that its connections lead to, and a folder for further DAGs."""

    emulator: Emulator
    more_dags: Path


@pytest.fixture(scope="package")
def airflow_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowWithEmulator]:
    """A running Airflow with the example DAGs and the connections of :func:`dev.emulator.connections`."""
    _refuse_a_second_one(tmp_path_factory)
    home = tmp_path_factory.mktemp("airflow")
    more_dags = tmp_path_factory.mktemp("dags")
    with (
        signals_end_the_block(),
        serve(rate=60) as emulator,
        airflow(
            home,
            dags=[EXAMPLE_DAGS, more_dags],
            connections={**connections(emulator.url), **sqlite_ledger(home)},
            settings=SETTINGS,
        ) as stack,
    ):
        yield AirflowWithEmulator(**vars(stack), emulator=emulator, more_dags=more_dags)


def _refuse_a_second_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    try:
        (tmp_path_factory.getbasetemp().parent / "airflow-stack").mkdir()
    except FileExistsError:
        pytest.fail("another worker has started Airflow: mark the test, and run with --dist loadgroup")

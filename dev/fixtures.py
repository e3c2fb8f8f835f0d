"""Pytest fixtures around the stack; a ``conftest.py`` imports the ones that its tests use.

One Airflow serves a whole test session, and pytest-xdist makes every worker a session. So each test that uses
``airflow_stack`` carries ``@pytest.mark.xdist_group("airflow")``; with ``--dist loadgroup`` all of them then
run in one worker and share its Airflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.emulator import VENDORS, Emulator, connection, running_emulator
from dev.processes import signals_end_the_block
from dev.stack import Stack, airflow

EXAMPLE_DAGS = Path(__file__).resolve().parent.parent / "example_dags"


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The emulator as a process of its own, a minute of vendor time to the second."""
    with signals_end_the_block(), running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def airflow_stack(emulator_process: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running Airflow with the example DAGs and a connection ``seedance_<vendor>`` per vendor."""
    connections = {f"seedance_{vendor}": connection(vendor, emulator_process.url) for vendor in VENDORS}
    connections["seedance_default"] = connection("modelark", emulator_process.url)
    with airflow(tmp_path_factory.mktemp("airflow"), dags=[EXAMPLE_DAGS], connections=connections) as stack:
        yield stack

"""A scene before an emulator, for the messages that users meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.emulator import Emulator, serve
from tests.messages.scene import Scene


@pytest.fixture(scope="session")
def server() -> Iterator[Emulator]:
    with serve(rate=0) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def videos() -> dict[str, str]:
    """The finished generations of all tests, by vendor: each is made once."""
    return {}


@pytest.fixture
def scene(server: Emulator, videos: dict[str, str], tmp_path: Path) -> Scene:
    server.clear_faults()
    return Scene(server, tmp_path, videos)

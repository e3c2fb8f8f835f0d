"""A scene before an emulator, for the messages that users meet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

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
def scene(server: Emulator, videos: dict[str, str]) -> Iterator[Scene]:
    server.clear_faults()
    # A short path: the end of a long one is cut off in messages.
    with TemporaryDirectory() as folder:
        yield Scene(server, Path(folder), videos)

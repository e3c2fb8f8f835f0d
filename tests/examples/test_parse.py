"""Every example DAG parses on a machine that has no connection, no network and nothing but the package."""

from __future__ import annotations

import socket

import pytest

from tests.airflow.home import EXAMPLES

FILES = sorted(EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_parses_without_connection_and_network(file, monkeypatch) -> None:
    """No import error, at least one DAG, and nothing was looked up or called."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.sdk import BaseHook

    def forbidden(*_, **__):
        raise AssertionError("a DAG file that is parsed must not look anything up")

    monkeypatch.setattr(BaseHook, "get_connection", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    bag = DagBag(str(file))
    assert bag.import_errors == {}
    assert bag.dags


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_has_documentation(file) -> None:
    """Airflow's UI shows it."""
    from airflow.dag_processing.dagbag import DagBag

    assert all(dag.doc_md for dag in DagBag(str(file)).dags.values())

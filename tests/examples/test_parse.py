"""Every example DAG parses on a machine that has no connection, no network and nothing but the package."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.airflow.dag_test import dag_bag
from tests.airflow.home import EXAMPLES

FILES = sorted(EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_parses_without_connection_and_network(file, monkeypatch) -> None:
    """No import error, at least one DAG, and nothing was looked up or called."""
    from airflow.sdk import BaseHook

    def forbidden(*_, **__):
        raise AssertionError("a DAG file that is parsed must not look anything up")

    monkeypatch.setattr(BaseHook, "get_connection", forbidden)
    monkeypatch.setattr(socket.socket, "connect", forbidden)
    bag = dag_bag(file)
    assert bag.import_errors == {}
    assert bag.dags


def test_each_is_good_to_look_around_in(dags) -> None:
    """Documented, with retries, and with choices to choose from."""
    for dag in (dag for dag in dags.values() if Path(dag.fileloc).parent == EXAMPLES):
        assert dag.doc_md
        assert all(task.retries for task in dag.tasks), dag.dag_id
        if conn := dag.params.get_param("seedance_conn_id") if "seedance_conn_id" in dag.params else None:
            assert conn.schema["examples"]
        # An amount has a currency, which is not that of every vendor.
        assert dag.params.get("max_cost") is None, dag.dag_id
        if "prompt" in dag.params:
            assert {"duration", "resolution"} <= set(dag.params), dag.dag_id
        if "resolution" in dag.params:
            resolution = dag.params.get_param("resolution").schema
            assert resolution.get("enum") or resolution.get("examples")

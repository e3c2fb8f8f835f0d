"""``dag.test()`` and the command line find a connection wherever Airflow keeps connections, when deferred too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dev.emulator import connections

CONN_ID = "seedance_stored"


@pytest.fixture
def connection(hurried_emulator) -> dict[str, Any]:
    """The parts of a connection to the emulator."""
    return connections(hurried_emulator.url)["seedance_evolink"]


@pytest.fixture
def store(connection, monkeypatch, tmp_path, dags) -> Iterator[Callable[[str], None]]:
    """Stores the connection in one of the sources, by its name."""
    from airflow.models import Connection
    from airflow.sdk import configuration
    from airflow.utils.session import create_session

    def in_environment() -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(connection))

    def in_database() -> None:
        with create_session() as session:
            session.add(
                Connection(conn_id=CONN_ID, **{**connection, "extra": json.dumps(connection["extra"])})
            )

    def in_secrets_backend() -> None:
        file = tmp_path / "connections.json"
        file.write_text(json.dumps({CONN_ID: connection}))
        backend = "airflow.secrets.local_filesystem.LocalFilesystemBackend"
        monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", backend)
        arguments = json.dumps({"connections_file_path": str(file)})
        monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", arguments)

    sources = {"environment": in_environment, "database": in_database, "secrets backend": in_secrets_backend}
    monkeypatch.setattr(configuration, "_secrets_backend_cache", {}, raising=False)
    yield lambda source: sources[source]()
    with create_session() as session:
        session.query(Connection).filter(Connection.conn_id == CONN_ID).delete()


@pytest.mark.parametrize("source", ["environment", "database", "secrets backend"])
def test_a_dag_is_tested_with_a_stored_connection(source, store, run_dag, hurried_emulator) -> None:
    store(source)
    outcome = run_dag("tested_connection")
    assert outcome.state == "success"
    assert outcome.returned["generate"]["vendor"] == "evolink"
    assert hurried_emulator.ledger()["creates_received"] == 1


def _process_dags() -> None:
    """Put every DAG into the database, as Airflow's DAG processor does before anyone can run a task of it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        found = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        sync_bag_to_db(found, bundle.name, bundle.version)


def test_airflow_tasks_test(store, dags, hurried_emulator, monkeypatch) -> None:
    from airflow.cli import cli_parser
    from airflow.cli.commands import task_command

    hurried_emulator.reset()
    store("database")
    _process_dags()
    monkeypatch.setenv("AIRFLOW_TEST_MODE", "True")  # which the command sets, and leaves
    arguments = cli_parser.get_parser().parse_args(["tasks", "test", "tested_connection", "generate"])
    task_command.task_test(arguments, dag=dags["tested_connection"])
    (bought,) = hurried_emulator.ledger()["generations"]
    assert bought["status"] == "succeeded"


def test_a_connection_that_does_not_exist_is_named_at_once(run_dag, hurried_emulator, capfd) -> None:
    assert run_dag("tested_connection", seedance_conn_id="seedance_nowhere").states == {"generate": "failed"}
    assert "connection 'seedance_nowhere' does not exist" in "".join(capfd.readouterr())
    assert hurried_emulator.requests() == []

"""The environment in which a development Airflow runs: every setting in one place."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: Short intervals, since someone is waiting; the defaults suit a cluster that runs for years.
_QUICK = {
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
    "TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "5",
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "20",
    "CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
    "CORE__PARALLELISM": "8",
    "API__WORKERS": "1",
    # A worker notices only at its next heartbeat that a task has ended.
    "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # On two busy cores the first answer of a fresh API server takes longer than the usual 5 s.
    "WORKERS__EXECUTION_API_TIMEOUT": "60",
}

_PLAIN = {
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    "CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "CORE__TEST_CONNECTION": "Enabled",
    "LOGGING__COLORED_CONSOLE_LOG": "False",
    "API__EXPOSE_STACKTRACE": "True",
}


def free_port() -> int:
    """A loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def plain_environment() -> dict[str, str]:
    """This process's environment without any Airflow settings, fit for servers on loopback ports.

    What Python compiles is kept: each task has a process, which would compile all that it imports anew.
    """
    left_out = ("AIRFLOW", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {
        **inherited,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), inherited.get("PATH", "")]),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join(filter(None, [inherited.get("NO_PROXY"), "127.0.0.1,localhost"])),
    }


def airflow_environment(
    home: Path,
    *,
    dags: Sequence[Path],
    port: int,
    database: str,
    executor: str,
    connections: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, str],
) -> dict[str, str]:
    """What every Airflow process of one stack needs to know.

    :param home: AIRFLOW_HOME.
    :param dags: folders with DAG files.
    :param port: of the API server.
    :param database: SQLAlchemy URL of the metadata database.
    :param executor: such as ``LocalExecutor``.
    :param connections: Airflow connections in their JSON form, by id.
    :param settings: further settings as ``SECTION__KEY``, which go before those made here.
    """
    url = f"http://127.0.0.1:{port}"
    all_settings = {
        **_QUICK,
        **_PLAIN,
        "CORE__EXECUTOR": executor,
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": database,
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(
            [_bundle(number, folder) for number, folder in enumerate(dags)]
        ),
        "API__HOST": "127.0.0.1",
        "API__PORT": str(port),
        "API__BASE_URL": url,
        "API__SECRET_KEY": secrets.token_urlsafe(64),
        "API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        **settings,
    }
    return {
        **plain_environment(),
        "AIRFLOW_HOME": str(home),
        **{f"AIRFLOW__{name}": value for name, value in all_settings.items()},
        **{f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in connections.items()},
    }


def _bundle(number: int, folder: Path) -> dict[str, Any]:
    return {
        "name": f"dags-{number}",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(folder), "refresh_interval": 5},
    }

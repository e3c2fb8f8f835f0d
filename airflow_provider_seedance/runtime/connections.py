"""Why Airflow has given no connection: there is none, or its sources cannot be read at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.runtime.exceptions import not_found_exception

if TYPE_CHECKING:
    from airflow_provider_seedance.errors import SeedanceError

_ADVICE = (
    "Add the connection to Airflow's connections, its environment or its secrets backend, where workers and triggerers"
    " see it alike; or correct seedance_conn_id."
)


def connection_error(conn_id: str, fault: Exception) -> SeedanceError:
    """What the exception of a look-up of a connection means. It may block: call it on a thread.

    Airflow says "isn't defined" also when its API or a secrets backend has failed. So each source is asked once more,
    and its failure counts here.

    :returns: a :class:`ConfigurationError` if there is no such connection, or none that can be used; :class:`NotSent`
        if it may be there the next time.
    """
    from airflow_provider_seedance.errors import ConfigurationError, NotSent

    if isinstance(fault, PermissionError):
        return ConfigurationError(f"Airflow denies access to connection {conn_id!r}", advice=_ADVICE)
    if not isinstance(fault, not_found_exception()):
        return NotSent(f"connection {conn_id!r} cannot be read ({type(fault).__name__})")
    for source in _sources():
        try:
            found = _ask(source, conn_id)
        except Exception as trouble:  # noqa: BLE001  # whatever a secrets backend raises
            reason = f"connection {conn_id!r} cannot be read from {type(source).__name__} ({type(trouble).__name__})"
            if type(source).__name__ == "EnvironmentVariablesBackend":
                return ConfigurationError(reason, advice="Correct the environment variable: a URI, or JSON.")
            return NotSent(reason)
        if found:
            return NotSent(f"connection {conn_id!r} could not be read for a moment")
    return ConfigurationError(f"connection {conn_id!r} does not exist", advice=_ADVICE)


def _sources() -> list[Any]:
    """Where this process looks for connections: secrets backends, environment, Airflow's API or database."""
    from airflow.sdk.execution_time.supervisor import ensure_secrets_backend_loaded

    return list(ensure_secrets_backend_loaded())


def _ask(source: Any, conn_id: str) -> bool:
    """Whether a source has the connection; it raises if that cannot be found out."""
    from airflow.sdk.execution_time.secrets.execution_api import ExecutionAPISecretsBackend

    if isinstance(source, ExecutionAPISecretsBackend):
        return _ask_api(conn_id)
    return source.get_connection(conn_id) is not None


def _ask_api(conn_id: str) -> bool:
    """As :func:`_ask`. Airflow's own backend for its API takes an error of the API for a missing connection."""
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    answer = task_runner.SUPERVISOR_COMMS.send(GetConnection(conn_id=conn_id))
    if not isinstance(answer, ErrorResponse):
        return True
    if answer.error is not ErrorType.CONNECTION_NOT_FOUND:
        raise AirflowRuntimeError(answer)
    return False

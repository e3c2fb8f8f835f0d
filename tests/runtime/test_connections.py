"""A connection that does not exist is told from one that cannot be read at the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.errors import ConfigurationError, NotSent, SeedanceError
from airflow_provider_seedance.hooks.seedance import SeedanceHook


@dataclass
class Supervisor:
    """Airflow's API as a task sees it: it answers a request for a connection, or fails."""

    answer: Any
    asked: list[str] = field(default_factory=list)

    def send(self, message: Any) -> Any:
        if type(message).__name__ != "GetConnection":
            return None
        self.asked.append(message.conn_id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def supervised(monkeypatch) -> Callable[[Any], Supervisor]:
    """Puts this process behind a supervisor that answers so."""
    from airflow.sdk.execution_time import task_runner

    def made(answer: Any) -> Supervisor:
        supervisor = Supervisor(answer)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
        return supervisor

    return made


def api_error(name: str) -> Any:
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    return ErrorResponse(error=ErrorType[name], detail={})


def error_of(conn_id: str = "seedance_asked") -> SeedanceError:
    with pytest.raises(SeedanceError) as caught:
        SeedanceHook(conn_id).get_account()
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value


def test_without_any_source_that_has_it_it_does_not_exist(supervised) -> None:
    supervisor = supervised(api_error("CONNECTION_NOT_FOUND"))
    error = error_of()
    assert isinstance(error, ConfigurationError)
    assert error.message == "connection 'seedance_asked' does not exist"
    assert set(supervisor.asked) == {"seedance_asked"}


def test_outside_of_a_task_too() -> None:
    assert error_of().message == "connection 'seedance_asked' does not exist"


@pytest.mark.parametrize("trouble", ["API_SERVER_ERROR", "GENERIC_ERROR", ConnectionError("refused")])
def test_trouble_of_airflows_api_passes(supervised, trouble) -> None:
    supervised(api_error(trouble) if isinstance(trouble, str) else trouble)
    error = error_of()
    assert isinstance(error, NotSent)
    assert "'seedance_asked' cannot be read from ExecutionAPISecretsBackend" in error.message


def test_an_api_that_denies_it_is_not_asked_for_long(supervised) -> None:
    supervised(api_error("PERMISSION_DENIED"))
    error = error_of()
    assert isinstance(error, ConfigurationError)
    assert "denies access to connection 'seedance_asked'" in error.message


class BrokenVault:
    """A secrets backend of the user."""

    def get_connection(self, conn_id: str, **_: Any) -> Any:
        raise TimeoutError(f"hvs.token of the vault, asked for {conn_id}")

    get_conn_value = get_connection


def test_trouble_of_a_secrets_backend_passes_and_is_not_quoted(monkeypatch) -> None:
    from airflow.sdk.execution_time import supervisor

    monkeypatch.setattr(supervisor, "ensure_secrets_backend_loaded", lambda: [BrokenVault()])
    error = error_of()
    assert isinstance(error, NotSent)
    assert error.message == "connection 'seedance_asked' cannot be read from BrokenVault (TimeoutError)"


@pytest.mark.parametrize("value", ["{not json", '{"conn_type": "seedance", "pasword": "sk-mistyped-secret"}'])
def test_an_environment_variable_that_is_no_connection_does_not_mend_itself(value, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_ASKED", value)
    error = error_of()
    assert isinstance(error, ConfigurationError)
    assert "cannot be read from EnvironmentVariablesBackend" in error.message
    assert "sk-mistyped-secret" not in str(error)


def test_one_that_is_there_at_the_second_look_is_looked_up_again(supervised, monkeypatch) -> None:
    supervised(SimpleNamespace(conn_id="seedance_asked"))  # of which Airflow can make no connection
    assert isinstance(error_of(), NotSent)

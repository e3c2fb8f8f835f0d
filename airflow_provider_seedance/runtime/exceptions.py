"""How our errors end an Airflow task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def task_errors(*, retry_pays: bool = False) -> Iterator[None]:
    """Errors that a retry cannot mend end the task without further tries; the others are left to Airflow's retries.

    :param retry_pays: nothing remembers what this try has submitted, so that a retry would pay for a second one:
        then only a generation that the vendor itself ended without a video is left to be tried again.
    """
    from airflow_provider_seedance.errors import GenerationFailed, SeedanceError

    try:
        yield
    except SeedanceError as error:
        if error.retryable and (not retry_pays or isinstance(error, GenerationFailed)):
            raise
        raise fail_exception()(str(error)) from error


def fail_exception() -> type[Exception]:
    """Airflow's "do not retry" exception."""
    return _airflow_exception("AirflowFailException")


def deferral_errors() -> tuple[type[Exception], ...]:
    """What Airflow raises when a trigger failed or its timeout passed."""
    return _airflow_exception("TaskDeferralError"), _airflow_exception("TaskDeferralTimeout")


def not_found_exception() -> type[Exception]:
    """What Airflow raises for a connection that does not exist."""
    return _airflow_exception("AirflowNotFoundException")


def _airflow_exception(name: str) -> type[Exception]:
    """Wherever this version of Airflow keeps it."""
    for place in ("airflow.sdk.exceptions", "airflow.exceptions"):
        found: type[Exception] | None = getattr(import_module(place), name, None)
        if found is not None:
            return found
    raise ImportError(f"this Airflow has no {name}")

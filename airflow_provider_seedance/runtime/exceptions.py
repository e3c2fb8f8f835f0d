"""Airflow's exceptions, and how an error of this package ends an Airflow task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def task_errors(*, retry_pays: bool = False) -> Iterator[None]:
    """End the task without further tries for an error that a retry cannot mend; leave others to Airflow's retries.

    :param retry_pays: a retry would pay for a second generation, since nothing remembers what this try submitted:
        then only a generation that the vendor itself ended without a video is retried.
    :raises AirflowFailException: in place of an error that must not be retried.
    """
    from airflow_provider_seedance.errors import GenerationFailed, SeedanceError

    try:
        yield
    except SeedanceError as error:
        _cut_foreign_causes(error)
        if error.retryable and (not retry_pays or isinstance(error, GenerationFailed)):
            raise
        raise fail_exception()(str(error)) from error


def _cut_foreign_causes(error: BaseException) -> None:
    """Airflow logs an error with all that is behind it: a library's words may hold links, values and passwords."""
    from airflow_provider_seedance.errors import SeedanceError

    behind: BaseException | None = error
    while behind is not None:
        earlier = behind.__cause__ or behind.__context__
        if not isinstance(earlier, SeedanceError):
            behind.__cause__ = behind.__context__ = earlier = None
        behind = earlier


def fail_exception() -> type[Exception]:
    """``AirflowFailException``, which ends a task without further tries."""
    return _airflow_exception("AirflowFailException")


def deferral_errors() -> tuple[type[Exception], ...]:
    """The exceptions that Airflow raises when a trigger failed or its timeout passed."""
    return _airflow_exception("TaskDeferralError"), _airflow_exception("TaskDeferralTimeout")


def not_found_exception() -> type[Exception]:
    """What Airflow raises for a connection that does not exist."""
    return _airflow_exception("AirflowNotFoundException")


def _airflow_exception(name: str) -> type[Exception]:
    """The exception class of that name, from the module where this version of Airflow has it."""
    for place in ("airflow.sdk.exceptions", "airflow.exceptions"):
        found: type[Exception] | None = getattr(import_module(place), name, None)
        if found is not None:
            return found
    raise ImportError(f"this Airflow has no {name}")

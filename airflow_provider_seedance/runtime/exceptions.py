"""Airflow's exceptions, and how an error of this package ends an Airflow task."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.runtime.xcom import push_error

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.errors import SeedanceError

log = logging.getLogger(__name__)


class task_errors:
    """End the task without further tries for an error that a retry cannot mend; leave others to Airflow's retries.

    Airflow logs an error with its frames and with all that is behind it. What is behind it is cut off here, since a
    library's words may hold links, values and passwords; so are the frames below the operator's own method, since
    they help nobody who reads a task's log. They are logged at level DEBUG.

    :param context: of the task; the error is then pushed as its XCom ``error``, before it is raised.
    :param retry_pays: a retry would pay for a second generation, since nothing remembers what this try submitted:
        then only a generation that the vendor itself ended without a video is retried.
    :raises AirflowFailException: in place of an error that must not be retried. It is of the error's own class too,
        and has all that the error tells.
    """

    def __init__(self, context: Context | None = None, *, retry_pays: bool = False) -> None:
        self.context = context
        self.retry_pays = retry_pays

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from airflow_provider_seedance.errors import GenerationFailed, SeedanceError

        if not isinstance(error, SeedanceError):
            return
        _cut_foreign_causes(error)
        log.debug("The task ends with this error.", exc_info=error)
        error.__cause__ = error.__context__ = None
        if trace is not None:
            trace.tb_next = None
        if not (error.retryable and (not self.retry_pays or isinstance(error, GenerationFailed))):
            make_final(error)
        if self.context is not None:
            push_error(self.context, error)


def make_final(error: SeedanceError) -> None:
    """Make ``error`` one after which Airflow does not try again; it stays what it is otherwise."""
    if not isinstance(error, fail_exception()):
        kind: Any = type(error)
        error.__class__ = final_class(kind)


@cache
def final_class(kind: Any) -> Any:
    """``kind`` under its own name, after which Airflow does not try again: it is ``AirflowFailException`` too."""
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__, "__doc__": kind.__doc__}
    return type(kind.__name__, (kind, fail_exception()), names)


def _cut_foreign_causes(error: BaseException) -> None:
    """Airflow logs an error with all that is behind it: a library's words may hold links, values and passwords."""
    from airflow_provider_seedance.errors import SeedanceError

    behind, seen = error, {id(error)}
    while (earlier := behind.__cause__ or behind.__context__) is not None:
        # Causes may form a ring, where a library raises the same error again.
        if not isinstance(earlier, SeedanceError) or id(earlier) in seen:
            behind.__cause__ = behind.__context__ = None
            return
        seen.add(id(earlier))
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


def sensor_timeout() -> type[Exception]:
    """What ends a sensor whose time is up, without further tries."""
    return _airflow_exception("AirflowSensorTimeout")


def _airflow_exception(name: str) -> type[Exception]:
    """The exception class of that name, from the module where this version of Airflow has it."""
    for place in ("airflow.sdk.exceptions", "airflow.exceptions"):
        found: type[Exception] | None = getattr(import_module(place), name, None)
        if found is not None:
            return found
    raise ImportError(f"this Airflow has no {name}")

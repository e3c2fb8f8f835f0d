"""How our errors end an Airflow task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ends_task(*, paid: bool = False) -> Iterator[None]:
    """Errors that a retry cannot mend end the task without further tries; the others are left to Airflow's retries.

    :param paid: a generation has been submitted, so that a retry would pay for a second one: only one that the
        vendor itself ended without a video is left to be tried again.
    """
    from airflow_provider_seedance.errors import GenerationFailed, SeedanceError

    try:
        yield
    except SeedanceError as error:
        pays_again = error.maybe_accepted or (paid and not isinstance(error, GenerationFailed))
        if error.retryable and not pays_again:
            raise
        raise fail_exception()(str(error)) from error


def fail_exception() -> type[Exception]:
    """Airflow's "do not retry" exception, wherever this version keeps it."""
    from airflow.sdk import exceptions

    if not hasattr(exceptions, "AirflowFailException"):
        from airflow import exceptions
    final: type[Exception] = exceptions.AirflowFailException
    return final

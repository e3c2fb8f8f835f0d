"""Through which of several connections a generation is reached that a user wants to go on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.resume import ReadingClient
from airflow_provider_seedance.errors import NotFound, SeedanceError
from airflow_provider_seedance.models import Generation

C = TypeVar("C", bound=ReadingClient)


def connections_to_ask(
    generation_id: str, conn_ids: Sequence[str], record: SubmissionRecord | None
) -> tuple[str, ...]:
    """The connection that submitted a generation, if the task's record tells; else all that the task names."""
    attempts = record.all_attempts if record else ()
    known = [attempt.connection for attempt in attempts if attempt.generation_id == generation_id]
    return tuple(known[-1:] or conn_ids)


def ask_each(
    generation_id: str, conn_ids: Sequence[str], open_client: Callable[[str], C]
) -> tuple[str, C, Generation | None]:
    """The connection whose account has a generation, its client, and how the generation stands.

    That is ``None`` where the vendor cannot be asked for the moment, or no account has it.

    :raises SeedanceError: if more than one connection cannot be asked, so that any of them may have it.
    """
    unclear: dict[str, SeedanceError] = {}
    for conn_id in conn_ids:
        try:
            client = open_client(conn_id)
            return conn_id, client, client.generations.get(generation_id)
        except NotFound:
            continue
        except SeedanceError as error:
            unclear[conn_id] = error
    if len(unclear) > 1:
        raise next(iter(unclear.values()))
    chosen = next(iter(unclear), conn_ids[0])
    return chosen, open_client(chosen), None

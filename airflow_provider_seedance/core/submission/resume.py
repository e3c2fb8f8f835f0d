"""Asking the policy about a record, and the vendor about its generation where the policy needs to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from airflow_provider_seedance.core.submission.decide import (
    Action,
    PriorSubmission,
    connection_lost,
    decide_by_record,
    decide_by_status,
)
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import ConfigurationError, NotFound, SeedanceError
from airflow_provider_seedance.models import Failed, Generation, Pending, Succeeded


class ReadingGenerations(Protocol):
    """How a client reads a generation."""

    def get(self, generation_id: str) -> Generation: ...


class ReadingClient(Protocol):
    """What is asked of the client of a connection on record."""

    @property
    def vendor_name(self) -> str: ...

    @property
    def account_id(self) -> str: ...

    @property
    def generations(self) -> ReadingGenerations: ...


C = TypeVar("C", bound=ReadingClient)


@dataclass(frozen=True)
class Decision:
    """What to do about a record.

    :param generation: its present state, if the vendor was asked, so that the caller need not ask again.
    """

    action: Action
    generation: Generation | None = None


def decide_with_vendor(
    prior: PriorSubmission,
    open_client: Callable[[str], ReadingClient],
    note_end: Callable[[SubmissionRecord], None],
    video_kept: Callable[[], bool] = lambda: False,
) -> Decision:
    """What a new try does about the record of an earlier one; asks the vendor once at most.

    :param open_client: makes the client of a connection, by its id.
    :param note_end: is given the record with its generation's end, if that was not on record.
    :param video_kept: whether the video of a delivered generation is whole where it was landed. It is called only if
        the vendor cannot be asked, or has the video no more.
    :raises SeedanceError: as :func:`decide_by_record` and :func:`decide_by_status`, if nothing is to be done;
        or if the vendor cannot be asked.
    """
    action = decide_by_record(prior)
    if action is not Action.READ:
        return Decision(action)
    try:
        client = recorded_client(prior.record, open_client)
        generation = _read(client, prior.record)
    except SeedanceError:
        if _outlives_vendor(prior, video_kept):
            return Decision(Action.KEEP)
        raise
    if not isinstance(generation, Pending | Succeeded) and _outlives_vendor(prior, video_kept):
        return Decision(Action.KEEP)
    if isinstance(generation, Failed):
        note_end(prior.ended_as(generation).record)
    account_changed = prior.record.account_id not in (None, client.account_id)
    return Decision(decide_by_status(prior, generation, account_changed=account_changed), generation)


def _outlives_vendor(prior: PriorSubmission, video_kept: Callable[[], bool]) -> bool:
    """Whether the video was delivered and is still there: then it is no matter what the vendor has of it."""
    return prior.record.is_delivered and video_kept()


def recorded_client(record: SubmissionRecord, open_client: Callable[[str], C]) -> C:
    """The client of the connection that submitted a record's intent.

    :raises RecordedConnectionLost: if there is no such connection any more, or it leads to another vendor.
    """
    try:
        client = open_client(record.seedance_conn_id)
    except ConfigurationError as fault:
        raise connection_lost(record, f"which cannot be opened: {fault.message}") from fault
    if client.vendor_name != record.vendor:
        raise connection_lost(record, f"which leads to {client.vendor_name} by now")
    return client


def _read(client: ReadingClient, record: SubmissionRecord) -> Generation | None:
    assert record.generation_id
    try:
        return client.generations.get(record.generation_id)
    except NotFound:
        return None

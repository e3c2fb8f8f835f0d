"""Finding what a vendor finished and nobody landed, and bringing it home while its link lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.core.lifecycle.result import cost
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import OpenTarget, size_of, uri_of
from airflow_provider_seedance.errors import LinkDead, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Succeeded

#: ``landed`` by this run, ``there`` already, ``lost`` with its link, still ``pending``, ended ``without video``,
#: ``unknown`` to the vendor, or ``failed`` to land this time.
RescueOutcome = Literal["landed", "there", "lost", "pending", "without video", "unknown", "failed"]


def rescue(
    client: SeedanceClient,
    destination: str,
    *,
    open_target: OpenTarget,
    generation_ids: Sequence[str] | None = None,
    since: datetime | None = None,
) -> list[dict[str, Any]]:
    """Land every finished generation that is not at its place yet. Nothing is paid.

    :param destination: the template that the videos were to be landed by.
    :param open_target: makes a target of a path or URI.
    :param generation_ids: only these; without them all that the vendor lists (ModelArk: the last 7 days).
    :param since: only generations made at or after this time.
    :returns: one row a generation: ``generation_id, vendor, outcome, uri, cost, reason``. The ``cost`` of what is lost
        is what it cost.
    :raises Unsupported: without ``generation_ids``, where the vendor has no list.
    """
    if generation_ids is None:
        found: Iterator[Generation | str] = iter(client.generations.list_all())
    else:
        found = (_seen(client, generation_id) for generation_id in generation_ids)
    return [_rescued(client, destination, one, open_target) for one in found if not _older(one, since)]


def _seen(client: SeedanceClient, generation_id: str) -> Generation | str:
    try:
        return client.generations.get(generation_id)
    except NotFound:
        return generation_id


def _older(one: Generation | str, since: datetime | None) -> bool:
    return bool(since and not isinstance(one, str) and one.created_at and one.created_at < since)


def _rescued(
    client: SeedanceClient, destination: str, one: Generation | str, open_target: OpenTarget
) -> dict[str, Any]:
    if isinstance(one, str):
        return _row(client, one, "unknown", reason="the vendor does not know it, or no longer")
    if isinstance(one, Pending):
        return _row(client, one, "pending")
    if not isinstance(one, Succeeded):
        return _row(client, one, "without video", reason=one.failure.message)
    fields = {"vendor": one.vendor, "generation_id": one.generation_id, "model": one.model, "mode": None}
    target = open_target(resolve_destination(destination, fields))
    if size_of(target) is not None:
        return _row(client, one, "there", uri=uri_of(target))
    try:
        manifest = land_generation(client, one, destination, open_target=open_target)
    except LinkDead as error:
        return _row(client, one, "lost", reason=str(error))
    except SeedanceError as error:
        return _row(client, one, "failed", reason=str(error))
    return _row(client, one, "landed", uri=manifest["uri"])


def _row(
    client: SeedanceClient,
    one: Generation | str,
    outcome: RescueOutcome,
    *,
    uri: str | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "generation_id": one if isinstance(one, str) else one.generation_id,
        "vendor": client.vendor_name,
        "outcome": outcome,
        "uri": uri,
        "cost": cost(client.catalog.cost(one)) if isinstance(one, Succeeded) else None,
        "reason": reason,
    }

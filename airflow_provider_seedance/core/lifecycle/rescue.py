"""Find what a vendor finished and nobody landed, and land it while its link lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.core.lifecycle.result import cost_dict
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import size_of
from airflow_provider_seedance.core.storage.paths import PathFromUri, uri_of
from airflow_provider_seedance.errors import LinkDead, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Succeeded

#: ``landed`` by this run; ``present`` at its destination before; ``lost``, since its link is dead; ``pending`` at the
#: vendor; ``no_video``, since it failed, expired or was cancelled; ``unknown`` to the vendor; ``failed`` to land.
RescueOutcome = Literal["landed", "present", "lost", "pending", "no_video", "unknown", "failed"]


def rescue(
    client: SeedanceClient,
    destination: str,
    *,
    path_from_uri: PathFromUri,
    clock: Clock,
    generation_ids: Sequence[str] | None = None,
    since: datetime | None = None,
) -> list[dict[str, Any]]:
    """Land every finished generation that is missing at its destination. Nothing is paid.

    :param destination: the template that the videos were to be landed by.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param generation_ids: only these; without them all that the vendor lists (ModelArk: the last 7 days).
    :param since: only generations made at or after this time.
    :returns: one row a generation: ``generation_id, vendor, outcome, uri, cost, reason``, its ``outcome`` a
        :data:`RescueOutcome`. The ``cost`` of what is lost is what it cost.
    :raises Unsupported: without ``generation_ids``, where the vendor has no list.
    """
    rows = []
    for generation_id, generation in _find(client, generation_ids):
        if isinstance(generation, SeedanceError):
            rows.append(_row(client, generation_id, "failed", reason=str(generation)))
        elif not _is_older(generation, since):
            outcome, uri, reason = _land_missing(client, generation, destination, path_from_uri, clock)
            cost = _cost(client, generation)
            rows.append(_row(client, generation_id, outcome, uri=uri, cost=cost, reason=reason))
    return rows


def _row(
    client: SeedanceClient,
    generation_id: str,
    outcome: RescueOutcome,
    *,
    uri: str | None = None,
    cost: dict[str, Any] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "generation_id": generation_id,
        "vendor": client.vendor_name,
        "outcome": outcome,
        "uri": uri,
        "cost": cost,
        "reason": reason,
    }


def _find(
    client: SeedanceClient, generation_ids: Sequence[str] | None
) -> Iterator[tuple[str, Generation | SeedanceError | None]]:
    """Each generation with its id; ``None`` for one that the vendor does not know, or why it could not be read."""
    if generation_ids is None:
        for listed in client.generations.list_all():
            yield listed.generation_id, listed
        return
    for generation_id in generation_ids:
        try:
            yield generation_id, client.generations.get(generation_id)
        except NotFound:
            yield generation_id, None
        except SeedanceError as error:
            yield generation_id, error


def _is_older(generation: Generation | None, since: datetime | None) -> bool:
    return bool(since and generation and generation.created_at and generation.created_at < since)


def _land_missing(
    client: SeedanceClient,
    generation: Generation | None,
    destination: str,
    path_from_uri: PathFromUri,
    clock: Clock,
) -> tuple[RescueOutcome, str | None, str | None]:
    """What became of one generation, the URI of its video, and the reason if there is none."""
    if generation is None:
        return "unknown", None, "the vendor does not know this id"
    if isinstance(generation, Pending):
        return "pending", None, None
    if not isinstance(generation, Succeeded):
        return "no_video", None, generation.failure.message
    fields = {
        "vendor": generation.vendor,
        "generation_id": generation.generation_id,
        "model": generation.model,
        "mode": None,
    }
    target = path_from_uri(resolve_destination(destination, fields))
    try:
        if size_of(target) is not None:
            return "present", uri_of(target), None
        manifest = land_generation(client, generation, destination, path_from_uri=path_from_uri, clock=clock)
    except LinkDead as error:
        return "lost", None, str(error)
    except SeedanceError as error:
        return "failed", None, str(error)
    return "landed", manifest["uri"], None


def _cost(client: SeedanceClient, generation: Generation | None) -> dict[str, Any] | None:
    return cost_dict(client.catalog.cost(generation)) if isinstance(generation, Succeeded) else None

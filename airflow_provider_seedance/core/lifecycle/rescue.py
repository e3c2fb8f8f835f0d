"""Find what a vendor finished and nobody landed, and land it while its link lives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.core.lifecycle.places import Places
from airflow_provider_seedance.core.lifecycle.result import cost_dict
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.record import StoredVideo
from airflow_provider_seedance.errors import DestinationError, LinkDead, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Succeeded

#: ``landed`` by this run; ``present`` before, at its ``uri``; ``lost``, since its link is dead; ``pending`` at the
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
    known: Iterable[StoredVideo] = (),
    note: Callable[[Mapping[str, Any]], object] = lambda manifest: None,
) -> list[dict[str, Any]]:
    """Land every finished generation whose video is nowhere to be found. Nothing is paid.

    A video is looked for at the places on record, at its destination, and beside all manifests and sidecars in the
    destination's folder, up to four levels below it. The vendor is not asked about the ids of those that are where a
    record says, unless their age matters.

    :param destination: the template that the videos were to be landed by.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param generation_ids: only these; without them all that the vendor lists (ModelArk: the last 7 days).
    :param since: only generations made at or after this time.
    :param known: where videos are on record.
    :param note: puts on record where a video was landed, by its manifest.
    :returns: one row a generation: ``generation_id, vendor, outcome, uri, cost, reason``, its ``outcome`` a
        :data:`RescueOutcome`. The ``cost`` of what is lost is what it cost; of what the vendor was not asked about it
        is ``None``.
    :raises Unsupported: without ``generation_ids``, where the vendor has no list.
    """
    places = Places(destination, path_from_uri, known, note)
    if generation_ids is None:
        listed = ((item.generation_id, item) for item in client.generations.list_all())
        return [
            _report(client, generation_id, item, places, clock)
            for generation_id, item in listed
            if not _is_older(item, since)
        ]
    rows = []
    for generation_id in generation_ids:
        if since is None and (kept := _kept(client, generation_id, places)):
            rows.append(kept)
            continue
        generation = _read(client, generation_id)
        if not _is_older(generation, since):
            rows.append(_report(client, generation_id, generation, places, clock))
    return rows


def _kept(client: SeedanceClient, generation_id: str, places: Places) -> dict[str, Any] | None:
    """The row of a video that is where a record says; ``None`` if it may not be."""
    try:
        uri = places.find_on_record(generation_id)
    except DestinationError:
        return None
    return _row(client, generation_id, "present", uri=uri) if uri else None


def _report(
    client: SeedanceClient,
    generation_id: str,
    generation: Generation | SeedanceError | None,
    places: Places,
    clock: Clock,
) -> dict[str, Any]:
    """Land a generation's video unless it is somewhere, and say what became of it."""
    try:
        found = places.find(generation_id, generation)
        outcome, uri, reason = ("present", found, None) if found else _land(client, generation, places, clock)
    except DestinationError as error:
        outcome, uri, reason = "failed", None, str(error)
    if outcome == "lost" and (gone := places.on_record(generation_id)):
        reason = f"{reason} It was in {gone}, and is not there any more."
    cost = _cost(client, generation)
    return _row(client, generation_id, outcome, uri=uri, cost=cost, reason=reason)


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


def _read(client: SeedanceClient, generation_id: str) -> Generation | SeedanceError | None:
    """A generation as the vendor tells; ``None`` if it does not know it, or why it could not be read."""
    try:
        return client.generations.get(generation_id)
    except NotFound:
        return None
    except SeedanceError as error:
        return error


def _is_older(generation: Generation | SeedanceError | None, since: datetime | None) -> bool:
    if since is None or generation is None or isinstance(generation, SeedanceError):
        return False
    return generation.created_at is not None and generation.created_at < since


def _land(
    client: SeedanceClient, generation: Generation | SeedanceError | None, places: Places, clock: Clock
) -> tuple[RescueOutcome, str | None, str | None]:
    """What became of a generation whose video is nowhere, the URI of the video, and the reason if there is none."""
    if generation is None:
        return "unknown", None, "the vendor does not know this id"
    if isinstance(generation, SeedanceError):
        return "failed", None, str(generation)
    if isinstance(generation, Pending):
        return "pending", None, None
    if not isinstance(generation, Succeeded):
        return "no_video", None, generation.failure.message
    try:
        manifest = land_generation(
            client, generation, places.destination, path_from_uri=places.path_from_uri, clock=clock
        )
    except LinkDead as error:
        return "lost", None, str(error)
    except SeedanceError as error:
        return "failed", None, str(error)
    places.note(manifest)
    return "landed", manifest["uri"], None


def _cost(client: SeedanceClient, generation: Generation | SeedanceError | None) -> dict[str, Any] | None:
    return cost_dict(client.catalog.cost(generation)) if isinstance(generation, Succeeded) else None

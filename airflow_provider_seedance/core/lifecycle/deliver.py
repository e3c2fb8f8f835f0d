"""Deliver a finished generation: the vendor's client and a destination are handed to the landing engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.land import VideoSource, land
from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Provenance
from airflow_provider_seedance.core.landing.ownership import Overwrite, check_replaceable, find_whole
from airflow_provider_seedance.core.landing.pictures import PictureOptions
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import has_content
from airflow_provider_seedance.core.storage.paths import PathFromUri, uri_of
from airflow_provider_seedance.core.storage.writable import check_writable
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import ConfigurationError, NotFound, SeedanceError
from airflow_provider_seedance.models import ExpectedVideo, GenerationRequest, Succeeded

#: How long a generation may take without being remarkable.
LONGEST_USUAL_RUN = timedelta(minutes=30)
#: Stands for an id that is not known yet, and is longer than those of the known vendors, which have up to 41
#: characters.
SAMPLE_ID = "generation-id-of-48-characters-0123456789abcdefg"
_ONLY_A_POSTER = PictureOptions()


def land_generation(
    client: SeedanceClient,
    generation: Succeeded,
    destination: str,
    *,
    path_from_uri: PathFromUri,
    clock: Clock,
    mode: str | None = None,
    model: str | None = None,
    expected: ExpectedVideo | None = None,
    request: GenerationRequest | None = None,
    provenance: Provenance | None = None,
    request_fingerprint: str | None = None,
    overwrite: Overwrite = "own",
    earlier_ids: Collection[str] = (),
    verify: bool = True,
    pictures: PictureOptions = _ONLY_A_POSTER,
) -> dict[str, Any]:
    """Land a finished generation's video and return its manifest. Raises what :func:`.land.land` raises.

    :param destination: a template; see :func:`~airflow_provider_seedance.core.storage.destination.resolve_destination`.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param mode: the value of ``{mode}`` in the template.
    :param model: the model, for a vendor that does not name it with a finished generation.
    :param expected: what the video should be.
    :param request: what was asked for, where that is known.
    :param provenance: how the video came about, for its manifest.
    :param request_fingerprint: of the request, where that itself is not known.
    :param overwrite: what to do about a file that is already there.
    :param earlier_ids: the generations that this one takes the place of.
    :param verify: whether to check the file's structure and compare it with what was expected.
    :param pictures: what to write beside the video.
    """
    model = generation.model or model or (request.model if request else None)
    reference = GenerationReference(
        vendor=generation.vendor,
        generation_id=generation.generation_id,
        model=model,
        request_fingerprint=fingerprint(request) if request else request_fingerprint,
    )
    fields = {
        "vendor": generation.vendor,
        "generation_id": generation.generation_id,
        "model": model,
        "mode": mode,
    }
    manifest = land(
        VideoSource(
            url=generation.video_url,
            generation=reference,
            expected=expected or ExpectedVideo(),
            other_urls=generation.video_urls[1:],
            ended_at=_ended_at(generation, utc_now(clock)),
            earlier_ids=earlier_ids,
            provenance=provenance or Provenance(),
        ),
        path_from_uri(resolve_destination(destination, fields)),
        client,
        fresh_links=lambda: _fresh_links(client, generation),
        clock=clock,
        overwrite=overwrite,
        verify=verify,
        pictures=pictures,
    )
    return manifest.to_dict()


def _fresh_links(client: SeedanceClient, generation: Succeeded) -> tuple[str, ...] | None:
    """The links that the vendor gives at this moment; ``None`` if it does not call the generation finished any more.

    A read in passing trouble brings no other links than those that are known.
    """
    try:
        fresh = client.generations.get(generation.generation_id)
    except NotFound:
        return None
    except SeedanceError as error:
        if error.retryable:
            return generation.video_urls
        raise
    return fresh.video_urls if isinstance(fresh, Succeeded) else None


def _ended_at(generation: Succeeded, now: datetime) -> datetime | None:
    """When it ended; where the vendor tells only when it was created, at the latest that is likely."""
    if ended := generation.finished_at or generation.updated_at:
        return ended
    return generation.created_at and min(now, generation.created_at + LONGEST_USUAL_RUN)


def find_landed(
    destination: str, reference: GenerationReference, mode: str | None, path_from_uri: PathFromUri
) -> Manifest | None:
    """The manifest of a generation's video that is whole at its destination: then nobody need be asked for it.

    :param mode: the value of ``{mode}`` in the template.
    :raises DestinationError: if that cannot be found out, or nothing can be written there.
    """
    fields = {**reference.to_dict(), "mode": mode}
    try:
        target = path_from_uri(resolve_destination(destination, fields))
    except ConfigurationError:
        # The vendor may tell the model, and then the place is known.
        return None
    check_writable(target)
    return find_whole(target, reference)


def is_video_kept(record: SubmissionRecord, destination: str | None, path_from_uri: PathFromUri) -> bool:
    """Whether what a task returned for its generation is on record, and its video is whole in a place on record.

    :param destination: where the task lands it: a place elsewhere does not count then.
    """
    result = record.result
    if result is None:
        return False
    places = record.own_videos
    if destination:
        wanted = uri_of(path_from_uri(resolve_destination(destination, result)))
        places = tuple(place for place in places if place.uri == wanted)
    return any(has_content(path_from_uri(place.uri), place.bytes, place.sha256) for place in places)


def check_destination(
    template: str,
    fields: Mapping[str, str | None],
    *,
    path_from_uri: PathFromUri,
    overwrite: Overwrite = "own",
    earlier_ids: Collection[str] = (),
) -> None:
    """Refuse a destination where the video could not be landed, before anything is paid. Writes nothing.

    :param fields: what will be filled in. Where the id of the generation is not known yet, :data:`SAMPLE_ID` stands
        for it: a template without ``{generation_id}`` then names a file that must not be another's.
    :raises ConfigurationError: if the template cannot be filled in, or is no path or URI.
    :raises DestinationError: if there is no such store, bucket or directory, no permission, no space, if a name is too
        long, or if ``overwrite`` does not allow to replace what is there.
    """
    resolved = resolve_destination(template, fields)
    sampled = SAMPLE_ID in resolved
    try:
        target = path_from_uri(resolved)
        check_writable(target)
        if not sampled:
            check_replaceable(target, overwrite, _generation_in(fields), earlier_ids=earlier_ids)
    except SeedanceError as error:
        error.args = (error.message.replace(SAMPLE_ID, "{generation_id}"),)
        raise


def fields_before_paying(
    vendor: str, request: GenerationRequest, model_id: str
) -> list[dict[str, str | None]]:
    """What may be filled in for a request that is yet to be paid for: vendors tell the model by either name.

    :param model_id: the vendor's own id of the model.
    """
    known = {"vendor": vendor, "generation_id": SAMPLE_ID, "mode": request.mode.value}
    return [{**known, "model": model} for model in dict.fromkeys((request.model, model_id))]


def _generation_in(fields: Mapping[str, str | None]) -> GenerationReference | None:
    vendor, generation_id = fields["vendor"], fields["generation_id"]
    if not vendor or not generation_id or generation_id == SAMPLE_ID:
        return None
    return GenerationReference(vendor=vendor, generation_id=generation_id)

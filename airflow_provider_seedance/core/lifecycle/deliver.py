"""Deliver a finished generation: the vendor's client and a destination are handed to the landing engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.land import Overwrite, VideoSource, land
from airflow_provider_seedance.core.landing.manifest import GenerationReference
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import check_writable
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.errors import NotFound, SeedanceError
from airflow_provider_seedance.models import ExpectedVideo, GenerationRequest, Succeeded

#: How long a generation may take without being remarkable.
LONGEST_USUAL_RUN = timedelta(minutes=30)


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
    overwrite: Overwrite = "skip-identical",
    verify: bool = True,
) -> dict[str, Any]:
    """Land a finished generation's video and return its manifest. Raises what :func:`.land.land` raises.

    :param destination: a template; see :func:`~airflow_provider_seedance.core.storage.destination.resolve_destination`.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param mode: the value of ``{mode}`` in the template.
    :param model: the model, for a vendor that does not name it with a finished generation.
    :param expected: what the video should be.
    :param request: what was asked for, where that is known.
    :param overwrite: what to do about a file that is already there.
    :param verify: whether to check the file's structure and compare it with what was expected.
    """
    model = generation.model or model or (request.model if request else None)
    reference = GenerationReference(
        vendor=generation.vendor,
        generation_id=generation.generation_id,
        model=model,
        request_fingerprint=fingerprint(request) if request else None,
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
        ),
        path_from_uri(resolve_destination(destination, fields)),
        client,
        fresh_links=lambda: _fresh_links(client, generation),
        clock=clock,
        overwrite=overwrite,
        verify=verify,
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


def check_destination(template: str, path_from_uri: PathFromUri) -> None:
    """Refuse a destination that cannot be written, before anything is paid. Writes nothing.

    :raises ConfigurationError: if the template cannot be filled in.
    :raises DestinationError: if there is no such store, no permission, no directory.
    """
    fields = dict.fromkeys(("vendor", "generation_id", "model", "mode"), "example")
    check_writable(path_from_uri(resolve_destination(template, fields)))

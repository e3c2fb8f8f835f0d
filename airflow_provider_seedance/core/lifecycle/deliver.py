"""Delivering a finished generation: the vendor's client and a place to write meet the landing engine."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.land import Overwrite
    from airflow_provider_seedance.core.storage.paths import PathFromUri
    from airflow_provider_seedance.models import ExpectedVideo, GenerationRequest, Succeeded


def land_generation(
    client: SeedanceClient,
    generation: Succeeded,
    destination: str,
    *,
    path_from_uri: PathFromUri,
    mode: str | None = None,
    model: str | None = None,
    expected: ExpectedVideo | None = None,
    request: GenerationRequest | None = None,
    overwrite: Overwrite = "skip-identical",
    verify: bool = True,
) -> dict[str, Any]:
    """Land a finished generation's video and return its manifest.

    :param destination: a template; see :func:`~airflow_provider_seedance.core.storage.destination.resolve_destination`.
    :param path_from_uri: makes a path of a local path or URI.
    :param mode: what ``{mode}`` stands for.
    :param model: the model, where the vendor does not name it any more.
    :param expected: what the video should be.
    :param request: what was asked for, where that is known.
    """
    from airflow_provider_seedance.core.landing.land import VideoSource, land
    from airflow_provider_seedance.core.landing.manifest import GenerationReference
    from airflow_provider_seedance.core.storage.destination import resolve_destination
    from airflow_provider_seedance.core.submission.fingerprint import fingerprint
    from airflow_provider_seedance.models import ExpectedVideo

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
        VideoSource(url=generation.video_url, generation=reference, expected=expected or ExpectedVideo()),
        path_from_uri(resolve_destination(destination, fields)),
        client,
        fresh_url=lambda: getattr(client.get_generation(generation.generation_id), "video_url", None),
        sleep=time.sleep,
        now=utc_now,
        overwrite=overwrite,
        verify=verify,
    )
    return manifest.to_dict()


def check_destination(template: str, path_from_uri: PathFromUri) -> None:
    """Refuse a destination that cannot be written, before anything is paid. Writes nothing.

    :raises ConfigurationError: if the template cannot be filled in.
    :raises DestinationError: if there is no such store, no permission, no directory.
    """
    from airflow_provider_seedance.core.storage.destination import resolve_destination
    from airflow_provider_seedance.core.storage.files import check_writable

    fields = dict.fromkeys(("vendor", "generation_id", "model", "mode"), "probe")
    check_writable(path_from_uri(resolve_destination(template, fields)))


def utc_now() -> datetime:
    return datetime.now(timezone.utc)

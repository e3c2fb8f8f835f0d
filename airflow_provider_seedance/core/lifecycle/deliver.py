"""Delivering a finished generation: the vendor's client and a place to write meet the landing engine."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.landing.land import Overwrite
    from airflow_provider_seedance.core.storage.files import OpenTarget
    from airflow_provider_seedance.models import ExpectedVideo, GenerationRequest, Succeeded


def land_generation(
    client: SeedanceClient,
    generation: Succeeded,
    destination: str,
    *,
    open_target: OpenTarget,
    mode: str | None = None,
    model: str | None = None,
    expected: ExpectedVideo | None = None,
    request: GenerationRequest | None = None,
    overwrite: Overwrite = "skip-identical",
    verify: bool = True,
) -> dict[str, Any]:
    """Land a finished generation's video and return its manifest.

    :param destination: a template; see :func:`~airflow_provider_seedance.core.storage.destination.resolve_destination`.
    :param open_target: makes a target of a path or URI.
    :param mode: what ``{mode}`` stands for.
    :param model: the model, where the vendor does not name it any more.
    :param order: what the video should be.
    :param request: what was asked for, where that is known.
    """
    from airflow_provider_seedance.core.landing.land import VideoSource, land
    from airflow_provider_seedance.core.landing.manifest import Provenance
    from airflow_provider_seedance.core.storage.destination import resolve_destination
    from airflow_provider_seedance.core.submission.fingerprint import fingerprint
    from airflow_provider_seedance.models import ExpectedVideo

    model = generation.model or model or (request.model if request else None)
    provenance = Provenance(
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
        VideoSource(url=generation.video_url, provenance=provenance, expected=expected or ExpectedVideo()),
        open_target(resolve_destination(destination, fields)),
        client,
        fresh_url=lambda: getattr(client.generations.get(generation.generation_id), "video_url", None),
        sleep=time.sleep,
        now=utc_now,
        overwrite=overwrite,
        verify=verify,
    )
    return manifest.to_dict()


def check_destination(template: str, open_target: OpenTarget) -> None:
    """Refuse a destination that cannot be written, before anything is paid. Writes nothing.

    :raises ConfigurationError: if the template cannot be filled in.
    :raises DestinationError: if there is no such store, no permission, no directory.
    """
    from airflow_provider_seedance.core.storage.destination import resolve_destination
    from airflow_provider_seedance.core.storage.files import check_writable

    fields = dict.fromkeys(("vendor", "generation_id", "model", "mode"), "probe")
    check_writable(open_target(resolve_destination(template, fields)))


def utc_now() -> datetime:
    return datetime.now(timezone.utc)

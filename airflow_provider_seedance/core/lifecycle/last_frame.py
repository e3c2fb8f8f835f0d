"""The last frame of a finished generation, brought to a file that outlives its link."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import (
    commit,
    has_content,
    size_of,
    temporary_file_for,
)
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, storage_errors, uri_of
from airflow_provider_seedance.errors import DestinationError, Kind, LandingError
from airflow_provider_seedance.models import Succeeded

#: Bytes of the largest picture that is fetched.
MAX_BYTES = 64 * 1024**2


def last_frame_target(
    generation: Succeeded, destination: str, path_from_uri: PathFromUri, mode: str | None
) -> StoragePath:
    """Where the last frame is landed."""
    fields = {
        "vendor": generation.vendor,
        "generation_id": generation.generation_id,
        "model": generation.model,
        "mode": mode,
    }
    return path_from_uri(resolve_destination(destination, fields))


def land_last_frame(
    client: SeedanceClient,
    generation: Succeeded,
    destination: str,
    *,
    path_from_uri: PathFromUri,
    mode: str | None = None,
) -> dict[str, Any]:
    """Land the last frame; a file that is there with the same content stays.

    :param destination: a template, as for the video.
    :returns: ``uri``, ``bytes``, ``sha256`` and ``content_type``.
    :raises DestinationError: if another file is there, or it cannot be written.
    :raises LandingError: if there is no last frame, or its link is dead.
    """
    target = last_frame_target(generation, destination, path_from_uri, mode)
    if generation.last_frame_url is None:
        raise LandingError(
            "the vendor gave no last frame",
            vendor=generation.vendor,
            generation_id=generation.generation_id,
            advice="Ask for it with return_last_frame=True; a video that was made without it has none.",
        )
    with temporary_file_for(target) as temporary:
        content_type, digest = _fetch(client, generation.last_frame_url, temporary)
        size = temporary.stat().st_size
        if size_of(target) is None:
            commit(temporary, target)
        elif not has_content(target, size, digest):
            raise DestinationError(
                f"another file is at {uri_of(target)}",
                kind=Kind.CONFIGURATION,
                vendor=generation.vendor,
                generation_id=generation.generation_id,
                advice="Put {generation_id} into last_frame_destination, or remove the file, then clear the task.",
            )
    return {"uri": uri_of(target), "bytes": size, "sha256": digest, "content_type": content_type}


def _fetch(client: SeedanceClient, url: str, temporary: Path) -> tuple[str | None, str]:
    digest, size = hashlib.sha256(), 0
    with client.open(url) as stream, storage_errors(temporary, "write"), temporary.open("wb") as file:
        for chunk in stream.chunks:
            size += len(chunk)
            if size > MAX_BYTES:
                raise LandingError(f"the last frame has more than {MAX_BYTES} bytes")
            digest.update(chunk)
            file.write(chunk)
        return stream.content_type, digest.hexdigest()

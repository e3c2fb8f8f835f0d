"""Put a landed video where people or the next DAG find it, exactly once, with its story beside it.

The video goes first, its sidecar ``<name>.json`` last: a sidecar whose hash fits its video proves the pair.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from airflow_provider_seedance.core.landing.manifest import Manifest, Publication, Sidecar
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import (
    check_writable,
    commit,
    has_content,
    iter_bytes,
    read_bytes,
    size_of,
    temporary_file_for,
    write_text,
)
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, storage_errors, uri_of
from airflow_provider_seedance.errors import (
    ConfigurationError,
    Kind,
    LandingError,
    SeedanceError,
    VideoCorrupt,
)


def publish(
    video: Manifest,
    destination: str,
    metadata: Mapping[str, Any],
    *,
    path_from_uri: PathFromUri,
    now: Callable[[], datetime],
) -> Publication:
    """Copy a landed video to ``destination``, verified against its manifest, and write its sidecar.

    The same content and story again publish nothing: ``published`` is then false, and ``published_at`` the
    time of the earlier publication. A changed video or changed metadata are published.

    :param destination: a template as for :func:`resolve_destination`, of vendor, generation_id and model.
    :param metadata: the publisher's own words; a JSON object.
    :param path_from_uri: makes a path of a local path or URI.
    :param now: the time, with its zone.
    :raises ConfigurationError: if ``destination`` or ``metadata`` cannot be used.
    :raises DestinationError: if ``destination`` cannot be written.
    :raises VideoCorrupt: if the landed file no longer is what its manifest says.
    :raises LandingError: not retryable, if the landed file is gone.
    """
    words = _json_object(metadata)
    try:
        target = path_from_uri(resolve_destination(destination, _fields(video)))
        sidecar = path_from_uri(f"{uri_of(target)}.json")
        check_writable(target)
        sidecar_record = Sidecar(
            uri=uri_of(target),
            sidecar_uri=uri_of(sidecar),
            bytes=video.bytes,
            sha256=video.sha256,
            published_at=now(),
            metadata=words,
            source=video.source,
            manifest=video,
        )
        earlier, in_place = _read_sidecar(sidecar), has_content(target, video.bytes, video.sha256)
        if earlier and in_place and _tells_the_same(earlier, sidecar_record):
            known = sidecar_record.model_copy(update={"published_at": earlier.published_at})
            return Publication(**dict(known), published=False, reason="the same content is published already")
        if not in_place:
            _copy(video, path_from_uri(video.uri), target)
        _write_sidecar(sidecar_record, sidecar)
    except SeedanceError as error:
        error.about(vendor=video.source.vendor, generation_id=video.source.generation_id)
        raise
    reason = "the video was there, its story is new" if in_place else "the video was not there yet"
    return Publication(**dict(sidecar_record), published=True, reason=reason)


def _fields(video: Manifest) -> dict[str, str | None]:
    provenance = video.source
    return {"vendor": provenance.vendor, "generation_id": provenance.generation_id, "model": provenance.model}


def _json_object(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``metadata`` as it will be read back, so that a rerun compares like with like."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError) as fault:
        raise ConfigurationError(f"metadata is not a JSON object: {fault}") from fault
    return plain


def _tells_the_same(earlier: Sidecar, sidecar_record: Sidecar) -> bool:
    """When and from where the bytes were landed does not make it another publication."""
    return (earlier.sha256, earlier.source, earlier.metadata) == (
        sidecar_record.sha256,
        sidecar_record.source,
        sidecar_record.metadata,
    )


def _read_sidecar(sidecar: StoragePath) -> Sidecar | None:
    """The story in ``sidecar``; ``None`` if there is none, or something else is in its place."""
    text = read_bytes(sidecar)
    if text is None:
        return None
    try:
        return Sidecar.parse(json.loads(text))
    except (ValueError, ConfigurationError):
        return None


def _write_sidecar(sidecar_record: Sidecar, sidecar: StoragePath) -> None:
    write_text(sidecar, json.dumps(sidecar_record.to_dict(), indent=2, ensure_ascii=False))


def _copy(video: Manifest, landed: StoragePath, target: StoragePath) -> None:
    size = size_of(landed)
    if size is None:
        raise LandingError(
            f"the landed video {video.uri} is gone",
            kind=Kind.NOT_FOUND,
            advice="Clear the task that landed it; while the vendor keeps the video, that brings it back.",
        )
    if size != video.bytes:
        raise _changed(video, f"{size} bytes", f"{video.bytes}")
    with temporary_file_for(target) as part:
        digest = hashlib.sha256()
        with storage_errors(part, "write"), part.open("wb") as file:
            for chunk in iter_bytes(landed):
                file.write(chunk)
                digest.update(chunk)
        if digest.hexdigest() != video.sha256:
            raise _changed(video, f"bytes with sha256 {digest.hexdigest()}", video.sha256)
        commit(part, target)


def _changed(video: Manifest, found: str, told: str) -> VideoCorrupt:
    return VideoCorrupt(
        f"the landed video {video.uri} has changed: it holds {found}, and its manifest says {told}",
        advice="Clear the task that landed it; while the vendor keeps the video, that replaces it.",
    )

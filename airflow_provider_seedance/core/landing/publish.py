"""Publish a landed video: copy it to where people or the next DAG find it, exactly once, with a sidecar beside it.

The video is written first, its sidecar ``<name>.json`` last: a sidecar whose hash fits its video proves the pair.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.manifest import Manifest, Publication, Sidecar, TaskReference
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
    DestinationError,
    Kind,
    LandingError,
    SeedanceError,
    VideoCorrupt,
)

#: Bytes.
_MAX_SIDECAR = 16 * 1024**2


def publish(
    video: Manifest,
    destination: str,
    metadata: Mapping[str, Any],
    *,
    path_from_uri: PathFromUri,
    clock: Clock,
    published_by: TaskReference | None = None,
) -> Publication:
    """Copy a landed video to ``destination``, verified against its manifest, and write its sidecar.

    The same video with the same metadata is not published again: ``published`` is then false, and ``published_at``
    the time of the earlier publication. A changed video or changed metadata are published.

    :param destination: a template as for :func:`resolve_destination`, of vendor, generation_id and model.
    :param metadata: the publisher's own words; a JSON object.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param published_by: the task instance at work, for the sidecar.
    :raises ConfigurationError: if ``destination`` or ``metadata`` cannot be used.
    :raises DestinationError: if ``destination`` cannot be written, or another file has the name of its sidecar.
    :raises VideoCorrupt: if the landed file is not what its manifest says.
    :raises LandingError: not retryable, if the landed file is gone.
    """
    checked_metadata = _json_object(metadata)
    try:
        target = path_from_uri(resolve_destination(destination, _template_fields(video)))
        sidecar_path = path_from_uri(f"{uri_of(target)}.json")
        check_writable(target)
        sidecar = Sidecar(
            uri=uri_of(target),
            sidecar_uri=uri_of(sidecar_path),
            bytes=video.bytes,
            sha256=video.sha256,
            published_at=utc_now(clock),
            published_by=published_by,
            metadata=checked_metadata,
            source=video.source,
            manifest=video,
        )
        earlier, in_place = (
            _read_sidecar(sidecar_path, target),
            has_content(target, video.bytes, video.sha256),
        )
        if earlier and in_place and _same_content(earlier, sidecar):
            when_and_by = {"published_at": earlier.published_at, "published_by": earlier.published_by}
            unchanged = sidecar.model_copy(update=when_and_by)
            return Publication(
                **dict(unchanged), published=False, reason="the same content is already published"
            )
        if not in_place:
            _copy(video, path_from_uri(video.uri), target)
        write_text(sidecar_path, json.dumps(sidecar.to_dict(), indent=2, ensure_ascii=False))
    except SeedanceError as error:
        error.about(vendor=video.source.vendor, generation_id=video.source.generation_id)
        raise
    reason = (
        "the video was already there, and its sidecar was missing or different"
        if in_place
        else "the video was not there yet"
    )
    return Publication(**dict(sidecar), published=True, reason=reason)


def _template_fields(video: Manifest) -> dict[str, str | None]:
    source = video.source
    return {"vendor": source.vendor, "generation_id": source.generation_id, "model": source.model}


def _json_object(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``metadata`` as it will be read back, so that a rerun compares like with like."""
    try:
        decoded: dict[str, Any] = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError) as fault:
        raise ConfigurationError(f"metadata is not a JSON object: {fault}") from fault
    return decoded


def _same_content(one: Sidecar, other: Sidecar) -> bool:
    """When and from where the bytes were landed does not make it another publication."""
    return (one.sha256, one.source, one.metadata) == (other.sha256, other.source, other.metadata)


def _read_sidecar(path: StoragePath, target: StoragePath) -> Sidecar | None:
    """The sidecar of ``target``'s video; ``None`` if there is none.

    :raises DestinationError: not retryable, if another file has its name: nobody asked for that one to be replaced.
    """
    size = size_of(path)
    if size is None:
        return None
    content = read_bytes(path) if size <= _MAX_SIDECAR else None
    try:
        sidecar = Sidecar.parse(json.loads(content or b""))
    except (ValueError, RecursionError, ConfigurationError):
        sidecar = None
    # Its folder may have been moved since; the names of a video and its sidecar belong together.
    if sidecar is None or _name(sidecar.uri) != _name(uri_of(target)):
        raise DestinationError(
            f"{uri_of(path)} is to be the video's sidecar, and is another file",
            kind=Kind.CONFIGURATION,
            advice="Choose another destination, such as one that ends in .mp4, or move that file away.",
        )
    return sidecar


def _name(uri: str) -> str:
    return uri.rpartition("/")[2]


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
    with temporary_file_for(target) as temporary:
        digest = hashlib.sha256()
        with storage_errors(temporary, "write"), temporary.open("wb") as file:
            for chunk in iter_bytes(landed):
                file.write(chunk)
                digest.update(chunk)
        if digest.hexdigest() != video.sha256:
            raise _changed(video, f"bytes with sha256 {digest.hexdigest()}", video.sha256)
        commit(temporary, target)


def _changed(video: Manifest, found: str, expected: str) -> VideoCorrupt:
    return VideoCorrupt(
        f"the landed video {video.uri} has changed: it holds {found}, and its manifest says {expected}",
        advice="Clear the task that landed it; while the vendor keeps the video, that replaces it.",
    )

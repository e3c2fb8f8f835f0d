"""Publish a landed video: copy it to where people or the next DAG find it, exactly once, with a sidecar beside it.

The video is written first, its sidecar ``<file>.json`` last: a sidecar whose hash fits its video proves the pair.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.manifest import (
    Manifest,
    Picture,
    Publication,
    Sidecar,
    TaskReference,
)
from airflow_provider_seedance.core.landing.ownership import (
    Overwrite,
    Record,
    check_overwrite,
    check_replaceable,
    put_in_place,
    read_record,
    record_path,
    write_record,
)
from airflow_provider_seedance.core.landing.pictures import (
    CONTACT_SHEET,
    POSTER,
    copy_beside,
    remove_pictures,
)
from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.core.storage.files import (
    has_content,
    iter_bytes,
    size_of,
    temporary_file_for,
)
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, storage_errors, uri_of
from airflow_provider_seedance.core.storage.writable import check_writable
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
    clock: Clock,
    published_by: TaskReference | None = None,
    overwrite: Overwrite = "own",
    earlier_ids: Collection[str] = (),
) -> Publication:
    """Copy a landed video to ``destination``, verified against its manifest, and write its sidecar.

    The same video with the same metadata is not published again: ``published`` is then false, and ``published_at``
    the time of the earlier publication. A changed video or changed metadata are published.

    :param destination: a template as for :func:`resolve_destination`, of vendor, generation_id, model and mode.
    :param metadata: the publisher's own words; a JSON object.
    :param path_from_uri: makes the path that a local path or a URI names.
    :param overwrite: what to do about a file that is already there.
    :param earlier_ids: the generations that this one takes the place of.
    :param published_by: the task instance at work, for the sidecar.
    :raises ConfigurationError: if ``destination``, ``metadata`` or ``overwrite`` cannot be used.
    :raises DestinationError: if ``destination`` cannot be written, or holds what ``overwrite`` does not allow to
        replace.
    :raises VideoCorrupt: if the landed file is not what its manifest says.
    :raises LandingError: not retryable, if the landed file is gone.
    """
    checked_metadata = _json_object(metadata)
    try:
        check_overwrite(overwrite)
        target = path_from_uri(resolve_destination(destination, _template_fields(video)))
        check_writable(target)
        content = video.bytes, video.sha256
        check_replaceable(target, overwrite, video.source, content, earlier_ids=earlier_ids)
        sidecar = Sidecar(
            uri=uri_of(target),
            sidecar_uri=uri_of(record_path(target)),
            bytes=video.bytes,
            sha256=video.sha256,
            published_at=utc_now(clock),
            published_by=published_by,
            metadata=checked_metadata,
            source=video.source,
            provenance=video.provenance,
            manifest=video,
        )
        earlier, in_place = read_record(target), has_content(target, *content)
        if in_place and isinstance(earlier, Sidecar) and _identity(earlier) == _identity(sidecar):
            when_and_by = {"published_at": earlier.published_at, "published_by": earlier.published_by}
            unchanged = sidecar.model_copy(update=when_and_by)
            return Publication(
                **dict(unchanged), published=False, reason="the same content is already published"
            )
        reason = "the video was already there, and its sidecar was missing or different"
        if not in_place:
            replaced = copy_landed(video, path_from_uri(video.uri), target, overwrite, earlier_ids)
            reason = f"it replaces {replaced}" if replaced else "the video was not there yet"
            remove_pictures(earlier, target, video.sha256)
        sidecar = sidecar.model_copy(update=copy_pictures(video, target, earlier, path_from_uri))
        write_record(sidecar, target)
    except SeedanceError as error:
        error.about(vendor=video.source.vendor, generation_id=video.source.generation_id)
        raise
    return Publication(**dict(sidecar), published=True, reason=reason)


def _template_fields(video: Manifest) -> dict[str, str | None]:
    source = video.source
    return {
        "vendor": source.vendor,
        "generation_id": source.generation_id,
        "model": source.model,
        "mode": video.provenance.mode,
    }


def _json_object(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """``metadata`` as it will be read back, so that a rerun compares like with like."""
    try:
        decoded: dict[str, Any] = json.loads(json.dumps(dict(metadata), allow_nan=False))
    except (TypeError, ValueError) as fault:
        raise ConfigurationError(f"metadata is not a JSON object: {fault}") from fault
    return decoded


def _identity(sidecar: Sidecar) -> tuple[Any, ...]:
    """When, by whom and from where the bytes were published does not make it another publication."""
    return sidecar.sha256, sidecar.source.vendor, sidecar.source.generation_id, sidecar.metadata


def copy_landed(
    video: Manifest,
    landed: StoragePath,
    target: StoragePath,
    overwrite: Overwrite,
    earlier_ids: Collection[str],
) -> str | None:
    """Copy a landed video, verified against its manifest; returns what it replaced, if anything.

    :raises DestinationError: if it cannot be written, or holds what ``overwrite`` does not allow to replace.
    :raises VideoCorrupt: if the landed file is not what its manifest says.
    :raises LandingError: not retryable, if the landed file is gone.
    """
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
        content = video.bytes, video.sha256
        return put_in_place(temporary, target, video.source, overwrite, content, earlier_ids=earlier_ids)


def copy_pictures(
    video: Manifest, target: StoragePath, earlier: Record | None, path_from_uri: PathFromUri
) -> dict[str, Picture | None]:
    """Copy the pictures beside a landed video to beside ``target``, and return them by their fields' names.

    :param earlier: the record of the video that was at ``target`` before; its pictures are replaced.
    """
    before, sheet_before = (earlier.poster, earlier.contact_sheet) if earlier else (None, None)
    return {
        "poster": copy_beside(video.poster, target, POSTER, before, path_from_uri),
        "contact_sheet": copy_beside(video.contact_sheet, target, CONTACT_SHEET, sheet_before, path_from_uri),
    }


def _changed(video: Manifest, found: str, expected: str) -> VideoCorrupt:
    return VideoCorrupt(
        f"the landed video {video.uri} has changed: it holds {found}, and its manifest says {expected}",
        advice="Clear the task that landed it; while the vendor keeps the video, that replaces it.",
    )

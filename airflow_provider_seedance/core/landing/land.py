"""Download one finished video, verify it, put it in its place, and describe it in a manifest.

Rule 1: what can be refused is refused before a byte is fetched.
Rule 2: a broken file never gets its final name.
Rule 3: an intact file is landed even if it differs from what was expected: it is paid for.
Rule 4: bytes that came once are not fetched again (:mod:`.partial_store` says which are kept, where, and how long).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.candidates import FreshLinks, Links, first_working
from airflow_provider_seedance.core.landing.examine import examine
from airflow_provider_seedance.core.landing.manifest import (
    GenerationReference,
    Manifest,
    Media,
    Mismatch,
    Provenance,
)
from airflow_provider_seedance.core.landing.ownership import (
    Overwrite,
    check_overwrite,
    check_replaceable,
    find_whole,
    put_in_place,
    read_record,
    write_record,
)
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.partial_store import open_partial
from airflow_provider_seedance.core.landing.pictures import PictureOptions, remove_pictures
from airflow_provider_seedance.core.landing.transfer import TIME_LIMIT, MediaOpener, TransferResult, transfer
from airflow_provider_seedance.core.landing.verify import find_mismatches, probe
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path, uri_of
from airflow_provider_seedance.core.storage.writable import check_writable
from airflow_provider_seedance.errors import LinkDead, SeedanceError
from airflow_provider_seedance.models import ExpectedVideo

log = logging.getLogger(__name__)

_Received = tuple[TransferResult, Media, tuple[Mismatch, ...]]
_GENERIC_CONTENT_TYPES = ("", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True)
class VideoSource:
    """A finished video, still at its vendor."""

    #: A bearer link; kept out of ``repr`` and so out of logs.
    url: str = field(repr=False)
    generation: GenerationReference
    expected: ExpectedVideo = field(default_factory=ExpectedVideo)
    #: Further links to the video, in the order in which to try them.
    other_urls: Sequence[str] = field(default=(), repr=False)
    #: When the generation ended, if that is known.
    ended_at: datetime | None = None
    #: The generations that this one takes the place of; see :func:`.ownership.check_replaceable`.
    earlier_ids: Collection[str] = ()
    #: What was asked for, what it cost, and who asked.
    provenance: Provenance = field(default_factory=Provenance)


def land(
    source: VideoSource,
    target: StoragePath,
    opener: MediaOpener,
    *,
    fresh_links: FreshLinks,
    clock: Clock,
    overwrite: Overwrite = "own",
    verify: bool = True,
    pictures: PictureOptions | None = None,
) -> Manifest:
    """Download ``source`` to ``target``, which then holds the whole verified file, or what it held before.

    The manifest is written beside the file. A file of the same generation that is there and whole by its manifest is
    taken over, and nothing is fetched; with ``overwrite="always"`` only if no link brings the video any more.

    What an earlier try to do the same has fetched on this machine is not fetched again, as long as the host
    confirms by entity tag or length that it still has the same file.

    :param opener: opens result links.
    :param fresh_links: reads the generation anew when none of the source's own links brings the video: its links,
        or ``None`` if it is not called finished any more; see :func:`.candidates.first_working`.
    :param overwrite: what to do about a file that is already there.
    :param verify: whether to check the file's structure and compare it with what was expected; length and hash
        always are.
    :param pictures: what to write beside a verified video that was fetched, and whether to look at its quality at all:
        once, when the video and its manifest are in place.
    :raises ConfigurationError: for an unknown ``overwrite``.
    :raises DestinationError: if ``target`` cannot be written, or holds what ``overwrite`` does not allow to replace.
    :raises LinkDead, NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete: as
        :func:`transfer` does; the bytes that came are kept for the next try (:mod:`.partial_store`).
    :raises VideoCorrupt, VideoTooLarge, LinkRefused: if what came is not a whole video, is too large, or is nowhere to
        go for it; nothing of it is kept.
    """
    try:
        check_overwrite(overwrite)
        check_writable(target)
        check_replaceable(target, overwrite, source.generation, earlier_ids=source.earlier_ids)
        if overwrite == "own" and (whole := _taken_over(target, source)):
            return whole
        try:
            return _download(source, target, opener, fresh_links, clock, overwrite, verify, pictures)
        except LinkDead:
            if whole := _taken_over(target, source):
                return whole
            raise
    except SeedanceError as error:
        error.about(vendor=source.generation.vendor, generation_id=source.generation.generation_id)
        raise


def _taken_over(target: StoragePath, source: VideoSource) -> Manifest | None:
    manifest = find_whole(target, source.generation)
    if manifest:
        log.info("%s is there already, whole: nothing is fetched.", uri_of(target))
    return manifest


def _download(
    source: VideoSource,
    target: StoragePath,
    opener: MediaOpener,
    fresh_links: FreshLinks,
    clock: Clock,
    overwrite: Overwrite,
    verify: bool,
    pictures: PictureOptions | None,
) -> Manifest:
    with open_partial(target, source.generation, utc_now(clock)) as partial:
        received, media, mismatches = _fetch(source, partial, opener, fresh_links, verify, clock)
        content, earlier = (received.length, received.sha256), read_record(target)
        put_in_place(
            partial.path, target, source.generation, overwrite, content, earlier_ids=source.earlier_ids
        )
        remove_pictures(earlier, target, received.sha256)
        manifest = _manifest(source, target, received, media, mismatches, utc_now(clock))
        write_record(manifest, target)
        if pictures is None or not verify:
            return manifest
        # A decoder that brings this process down finds the video in its place, and is not tried again.
        examined = examine(
            manifest,
            local_path(target) or partial.path,
            target,
            expected=source.expected,
            options=pictures,
            earlier=earlier,
            clock=clock,
        )
    return _noted(manifest, examined, target)


def _noted(landed: Manifest, examined: Manifest, target: StoragePath) -> Manifest:
    """The manifest that is on record beside the video: ``landed`` is, and ``examined`` is to take its place."""
    if examined != landed:
        try:
            write_record(examined, target)
        except SeedanceError as fault:
            log.warning(
                "What was seen of the video at %s is not in its manifest: %s", landed.uri, fault.message
            )
            return landed
    return examined


def _manifest(
    source: VideoSource,
    target: StoragePath,
    received: TransferResult,
    media: Media,
    mismatches: tuple[Mismatch, ...],
    landed_at: datetime,
) -> Manifest:
    return Manifest(
        uri=uri_of(target),
        bytes=received.length,
        sha256=received.sha256,
        content_type=_content_type(received.content_type),
        media=media,
        source=source.generation,
        provenance=source.provenance,
        mismatches=mismatches,
        notes=media.notes,
        landed_at=landed_at,
    )


def _fetch(
    source: VideoSource,
    partial: Partial,
    opener: MediaOpener,
    fresh_links: FreshLinks,
    verify: bool,
    clock: Clock,
) -> _Received:
    deadline = clock.now() + TIME_LIMIT.total_seconds()

    def accept(received: TransferResult) -> _Received:
        return received, *(_verify(partial.path, source) if verify else (Media(), ()))

    def fetch(url: str) -> _Received:
        return transfer(opener, url, partial, accept=accept, strict=verify, deadline=deadline, clock=clock)

    return first_working(
        Links((source.url, *source.other_urls), fresh_links, source.ended_at),
        fetch,
        partial,
        accept_complete=lambda: accept(TransferResult(partial.length, partial.sha256, content_type=None)),
        deadline=deadline,
        clock=clock,
    )


def _verify(path: Path, source: VideoSource) -> tuple[Media, tuple[Mismatch, ...]]:
    media = probe(path)
    for note in media.notes:
        log.warning("%s generation %s: %s", source.generation.vendor, source.generation.generation_id, note)
    mismatches = find_mismatches(source.expected, media)
    for mismatch in mismatches:
        log.warning(
            "The video of %s generation %s has %s %s; the request asked for %s. The file is intact and is kept.",
            source.generation.vendor,
            source.generation.generation_id,
            mismatch.field,
            mismatch.actual,
            mismatch.expected,
        )
    return media, mismatches


def _content_type(header: str | None) -> str:
    """The host's word without parameters; hosts of presigned links often know no better than "bytes"."""
    stated = (header or "").partition(";")[0].strip().lower()
    return "video/mp4" if stated in _GENERIC_CONTENT_TYPES else stated

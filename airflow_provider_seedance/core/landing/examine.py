"""Look at a video that is in place: its quality, its poster and its contact sheet. Nothing here can lose the video."""

from __future__ import annotations

import logging
from pathlib import Path

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.landing.decoder_limits import reason_not_to_decode
from airflow_provider_seedance.core.landing.manifest import Manifest
from airflow_provider_seedance.core.landing.ownership import Record
from airflow_provider_seedance.core.landing.pictures import (
    CONTACT_SHEET,
    POSTER,
    PictureOptions,
    put_beside,
    render_contact_sheet,
    render_poster,
)
from airflow_provider_seedance.core.landing.quality import measure
from airflow_provider_seedance.core.landing.samples import Samples, take_samples
from airflow_provider_seedance.core.redaction import redact, shorten
from airflow_provider_seedance.core.storage.paths import StoragePath
from airflow_provider_seedance.models import ExpectedVideo

log = logging.getLogger(__name__)

_NEEDS_EXTRA = "no poster, and no look at its quality: they need the extra 'media' (PyAV and Pillow)"
_MAX_REASON = 300


def examine(
    manifest: Manifest,
    local_copy: Path,
    target: StoragePath,
    *,
    expected: ExpectedVideo,
    options: PictureOptions,
    earlier: Record | None,
    clock: Clock,
) -> Manifest:
    """The manifest with the video's quality and pictures, as far as they can be had; the pictures are written.

    :param local_copy: the video's bytes on this machine.
    :param earlier: the record of the video that was at ``target`` before; its pictures are replaced.
    """
    samples = _samples(manifest, local_copy, clock)
    if samples is None:
        return manifest
    try:
        quality = measure(samples, audio_expected=expected.audio)
        manifest = manifest.model_copy(update={"quality": quality})
        if quality.flags:
            log.warning("The video at %s is %s; it is kept.", manifest.uri, ", ".join(quality.flags))
        return _with_pictures(manifest, samples, target, options, earlier)
    except Exception as fault:  # noqa: BLE001 - the video matters, whatever is wrong with its pictures
        log.warning("The video at %s has no pictures beside it: %s", manifest.uri, _reason(fault))
        return manifest


def _samples(manifest: Manifest, local_copy: Path, clock: Clock) -> Samples | None:
    """Pictures and loudness of the video; ``None``, with a line in the log, if they cannot be had."""
    try:
        why_not = reason_not_to_decode(local_copy, manifest.media)
        samples = None if why_not else take_samples(local_copy, manifest.media, clock.now)
    except ImportError:
        why_not, samples = _NEEDS_EXTRA, None
    except Exception as fault:  # noqa: BLE001 - a decoder may raise anything
        why_not, samples = _reason(fault), None
    if samples is not None and samples.pictures:
        return samples
    log.info("The video at %s was not looked at: %s.", manifest.uri, why_not or "it has no picture")
    return None


def _with_pictures(
    manifest: Manifest,
    samples: Samples,
    target: StoragePath,
    options: PictureOptions,
    earlier: Record | None,
) -> Manifest:
    poster_before, sheet_before = (earlier.poster, earlier.contact_sheet) if earlier else (None, None)
    poster = put_beside(target, POSTER, render_poster(samples.pictures), poster_before, options.reserved)
    manifest = manifest.model_copy(update={"poster": poster})
    if options.contact_sheet:
        content = render_contact_sheet(samples.pictures)
        sheet = put_beside(target, CONTACT_SHEET, content, sheet_before, options.reserved)
        manifest = manifest.model_copy(update={"contact_sheet": sheet})
    return manifest


def _reason(fault: Exception) -> str:
    return shorten(redact(f"{type(fault).__name__}: {fault}"), _MAX_REASON)

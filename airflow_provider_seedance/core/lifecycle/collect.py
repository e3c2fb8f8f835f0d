"""Wait for a generation and bring its video home, for callers that keep no record of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.landing.manifest import GenerationReference, Provenance
from airflow_provider_seedance.core.landing.ownership import Overwrite
from airflow_provider_seedance.core.landing.pictures import PictureOptions
from airflow_provider_seedance.core.lifecycle.deliver import find_landed, land_generation
from airflow_provider_seedance.core.lifecycle.result import provenance_of, result_dict, without_links
from airflow_provider_seedance.core.literals import mapping_in
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState, default_timeout
from airflow_provider_seedance.core.polling.report import TroubleReport
from airflow_provider_seedance.core.polling.wait import wait_for_end
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.core.submission.decide import failure_of
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DeadlinePassed,
    GenerationFailed,
    Kind,
    LandingError,
    NoReply,
    SeedanceError,
)
from airflow_provider_seedance.models import (
    ExpectedVideo,
    Failed,
    Generation,
    Succeeded,
    parse_generation_id,
)

log = logging.getLogger(__name__)


def wait_from_now(timeout: timedelta | float | None, now: float) -> WaitState:
    """A wait that begins now.

    :param timeout: its longest time, as a ``timedelta`` or seconds; ``None`` for an hour.
    :param now: epoch seconds.
    """
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    return WaitState(deadline=now + (default_timeout(None) if seconds is None else seconds), started=now)


def wait_for_video(
    client: SeedanceClient, generation_id: str, wait: WaitState, *, clock: Clock, report: TroubleReport
) -> Succeeded:
    """Wait until a generation has succeeded.

    :raises GenerationFailed: if it ended without a video.
    :raises DeadlinePassed: if it has not ended in time.
    :raises SeedanceError: if its status cannot be read.
    """
    end = wait_for_end(lambda: client.generations.get(generation_id), wait, clock=clock, report=report)
    if end.error is not None:
        raise end.error
    return video_of(end.generation, end.outcome, generation_id=generation_id, vendor=client.vendor_name)


def video_of(
    generation: Generation | None, outcome: WaitOutcome, *, generation_id: str, vendor: str | None = None
) -> Succeeded:
    """The finished generation after a wait; raises as :func:`wait_for_video`.

    :param generation: the vendor's last answer; ``None`` if there was none.
    """
    if isinstance(generation, Succeeded):
        return generation
    if isinstance(generation, Failed):
        raise failure_of(generation)
    advice = "It may go on at the vendor, and is billed if it succeeds; wait again, with the same id."
    error: SeedanceError
    if outcome is WaitOutcome.TIMED_OUT and generation is not None:
        state = generation.status.value
        error = DeadlinePassed(f"the generation was still {state} when the timeout was up", advice=advice)
    else:
        error = NoReply("the generation's status could not be read in time", advice=advice)
    raise error.about(generation_id=generation_id, vendor=generation.vendor if generation else vendor)


def result_of_finished(
    generation: Generation, catalog: Catalog, seedance_conn_id: str
) -> dict[str, Any] | None:
    """What is told of a generation that somebody else ordered, without links; ``None`` while it goes on.

    :raises GenerationFailed: if it ended without a video.
    """
    if isinstance(generation, Failed):
        raise failure_of(generation)
    if not isinstance(generation, Succeeded):
        return None
    provenance = provenance_of(generation, None, catalog, None)
    result = result_dict(
        generation, seedance_conn_id=seedance_conn_id, request=None, catalog=catalog, provenance=provenance
    )
    return without_links(result)


def land_video(
    client: SeedanceClient,
    video: Mapping[str, Any] | str,
    destination: str,
    *,
    path_from_uri: PathFromUri,
    clock: Clock,
    overwrite: Overwrite = "own",
    verify: bool = True,
    contact_sheet: bool = False,
) -> dict[str, Any]:
    """Land the video of a finished generation, and return its manifest.

    :param video: what an operator returned for it, or its id.
    :param overwrite: what to do about a file that is already there; see :class:`.SeedanceDownloadVideoOperator`.
    :param verify: whether to check the file's structure and compare it with what was expected.
    :param contact_sheet: whether to write a contact sheet beside the video.
    :raises GenerationFailed: if it ended without a video.
    :raises LandingError: if it has not ended, or its file cannot be brought home.
    """
    told, generation_id = parse_video(video)
    with _named(client.vendor_name, generation_id):
        if overwrite == "own":
            reference = GenerationReference(
                vendor=client.vendor_name, generation_id=generation_id, model=told.get("model")
            )
            if landed := find_landed(destination, reference, told.get("mode"), path_from_uri):
                log.info("%s is there already, whole: nothing is fetched.", landed.uri)
                return landed.to_dict()
        generation = finished(client, generation_id)
        manifest = land_generation(
            client,
            generation,
            destination,
            path_from_uri=path_from_uri,
            clock=clock,
            mode=told.get("mode"),
            model=told.get("model"),
            expected=_expected(told, generation),
            provenance=_provenance(told),
            request_fingerprint=told.get("request_fingerprint"),
            overwrite=overwrite,
            verify=verify,
            pictures=PictureOptions(contact_sheet=contact_sheet),
        )
        log.info("Landed %s (%d bytes).", manifest["uri"], manifest["bytes"])
        return manifest


@contextmanager
def _named(vendor: str, generation_id: str) -> Iterator[None]:
    """Every error names the generation that it is about."""
    try:
        yield
    except SeedanceError as error:
        error.about(vendor=vendor, generation_id=generation_id)
        raise


def parse_video(video: Mapping[str, Any] | str) -> tuple[Mapping[str, Any], str]:
    """What is told of a video, which is nothing for a mere id, and its generation's id.

    :raises ConfigurationError: if there is no id in it.
    """
    known = mapping_in(video)
    return (known if isinstance(known, Mapping) else {}), parse_generation_id(known, "video")


def finished(client: SeedanceClient, generation_id: str) -> Succeeded:
    """A generation that has succeeded; raises as :func:`land_video`."""
    seen = client.generations.get(generation_id)
    if isinstance(seen, Succeeded):
        return seen
    if isinstance(seen, Failed):
        raise GenerationFailed(
            f"there is no video: the generation ended as {seen.status.value}: {seen.failure.message}",
            kind=Kind.CONFIGURATION,
            code=seen.failure.code,
            vendor=seen.vendor,
            generation_id=generation_id,
            advice="Download a generation that has succeeded.",
            diagnosis=seen.failure.diagnosis,
        )
    unfinished = LandingError(
        f"there is no video yet: it is {seen.status.value}",
        vendor=seen.vendor,
        generation_id=generation_id,
        advice="Let the download follow the task that waits for the generation.",
    )
    unfinished.billed = None
    raise unfinished


def _provenance(told: Mapping[str, Any]) -> Provenance | None:
    """As the generating task tells it; a video is landed without it, too."""
    try:
        return Provenance.parse(told.get("provenance") or {})
    except ConfigurationError:
        return None


def _expected(told: Mapping[str, Any], generation: Succeeded) -> ExpectedVideo:
    return ExpectedVideo(
        duration=told.get("duration"),
        width=told.get("width"),
        height=told.get("height"),
        audio=generation.generate_audio,
    )

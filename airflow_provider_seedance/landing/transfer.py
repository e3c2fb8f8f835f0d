"""One video from its result link into a local part file, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from airflow_provider_seedance.client.media import MediaStream
from airflow_provider_seedance.errors import (
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    SeedanceError,
    VendorUnavailable,
)
from airflow_provider_seedance.landing.source import MediaSource
from airflow_provider_seedance.landing.targets import disk_faults

ATTEMPTS = 4
#: Seconds; the pause doubles with each attempt.
FIRST_PAUSE = 1.0
#: The longest ``Retry-After`` that is waited out here, seconds.
LONGEST_OBEYED = 60.0


@dataclass(frozen=True)
class Received:
    """What came over the wire."""

    length: int
    sha256: str
    content_type: str | None


def transfer(
    source: MediaSource,
    url: str,
    part: Path,
    *,
    fresh_url: Callable[[], str | None],
    sleep: Callable[[float], object],
) -> Received:
    """Fetch all of ``url`` into ``part``, starting over when the way there breaks.

    :param fresh_url: asked once, when the link is dead; ``None`` means that there is no other.
    :param sleep: waits so many seconds.
    :raises LinkDead: if the link is dead, and there is no living fresh one.
    :raises NotSent, NoReply, VendorUnavailable, DownloadIncomplete: of the last of :data:`ATTEMPTS` attempts.
    :raises DestinationError: if ``part`` cannot be written.
    """
    attempt, refreshed = 1, False
    while True:
        try:
            with source.open(url) as stream:
                return receive(stream, part)
        except LinkDead as dead:
            fresh = None if refreshed else fresh_url()
            if fresh is None:
                raise _dead_for_good(dead, refreshed) from dead
            url, refreshed = fresh, True
        except (NotSent, NoReply, VendorUnavailable, DownloadIncomplete) as error:
            if attempt == ATTEMPTS:
                raise
            sleep(_pause(error, attempt))
            attempt += 1


def receive(stream: MediaStream, part: Path) -> Received:
    """Write ``stream`` to ``part``, replacing what is there, and hash it on the way.

    :raises DownloadIncomplete: if not exactly the promised bytes came, or none at all.
    """
    digest, length = hashlib.sha256(), 0
    with disk_faults(part, "write"), part.open("wb") as file:
        for chunk in stream.chunks:
            file.write(chunk)
            digest.update(chunk)
            length += len(chunk)
    if length == 0 or stream.length not in (None, length):
        promised = "more" if stream.length is None else stream.length
        raise DownloadIncomplete(f"{length} bytes of the video came, and {promised} were promised")
    return Received(length, digest.hexdigest(), stream.content_type)


def _pause(error: SeedanceError, attempt: int) -> float:
    growing = FIRST_PAUSE * 2.0 ** (attempt - 1)
    return max(growing, min(error.retry_after or 0.0, LONGEST_OBEYED))


def _dead_for_good(dead: LinkDead, refreshed: bool) -> LinkDead:
    return LinkDead(
        f"{dead.message}, {'as it did before for another' if refreshed else 'and the vendor has no other'}",
        http_status=dead.http_status,
        advice="If the vendor no longer has the video, only a new generation brings it back.",
    )

"""One video from its result link into a partial file, in constant memory, over connections that break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.source import MediaSource
from airflow_provider_seedance.core.storage.files import disk_faults
from airflow_provider_seedance.errors import (
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    ResumeRefused,
    VendorUnavailable,
)

#: Attempts in a row that bring nothing new.
ATTEMPTS = 4
#: For one transfer as a whole, however well it goes on; what has come by then is kept for the next try.
LONGEST = timedelta(hours=2)
#: The pause after an attempt that brought nothing new.
TRANSFER_BACKOFF = Backoff(first=1.0, longest=30.0, longest_retry_after=60.0)


@dataclass(frozen=True)
class Received:
    """What came over the wire."""

    length: int
    sha256: str
    content_type: str | None


def transfer(
    source: MediaSource,
    url: str,
    partial: Partial,
    *,
    fresh_url: Callable[[], str | None],
    sleep: Callable[[float], object],
    now: Callable[[], datetime],
) -> Received:
    """Fetch what is missing of ``url`` into ``partial``, going on from there whenever the way breaks.

    :param fresh_url: asked when the link is dead, and again only if the fresh one brought something; ``None``
        means that there is no other.
    :param sleep: waits so many seconds.
    :param now: the time, with its zone.
    :raises LinkDead: if the link is dead, there is no living fresh one, and not all bytes have come before.
    :raises NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete: of the last of
        :data:`ATTEMPTS` attempts in a row that brought nothing new, or when :data:`LONGEST` has passed.
    :raises DestinationError: if ``partial`` cannot be written.
    """
    until, most, fruitless, refreshed = now() + LONGEST, partial.length, 0, False
    while True:
        try:
            with source.open(url, start=partial.next_byte, etag=partial.version.etag) as stream:
                return _receive(stream, partial, url=url, until=until, now=now)
        except LinkDead as dead:
            fresh = None if refreshed else fresh_url()
            if fresh is None:
                if partial.complete:
                    return Received(partial.length, partial.sha256, content_type=None)
                raise _dead_for_good(dead, refreshed) from dead
            url, refreshed = fresh, True
        except (NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete) as error:
            if partial.length > most:
                most, fruitless, refreshed = partial.length, 0, False
            if isinstance(error, ResumeRefused):
                partial.clear()
            fruitless += 1
            if fruitless == ATTEMPTS or now() >= until:
                raise
            sleep(TRANSFER_BACKOFF.pause(fruitless, retry_after=error.retry_after))


def _receive(
    stream: MediaStream, partial: Partial, *, url: str, until: datetime, now: Callable[[], datetime]
) -> Received:
    """Collect all of ``stream``.

    :raises ResumeRefused: if it is the middle of another version of the file.
    :raises DownloadIncomplete: if then not exactly the promised bytes are there, or none at all.
    """
    with disk_faults(partial.path, "write"):
        partial.begin(stream, url, now())
        for chunk in stream.chunks:
            partial.append(chunk)
            if now() >= until:
                raise DownloadIncomplete(
                    f"{partial.length} bytes of the video came in {LONGEST}, and more were to come"
                )
        length, promised = partial.length, partial.version.total
        if length > (promised or length):
            partial.clear()
    if length == 0 or promised not in (None, length):
        raise DownloadIncomplete(f"{length} bytes of the video came, and {promised or 'more'} were promised")
    return Received(length, partial.sha256, stream.content_type)


def _dead_for_good(dead: LinkDead, refreshed: bool) -> LinkDead:
    return LinkDead(
        f"{dead.message}, {'as it did before for another' if refreshed else 'and the vendor has no other'}",
        http_status=dead.http_status,
        advice="If the vendor no longer has the video, only a new generation brings it back.",
    )

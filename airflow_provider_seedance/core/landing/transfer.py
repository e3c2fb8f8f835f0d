"""Transfer one video from its result link into a partial file, in constant memory, over connections that break."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.storage.paths import storage_errors
from airflow_provider_seedance.errors import (
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    ResumeRefused,
    VendorUnavailable,
)

#: Attempts in a row that bring nothing new.
MAX_ATTEMPTS = 4
#: For one transfer as a whole, however well it goes on; the bytes that came by then are kept for the next try.
TIME_LIMIT = timedelta(hours=2)
#: The pause after an attempt that brought nothing new.
TRANSFER_BACKOFF = Backoff(first=1.0, longest=30.0, longest_retry_after=60.0)


class MediaOpener(Protocol):
    """Opens result links, without any credentials of the vendor: what landing asks of an HTTP client."""

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        """The bytes behind ``url``, from ``start`` on if the host can do that, else from the beginning.

        :param etag: the strong entity tag of the file to be resumed; of another file the beginning comes.
        :raises LinkDead: for HTTP 401, 403, 404 and 410.
        :raises ResumeRefused: if the host answers neither with the beginning nor with what was asked for.
        :raises VendorUnavailable: for any other refusal.
        :raises NotSent: if no connection was made.
        :raises NoReply: if the connection broke, also between two chunks.
        """


@dataclass(frozen=True)
class TransferResult:
    """What came over the wire."""

    #: Bytes.
    length: int
    #: Lower-case hex.
    sha256: str
    content_type: str | None


def transfer(
    opener: MediaOpener,
    url: str,
    partial: Partial,
    *,
    fresh_url: Callable[[], str | None],
    clock: Clock,
) -> TransferResult:
    """Fetch what is missing of ``url`` into ``partial``, resuming from there whenever the connection breaks.

    :param opener: opens result links.
    :param fresh_url: asked when the link is dead, and again only if the fresh one brought something; ``None``
        means that there is no other.
    :raises LinkDead: if the link is dead, there is no living fresh one, and not all bytes have come before.
    :raises NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete: of the last of
        :data:`MAX_ATTEMPTS` attempts in a row that brought nothing new, or when :data:`TIME_LIMIT` has passed.
    :raises DestinationError: if ``partial`` cannot be written.
    """
    deadline = clock.now() + TIME_LIMIT.total_seconds()
    longest, failures, refreshed = partial.length, 0, False
    while True:
        try:
            with opener.open(url, start=partial.resume_at, etag=partial.version.etag) as stream:
                return _receive(stream, partial, url=url, deadline=deadline, clock=clock)
        except LinkDead as dead:
            fresh = None if refreshed else fresh_url()
            if fresh is None:
                if partial.complete:
                    return TransferResult(partial.length, partial.sha256, content_type=None)
                raise _no_living_link(dead, refreshed) from dead
            url, refreshed = fresh, True
        except (NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete) as error:
            if partial.length > longest:
                longest, failures, refreshed = partial.length, 0, False
            if isinstance(error, ResumeRefused):
                partial.clear()
            failures += 1
            if failures == MAX_ATTEMPTS or clock.now() >= deadline:
                raise
            clock.sleep(TRANSFER_BACKOFF.pause(failures, retry_after=error.retry_after))


def _receive(
    stream: MediaStream, partial: Partial, *, url: str, deadline: float, clock: Clock
) -> TransferResult:
    """Collect all of ``stream``.

    :raises ResumeRefused: if it is the middle of another version of the file.
    :raises DownloadIncomplete: if then not exactly the promised bytes are there, or none at all.
    """
    with storage_errors(partial.path, "write"):
        partial.begin(stream, url, utc_now(clock))
        for chunk in stream.chunks:
            partial.append(chunk)
            if clock.now() >= deadline:
                raise DownloadIncomplete(
                    f"{partial.length} bytes of the video came in {TIME_LIMIT}, and more were to come"
                )
        length, promised = partial.length, partial.version.total
        if length > (promised or length):
            partial.clear()
    if length == 0 or promised not in (None, length):
        raise DownloadIncomplete(f"{length} bytes of the video came, and {promised or 'more'} were promised")
    return TransferResult(length, partial.sha256, stream.content_type)


def _no_living_link(dead: LinkDead, refreshed: bool) -> LinkDead:
    return LinkDead(
        f"{dead.message}, {'as it did before for another' if refreshed else 'and the vendor has no other'}",
        http_status=dead.http_status,
        advice="If the vendor no longer has the video, only a new generation brings it back.",
    )

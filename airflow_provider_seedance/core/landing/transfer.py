"""Transfer one video from one result link into a partial file, in constant memory, over connections that break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Protocol, TypeVar

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.storage.paths import storage_errors
from airflow_provider_seedance.core.storage.writable import check_space
from airflow_provider_seedance.errors import (
    DestinationError,
    DownloadIncomplete,
    NoReply,
    NotSent,
    NoVideo,
    ResumeRefused,
    SeedanceError,
    VendorUnavailable,
    VideoCorrupt,
    VideoTooLarge,
)

T = TypeVar("T")

#: Attempts in a row that bring nothing new.
MAX_ATTEMPTS = 4
#: For one landing as a whole, however well it goes on; the bytes that came by then are kept for the next try.
TIME_LIMIT = timedelta(hours=2)
#: The pause after an attempt that brought nothing new.
TRANSFER_BACKOFF = Backoff(first=1.0, longest=30.0, longest_retry_after=60.0)
#: Bytes after which the free space of the disk is looked at again.
SPACE_CHECK_INTERVAL = 32 * 1024**2

#: Bytes in which a page or a message shows.
_HEAD = 16


class MediaOpener(Protocol):
    """Opens result links, without any credentials of the vendor: what landing asks of an HTTP client."""

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        """The bytes behind ``url``, from ``start`` or an earlier byte on, else from the beginning.

        :param etag: the strong entity tag of the file to be resumed; of another file the beginning comes.
        :raises LinkDead: for HTTP 401, 403, 404 and 410.
        :raises LinkRefused: if the link leads to where this connection may not go.
        :raises VideoTooLarge: if more bytes are promised than are allowed, also while they come.
        :raises VideoCorrupt: if the bytes are encoded in a way that is not known.
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
    #: Whether it is one answer that is as long as its host promised: it would be the same the next time.
    certain: bool = True


@dataclass
class _Attempts:
    """Counts the attempts in a row that brought nothing new, and pauses after each."""

    partial: Partial
    clock: Clock
    deadline: float
    longest: int
    failures: int = 0

    def pause_after(self, error: SeedanceError) -> None:
        """Wait for the next attempt.

        :raises: ``error``, if there is to be none.
        """
        if self.partial.length > self.longest:
            self.longest, self.failures = self.partial.length, 0
        self.failures += 1
        if self.failures == MAX_ATTEMPTS or self.clock.now() >= self.deadline:
            raise error
        self.clock.sleep(TRANSFER_BACKOFF.pause(self.failures, retry_after=error.retry_after))


def transfer(
    opener: MediaOpener,
    url: str,
    partial: Partial,
    *,
    accept: Callable[[TransferResult], T],
    strict: bool,
    deadline: float,
    clock: Clock,
) -> T:
    """Fetch what is missing of ``url`` into ``partial``, resuming from there whenever the connection breaks.

    What is there is kept until the host answers with a whole video.

    :param opener: opens result links.
    :param accept: called with what came; its result is returned. A ``VideoCorrupt`` from it empties ``partial``, and
        the video is fetched once more if that can change anything.
    :param strict: whether anything that does not start like an MP4 is refused at once, and not only pages and
        messages.
    :param deadline: epoch seconds after which there is no further attempt.
    :raises LinkDead, LinkRefused, VideoTooLarge, ConfigurationError: as ``opener`` does.
    :raises NoVideo: if the link answers with something else than a video.
    :raises VideoCorrupt: from ``accept``.
    :raises NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete: of the last of
        :data:`MAX_ATTEMPTS` attempts in a row that brought nothing new, or when ``deadline`` has passed.
    :raises DestinationError: if ``partial`` cannot be written, or there is no space for it.
    """
    attempts = _Attempts(partial, clock, deadline, longest=partial.length)
    from_start, corrupt = False, None
    while True:
        start, etag = (0, None) if from_start else (partial.resume_at, partial.version.etag)
        try:
            with opener.open(url, start=start, etag=etag) as stream:
                received = _receive(stream, partial, url=url, strict=strict, deadline=deadline, clock=clock)
        except (NotSent, NoReply, VendorUnavailable, ResumeRefused, DownloadIncomplete) as error:
            from_start = from_start or isinstance(error, ResumeRefused)
            attempts.pause_after(error)
            continue
        try:
            return accept(received)
        except VideoCorrupt as error:
            partial.clear()
            if received.certain or received.sha256 == corrupt:
                raise
            corrupt = received.sha256
            attempts.pause_after(error)


def _receive(
    stream: MediaStream, partial: Partial, *, url: str, strict: bool, deadline: float, clock: Clock
) -> TransferResult:
    """Collect all of ``stream``.

    :raises NoVideo: if it starts as no video does; ``partial`` is left as it is.
    :raises ResumeRefused: if it is the middle of another version of the file.
    :raises DownloadIncomplete: if then not exactly the promised bytes are there, or none at all.
    """
    head = b"" if stream.start else _read_head(stream.chunks)
    _check_head(head, strict=strict)
    with storage_errors(partial.path, "write"):
        check_space(partial.path.parent, max(0, (stream.total or 0) - partial.length))
        partial.begin(stream, url, utc_now(clock))
        try:
            _collect(chain((head,), stream.chunks), partial, deadline=deadline, clock=clock)
        except (VideoTooLarge, VideoCorrupt):
            partial.clear()
            raise
    length, promised = partial.length, partial.version.total
    if length == 0 or promised not in (None, length):
        raise DownloadIncomplete(f"{length} bytes of the video came, and {promised or 'more'} were promised")
    return TransferResult(
        length, partial.sha256, stream.content_type, certain=stream.start == 0 and promised is not None
    )


def _read_head(chunks: Iterator[bytes]) -> bytes:
    """The first bytes, in as many chunks as they come in."""
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    return head


def _check_head(head: bytes, *, strict: bool) -> None:
    """:raises NoVideo: for a page or a message, and if ``strict``, for anything that is no MP4."""
    message = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"["))
    if head and (message or (strict and head[4:8] != b"ftyp")):
        raise NoVideo(f"the file is not an MP4: it starts with {head[:_HEAD]!r}")


def _collect(chunks: Iterator[bytes], partial: Partial, *, deadline: float, clock: Clock) -> None:
    next_check = partial.length + SPACE_CHECK_INTERVAL
    for chunk in chunks:
        partial.append(chunk)
        if partial.version.total is not None and partial.length > partial.version.total:
            raise _too_many(partial)
        if clock.now() >= deadline:
            raise DownloadIncomplete(
                f"{partial.length} bytes of the video came in {TIME_LIMIT}, and more were to come"
            )
        if partial.length >= next_check:
            next_check += SPACE_CHECK_INTERVAL
            _check_space_left(partial)


def _too_many(partial: Partial) -> DownloadIncomplete:
    length, promised = partial.length, partial.version.total
    partial.clear()
    return DownloadIncomplete(f"{length} bytes of the video came, and {promised} were promised")


def _check_space_left(partial: Partial) -> None:
    """:raises DestinationError: and gives the space back, if there is none left for others."""
    try:
        check_space(partial.path.parent, 0)
    except DestinationError:
        partial.clear()
        raise

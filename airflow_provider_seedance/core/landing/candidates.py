"""Which of a generation's links is tried next: those that the vendor gave, fresh ones, then both a little later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    LandingError,
    LinkDead,
    LinkRefused,
    NoReply,
    NotSent,
    NoVideo,
    SeedanceError,
    VendorUnavailable,
    VideoCorrupt,
    VideoTooLarge,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
#: Reads the generation anew: its links, or ``None`` if the vendor does not call it finished any more.
FreshLinks = Callable[[], Sequence[str] | None]

#: For which a vendor's links live.
LINK_LIFE = timedelta(hours=24)
#: How long after its end a refused link may be one that does not work yet.
NOT_YET_PERIOD = timedelta(minutes=10)
#: How long such a link is waited for, in seconds, and the pauses in that time: 2, 4, 8, 16, 30, 30.
NOT_YET_PATIENCE = 90.0
NOT_YET_BACKOFF = Backoff(first=2.0, longest=30.0)

_NOT_YET_STATUSES = frozenset({202, 204, 400, 403, 404, 409, 425})
#: In an error's message.
_MAX_NAMED_FAILURES = 5


@dataclass(frozen=True)
class Links:
    """Where a finished video is to be had.

    :param given: the links that the vendor gave, in the order in which to try them.
    :param fresh: reads the generation anew.
    :param ended_at: when the generation ended, if that is known.
    """

    given: Sequence[str] = field(repr=False)
    fresh: FreshLinks
    ended_at: datetime | None = None


@dataclass
class _Search:
    """What the search for a working link has seen so far."""

    clock: Clock
    partial: Partial
    ended_at: datetime | None
    longest: int
    started: float
    tried: set[str] = field(default_factory=set, repr=False)
    #: Whether fresh links were asked for since the last new byte came.
    refreshed: bool = False
    waits: int = 0
    waited: float = 0.0

    def note_progress(self) -> None:
        if self.partial.length > self.longest:
            self.longest, self.refreshed = self.partial.length, False

    def may_wait_for(self, failures: Sequence[SeedanceError]) -> bool:
        """Whether one of the links may be one that does not work yet."""
        if self.ended_at is None or self.waited >= NOT_YET_PATIENCE:
            return False
        # The vendor's clock may be ahead of ours.
        recent = self.started - self.ended_at.timestamp() < NOT_YET_PERIOD.total_seconds()
        return recent and any(_may_be_not_yet(error) for error in failures)

    def age_of_links(self) -> timedelta | None:
        """How old the generation's first links are; ``None`` if that is not known, or the clocks disagree."""
        age = None if self.ended_at is None else self.started - self.ended_at.timestamp()
        return None if age is None or age < 0 else timedelta(seconds=age)

    def wait(self) -> None:
        self.waits += 1
        pause = NOT_YET_BACKOFF.pause(self.waits)
        self.clock.sleep(pause)
        self.waited += pause


def first_working(
    links: Links,
    fetch: Callable[[str], T],
    partial: Partial,
    *,
    accept_complete: Callable[[], T],
    deadline: float,
    clock: Clock,
) -> T:
    """What ``fetch`` returns for the first link that brings the video.

    A link that is dead, brings no video, or is in trouble to the end gives way to the next. After the last one the
    generation is read anew, and links that were not tried are. If it ended only minutes ago, what was refused is tried
    again for :data:`NOT_YET_PATIENCE`.

    :param fetch: fetches a link into ``partial``.
    :param accept_complete: gives the result for a ``partial`` that holds all bytes already.
    :param deadline: epoch seconds after which no other link is tried.
    :raises SeedanceError: what hinders the most promising link, with what hinders the others.
    """
    search = _Search(clock, partial, links.ended_at, longest=partial.length, started=clock.now())
    todo, failures = _unique(links.given), dict[str, SeedanceError]()
    while True:
        for url in todo:
            try:
                return fetch(url)
            except DestinationError:
                raise
            except (LandingError, ConfigurationError, NotSent, NoReply, VendorUnavailable) as error:
                failures[url] = error
                search.tried.add(url)
                search.note_progress()
            if clock.now() >= deadline:
                raise _verdict(failures, _advice(search, finished=True))
        if partial.complete:
            return accept_complete()
        fresh = links.fresh()
        unknown = [url for url in _unique(fresh or ()) if url not in search.tried]
        if unknown and not search.refreshed:
            search.refreshed, todo = True, unknown
        elif fresh is not None and search.may_wait_for([failures[url] for url in todo]):
            if not search.waits:
                log.info(
                    "No link brings the video yet, so they are asked again for %.0f s: %s",
                    NOT_YET_PATIENCE,
                    failures[todo[0]].message,
                )
            search.wait()
            todo = _unique(fresh) or todo
        else:
            raise _verdict(failures, _advice(search, finished=fresh is not None))


def _unique(urls: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(urls))


def _may_be_not_yet(error: SeedanceError) -> bool:
    return isinstance(error, NoVideo) or error.http_status in _NOT_YET_STATUSES


def _promise(error: SeedanceError) -> int:
    """How near a link came to bringing the video: the larger, the nearer."""
    last_resorts = ((VideoTooLarge, LinkRefused), (ConfigurationError,), (LinkDead,), (VideoCorrupt,))
    for rank, classes in enumerate(last_resorts):
        if isinstance(error, classes):
            return rank
    return len(last_resorts)


def _verdict(failures: dict[str, SeedanceError], advice: str) -> SeedanceError:
    """The error that says most about why there is no video.

    :param advice: for links that are all dead.
    """
    best = max(failures, key=lambda url: _promise(failures[url]))
    error, others = failures[best], [failures[url].message for url in failures if url != best]
    message = error.message
    if others:
        named = "; ".join(others[-_MAX_NAMED_FAILURES:])
        message = (
            f"{message}; none of the vendor's {len(others)} other links brought the video either: {named}"
        )
    elif isinstance(error, LinkDead):
        message = f"{message}, and the vendor has no other link"
    if isinstance(error, LinkDead):
        return LinkDead(message, http_status=error.http_status, advice=advice)
    error.args = (message,)
    return error


_REGENERATE = (
    "set on_clear='regenerate' on the task that generates it, open its page in Airflow's UI and press Clear"
)
_ASK_AGAIN = (
    "The vendor calls the generation finished, and it is paid for: clear the task to ask for the video again, or ask"
    " the vendor's support for it."
)


def _advice(search: _Search, *, finished: bool) -> str:
    """Buying again is no advice while the vendor calls the generation finished and its links are sure to live."""
    age = search.age_of_links()
    if not finished or (age is not None and age > LINK_LIFE):
        return (
            "If the vendor no longer has the video and no copy of it is left, only a new generation brings it back:"
            f" {_REGENERATE}."
        )
    if age is not None:
        return _ASK_AGAIN
    return (
        f"{_ASK_AGAIN} If the 24 hours for which links live are over and no copy of it is left, {_REGENERATE}: that"
        " pays for another one."
    )

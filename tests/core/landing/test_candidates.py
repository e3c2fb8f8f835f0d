"""Each link of a generation has its chance, in order; then fresh ones; then all of them a little later."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_seedance.core.landing.candidates import (
    NOT_YET_PATIENCE,
    NOT_YET_PERIOD,
    Links,
    first_working,
)
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    DownloadIncomplete,
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
from tests.clocks import ManualClock
from tests.core.landing.conftest import NOW

DEAD = LinkDead("files.example answered a result link with HTTP 401", http_status=401)


class Host:
    """Links that answer one thing after the other, the last one again and again."""

    def __init__(self, **answers: Sequence[Any]) -> None:
        self.answers = {url: list(script) for url, script in answers.items()}
        self.asked: list[str] = []

    def __call__(self, url: str) -> str:
        self.asked.append(url)
        script = self.answers[url]
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, Exception):
            raise answer
        return str(answer)


def _find(host: Host, partial: Partial, clock: ManualClock, *given: str, **options: Any) -> str:
    fresh: Callable[[], Sequence[str] | None] = options.get("fresh", lambda: given)
    return first_working(
        Links(given, fresh, options.get("ended_at")),
        host,
        partial,
        accept_complete=lambda: "what was there",
        deadline=options.get("deadline", clock.now() + 7200),
        clock=clock,
    )


@pytest.mark.parametrize(
    "error",
    [
        DEAD,
        LinkDead("HTTP 410", http_status=410),
        NoVideo("it starts with b'<html>'"),
        VideoCorrupt("cut"),
        DownloadIncomplete("0 bytes"),
        NoReply("reset"),
        NotSent("no connection"),
        VendorUnavailable("HTTP 503", http_status=503),
        LinkRefused("an internal address"),
        VideoTooLarge("999 TB"),
        ConfigurationError("no valid request can be made"),
    ],
)
def test_a_link_that_does_not_bring_the_video_gives_way_to_the_next(partial, clock, error) -> None:
    """Without a pause, and without asking the vendor."""
    host = Host(a=[error], b=["video"])
    assert _find(host, partial, clock, "a", "b", fresh=None) == "video"
    assert (host.asked, clock.pauses) == (["a", "b"], [])


def test_a_destination_that_cannot_be_written_does_not(partial, clock) -> None:
    """No other link changes that."""
    host = Host(a=[DestinationError("no space")], b=["video"])
    with pytest.raises(DestinationError):
        _find(host, partial, clock, "a", "b")


def test_only_then_fresh_links_are_asked_for(partial, clock) -> None:
    """Those that were tried already are not tried again."""
    host = Host(a=[DEAD], b=[DEAD], c=["video"])
    assert _find(host, partial, clock, "a", "b", fresh=lambda: ("a", "b", "c")) == "video"
    assert host.asked == ["a", "b", "c"]


@pytest.mark.parametrize("fresh", [("a",), ()])
def test_an_equal_link_is_no_other_link(partial, clock, fresh) -> None:
    """And no other link is no ground for buying again, while the vendor calls the generation finished."""
    host = Host(a=[DEAD])
    with pytest.raises(LinkDead, match="HTTP 401, and the vendor has no other link") as caught:
        _find(host, partial, clock, "a", fresh=lambda: fresh)
    assert host.asked == ["a"]
    assert "paid for" in str(caught.value)
    assert "new generation" not in str(caught.value)
    assert "If the 24 hours for which links live are over" in str(caught.value)


def test_a_generation_that_is_gone_may_be_bought_again(partial, clock) -> None:
    """The vendor does not call it finished any more."""
    with pytest.raises(LinkDead, match="only a new generation brings it back"):
        _find(Host(a=[DEAD]), partial, clock, "a", fresh=lambda: None)


@pytest.mark.parametrize(("hours", "past"), [(1, False), (23.9, False), (24.1, True), (48, True)])
def test_a_link_past_its_life_has_a_remedy_that_works(partial, clock, hours: float, past: bool) -> None:
    """Though the vendor calls the generation finished: asking again would bring the same dead link."""
    with pytest.raises(LinkDead) as caught:
        _find(Host(a=[DEAD]), partial, clock, "a", ended_at=NOW - timedelta(hours=hours))
    assert ("on_clear='regenerate'" in str(caught.value)) is past
    assert not caught.value.retryable


def test_a_vendor_that_gives_one_dead_link_after_the_other_is_not_asked_for_ever(partial, clock) -> None:
    """One fresh link, unless something new came."""
    fresh = iter([("b",), ("c",), ("d",)])
    host = Host(a=[DEAD], b=[DEAD], c=["video"])
    with pytest.raises(LinkDead, match="none of the vendor's 1 other links"):
        _find(host, partial, clock, "a", fresh=lambda: next(fresh))


def test_as_long_as_something_new_comes_fresh_links_are_asked_for(partial, clock) -> None:
    """Links may die while a large video is fetched."""
    fresh = iter([("b",), ("c",), ("d",)])
    host = Host(a=[DEAD], b=[DEAD], c=[DEAD], d=["video"])

    def fetch(url: str) -> str:
        partial.length += 1
        return host(url)

    search = Links(("a",), lambda: next(fresh))
    assert (
        first_working(
            search, fetch, partial, accept_complete=lambda: "", deadline=clock.now() + 9, clock=clock
        )
        == "video"
    )


def test_what_is_all_there_needs_no_living_link(partial, clock) -> None:
    """An earlier try had everything, and could not put it in place."""
    partial.version = partial.version.model_copy(update={"total": 5})
    partial.length = 5
    assert _find(Host(a=[DEAD]), partial, clock, "a") == "what was there"


@pytest.mark.parametrize(
    ("errors", "raised"),
    [
        ([DEAD, NoReply("reset")], NoReply),
        ([NoReply("reset"), DEAD], NoReply),
        ([DEAD, NoVideo("a page")], NoVideo),
        ([LinkRefused("an internal address"), DEAD], LinkDead),
        ([VideoTooLarge("999 TB"), LinkRefused("an internal address")], VideoTooLarge),
    ],
)
def test_the_error_is_of_the_most_promising_link(partial, clock, errors, raised) -> None:
    """It says what hinders the others, too."""
    host = Host(a=[errors[0]], b=[errors[1]])
    with pytest.raises(raised, match="none of the vendor's 1 other links brought the video either") as caught:
        _find(host, partial, clock, "a", "b")
    assert all(error.message.split(";")[0] in caught.value.message for error in errors)


def test_there_is_a_time_after_which_no_other_link_is_tried(partial, clock) -> None:
    """The next try of the task goes on."""
    host = Host(a=[NoReply("reset")], b=["video"])
    with pytest.raises(NoReply):
        _find(host, partial, clock, "a", "b", deadline=clock.now())


class TestNotYet:
    """A link may take a while to work after its generation has ended."""

    @pytest.mark.parametrize(
        "refusal",
        [
            *(LinkDead(f"HTTP {status}", http_status=status) for status in (403, 404)),
            *(VendorUnavailable(f"HTTP {status}", http_status=status) for status in (202, 400, 425)),
            NoVideo("""it starts with b'{"code":"video_not_ready"}'"""),
        ],
    )
    @pytest.mark.parametrize("age", [-3600, 0, 240])
    def test_is_waited_for(self, partial, clock, refusal, age, caplog) -> None:
        """With growing pauses, and with one line in the log."""
        caplog.set_level("INFO")
        host = Host(a=[refusal, refusal, refusal, "video"])
        ended_at = NOW - timedelta(seconds=age)
        assert _find(host, partial, clock, "a", ended_at=ended_at) == "video"
        assert clock.pauses == [2.0, 4.0, 8.0]
        (told,) = caplog.messages
        assert told == f"No link brings the video yet, so they are asked again for 90 s: {refusal.message}"

    def test_not_for_ever(self, partial, clock) -> None:
        """After a minute or two it counts as dead."""
        host = Host(a=[LinkDead("HTTP 404", http_status=404)])
        with pytest.raises(LinkDead, match="no other link"):
            _find(host, partial, clock, "a", ended_at=NOW)
        assert sum(clock.pauses) == NOT_YET_PATIENCE
        assert clock.pauses == sorted(clock.pauses)

    @pytest.mark.parametrize("ended_at", [None, NOW - NOT_YET_PERIOD, NOW - timedelta(days=1)])
    def test_not_long_after_the_end(self, partial, clock, ended_at) -> None:
        """Nor if nobody knows when that was."""
        with pytest.raises(LinkDead):
            _find(Host(a=[LinkDead("HTTP 404", http_status=404)]), partial, clock, "a", ended_at=ended_at)
        assert clock.pauses == []

    @pytest.mark.parametrize(
        "error", [DEAD, LinkDead("HTTP 410", http_status=410), VideoCorrupt("cut"), LinkRefused("internal")]
    )
    def test_not_what_will_not_change(self, partial, clock, error: SeedanceError) -> None:
        """A link that is gone, a broken video, an address that is not allowed."""
        with pytest.raises(type(error)):
            _find(Host(a=[error]), partial, clock, "a", ended_at=NOW)
        assert clock.pauses == []

    def test_other_links_come_first(self, partial, clock) -> None:
        """The given ones, and fresh ones."""
        missing = LinkDead("HTTP 404", http_status=404)
        host = Host(a=[missing], b=[missing], c=["video"])
        assert _find(host, partial, clock, "a", "b", fresh=lambda: ("a", "c"), ended_at=NOW) == "video"
        assert (host.asked, clock.pauses) == (["a", "b", "c"], [])

    def test_the_links_of_the_moment_are_tried(self, partial, clock) -> None:
        """A vendor may sign anew at each read."""
        missing = LinkDead("HTTP 404", http_status=404)
        fresh = iter([("b",), ("c",), ("d",)])
        host = Host(a=[missing], b=[missing], c=[missing], d=["video"])
        assert _find(host, partial, clock, "a", fresh=lambda: next(fresh), ended_at=NOW) == "video"
        assert clock.pauses == [2.0, 4.0]

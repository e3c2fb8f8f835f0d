"""A delivered video that is whole where it was landed outlives its vendor; nothing else does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.decide import Action
from airflow_provider_seedance.core.submission.outcome import GaveUp
from airflow_provider_seedance.core.submission.record import StoredVideo, SubmissionRecord
from airflow_provider_seedance.core.submission.resume import decide_with_vendor
from airflow_provider_seedance.errors import ConfigurationError, Kind, NotFound, NotSent, SeedanceError
from airflow_provider_seedance.models import Status
from tests.core.submission.test_decide import DELIVERED, DONE, RUNNING, SENT, failed, prior

KEPT = SENT.replace(outcome=DELIVERED)
GONE: dict[str, Any] = {
    "the vendor knows it no more": NotFound("unknown"),
    "the vendor cannot be reached": NotSent("no connection"),
    "it is expired by now": failed(Kind.EXPIRED, Status.EXPIRED),
    "the connection is gone": ConfigurationError("no such connection"),
}


def opened(answer: Any) -> Any:
    """Opens a client whose vendor gives this answer."""

    def get(_: str) -> Any:
        if isinstance(answer, SeedanceError):
            raise answer
        return answer

    def open_client(_: str) -> Any:
        if isinstance(answer, ConfigurationError):
            raise answer
        reading = SimpleNamespace(get=get)
        return SimpleNamespace(vendor_name="evolink", account_id=None, generations=reading)

    return open_client


@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("answer", GONE.values(), ids=GONE)
def test_a_whole_video_is_kept(answer: Any, cleared: bool) -> None:
    """By a retry as by a clear; the record stays as it is."""
    noted: list[SubmissionRecord] = []
    decision = decide_with_vendor(prior(KEPT, cleared=cleared), opened(answer), noted.append, lambda: True)
    assert (decision.action, decision.generation, noted) == (Action.KEEP, None, [])


@pytest.mark.parametrize("answer", [DONE, RUNNING])
def test_while_the_vendor_has_it_links_are_fresh(answer: Any) -> None:
    """So it is gone on with, and its file is not even looked at."""

    def looked() -> bool:
        raise AssertionError("nobody need look")

    assert decide_with_vendor(prior(KEPT), opened(answer), lambda _: None, looked).action is Action.REATTACH


@pytest.mark.parametrize(
    ("record", "policies", "whole"),
    [
        (KEPT, {}, False),
        (SENT, {}, True),
        (SENT.replace(outcome=GaveUp(limit="timeout")), {}, True),
        (KEPT, {"on_clear": "regenerate"}, True),
        (KEPT, {"changed": True}, True),
    ],
    ids=["damaged", "never delivered", "given up", "regenerated", "another request"],
)
def test_what_is_not_kept(record: SubmissionRecord, policies: dict[str, Any], whole: bool) -> None:
    """A clear then pays for a new one, as before."""
    found = prior(record, cleared=True, **policies)
    decision = decide_with_vendor(found, opened(NotFound("unknown")), lambda _: None, lambda: whole)
    assert decision.action is Action.SUBMIT


def test_a_record_names_a_place_once() -> None:
    """The latest last, those of earlier generations too."""
    places = [
        StoredVideo(generation_id=made, uri=uri, bytes=1, sha256="a")
        for made, uri in [("task-unified-0", "/a"), ("task-unified-1", "/b"), ("task-unified-1", "/c")]
    ]
    record = SENT
    for place in (*places, places[1]):
        record = record.with_video(place)
    assert [video.uri for video in record.videos] == ["/a", "/c", "/b"]
    assert [video.uri for video in record.own_videos] == ["/b", "/c"]
    assert SubmissionRecord.parse(record.to_dict()) == record

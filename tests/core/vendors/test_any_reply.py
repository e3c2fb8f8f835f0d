"""Whatever comes back, reading it gives a value or one of our errors."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.vendors.contract import Call, HttpResponse, Vendor
from airflow_provider_seedance.core.vendors.status_words import WORDS, status_of
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import (
    Failed,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Pending,
    Status,
    Succeeded,
)

GOLDEN = Path(__file__).parent / "golden"
VENDORS = ("modelark", "evolink", "anyfast", "toapis")

numbers = st.integers() | st.floats()
texts = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["https://h/v.mp4?sig=1", "succeeded", "completed", "SUCCESS", "failed", "100%", "1e999999999"]
)
#: Values that have their own way of breaking a reader: half a surrogate pair, infinity, the end of time.
awkward = st.sampled_from(["\ud800", "https://\ud800", float("inf"), float("nan"), 10**400, 253402300799, -1])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=8,
)
NAMES = ("video_url", "result_url", "results", "output", "usage", "progress", "error", "fail_reason", "model")
statuses = st.sampled_from([200, 204, 302, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503]) | st.integers(
    100, 599
)
headers = st.dictionaries(st.sampled_from(["retry-after", "x-request-id"]), st.text())


def samples(vendor: str) -> list[Any]:
    stored = json.loads((GOLDEN / vendor / "replies.json").read_text())
    return [sample["body"] for sample in stored.values()]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from places(node[key])


@st.composite
def damaged_samples(draw: st.DrawFn, vendor: str) -> Any:
    """A sample of the contract in which some values are replaced by others."""
    body = copy.deepcopy(draw(st.sampled_from(samples(vendor))))
    for _ in range(draw(st.integers(1, 3))):
        if found := list(places(body)):
            container, key = found[draw(st.integers(0, len(found) - 1))]
            container[key] = draw(awkward | values)
    return body


def calls(vendor: Vendor) -> list[Call[Any]]:
    every: list[Call[Any]] = [
        vendor.generations.create(GenerationRequest(prompt="p")),
        vendor.generations.get("id"),
        vendor.account.probe(),
    ]
    every += list(vendor.account.balance()) if vendor.account.balance else []
    every += [vendor.listing.list(ListQuery())] if vendor.listing else []
    every += [vendor.generations.cancel("id")] if vendor.generations.cancel else []
    return every


def read_with_all(name: str, response: HttpResponse) -> None:
    for call in calls(import_module(f"airflow_provider_seedance.core.vendors.{name}").VENDOR):
        try:
            seen = call.read(response)
        except SeedanceError as error:
            assert_is_bounded(error.message)
        else:
            for generation in seen.items if isinstance(seen, GenerationPage) else (seen,):
                assert_is_sound(generation)


def assert_is_bounded(text: str) -> None:
    """Short enough to be logged and stored, and in one line."""
    assert len(text) < 10_000
    assert text.isprintable() or not re.search("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]", text)


def assert_is_sound(seen: Any) -> None:
    """What is read of a generation, whatever was sent."""
    if not isinstance(seen, Pending | Succeeded | Failed):
        return
    assert re.fullmatch(r"(?!\.+\Z)[A-Za-z0-9._:-]{1,200}", seen.generation_id)
    assert seen.progress is None or 0 <= seen.progress <= 100
    if seen.charge is not None:
        assert seen.charge.amount is not None
        assert 0 <= seen.charge.amount <= 10**9
        assert len(f"{seen.charge.amount:f}") <= 30
    if isinstance(seen, Succeeded):
        assert seen.video_urls[0] == seen.video_url
        assert seen.video_url.startswith("http")
    known = status_of(seen.vendor_status or "")
    assert isinstance(seen, Pending) or known is not None, "an unknown word is never final"
    texts = (seen.model, seen.vendor_status, seen.resolution, seen.aspect_ratio, seen.service_tier)
    for text in filter(None, (*texts, getattr(seen, "warning", None))):
        assert_is_bounded(text)


@settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.sampled_from(VENDORS),
    st.sampled_from(sorted(WORDS)),
    st.sampled_from((str.lower, str.upper)),
)
def test_a_word_of_an_end_never_becomes_pending(
    data: st.DataObject, vendor: str, word: str, spelling: Callable[[str], str]
) -> None:
    """Whatever stands beside it: the end, or an answer that cannot be read."""
    beside = data.draw(st.dictionaries(st.sampled_from(NAMES), awkward | values, max_size=4))
    body = {**beside, "id": "id", "status": spelling(word)}
    for call in calls(import_module(f"airflow_provider_seedance.core.vendors.{vendor}").VENDOR)[1:2]:
        try:
            seen = call.read(HttpResponse(200, {}, json.dumps(body).encode(), 0.0))
        except SeedanceError:
            continue
        ended = WORDS[word] not in (Status.QUEUED, Status.RUNNING)
        assert ended != isinstance(seen, Pending)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(VENDORS), st.binary() | values.map(lambda v: json.dumps(v).encode()), statuses, headers
)
def test_any_bytes_are_read_or_refused(
    vendor: str, content: bytes, status: int, fields: dict[str, str]
) -> None:
    """Arbitrary bytes and arbitrary JSON raise nothing but SeedanceError."""
    read_with_all(vendor, HttpResponse(status, fields, content, 0.0))


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from(VENDORS), statuses)
def test_damaged_samples_are_read_or_refused(data: st.DataObject, vendor: str, status: int) -> None:
    """The contract's own answers with values of the wrong kind raise nothing but SeedanceError."""
    body = data.draw(damaged_samples(vendor))
    read_with_all(vendor, HttpResponse(status, {}, json.dumps(body).encode(), 0.0))


def test_endless_nesting_is_refused() -> None:
    """A body that overflows the JSON reader's stack is a malformed answer."""
    for vendor in VENDORS:
        for status in (200, 500):
            read_with_all(vendor, HttpResponse(status, {}, b'{"error":' + b"[" * 200_000, 0.0))

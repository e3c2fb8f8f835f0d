"""What a callback claims, at each vendor that has callbacks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import CallbackHint

WITH_CALLBACKS = ("modelark", "evolink", "toapis")


def claimed(vendor: str, body: Any) -> CallbackHint:
    callbacks = load_vendor(vendor).callbacks
    assert callbacks
    return callbacks.read(body if isinstance(body, bytes) else json.dumps(body).encode())


def test_one_vendor_has_none() -> None:
    """Its generations are polled."""
    assert load_vendor("anyfast").callbacks is None


@pytest.mark.parametrize(
    ("vendor", "body", "hint"),
    [
        ("modelark", {"id": "cgt-1", "status": "queued"}, CallbackHint("cgt-1", pending=True)),
        ("modelark", {"id": "cgt-1", "status": "running"}, CallbackHint("cgt-1", pending=True)),
        ("modelark", {"id": "cgt-1", "status": "succeeded", "content": {}}, CallbackHint("cgt-1")),
        ("modelark", {"id": "cgt-1", "status": "expired"}, CallbackHint("cgt-1")),
        (
            "evolink",
            {"id": "task-unified-1", "status": "completed", "results": []},
            CallbackHint("task-unified-1"),
        ),
        ("evolink", {"id": "task-unified-1", "status": "failed"}, CallbackHint("task-unified-1")),
        ("evolink", {"id": "task-unified-1", "status": "cancelled"}, CallbackHint("task-unified-1")),
        (
            "toapis",
            {
                "id": "evt_1",
                "type": "generation.failed",
                "data": {"task_id": "tsk_vid_1", "status": "failed"},
            },
            CallbackHint("tsk_vid_1"),
        ),
        (
            "toapis",
            {"id": "evt_1", "type": "generation.completed", "data": {"task_id": "t", "status": "completed"}},
            CallbackHint("t"),
        ),
    ],
)
def test_a_callback_names_its_generation(vendor: str, body: Any, hint: CallbackHint) -> None:
    """In the contract's samples."""
    assert claimed(vendor, body) == hint


@pytest.mark.parametrize("vendor", WITH_CALLBACKS)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"<html>", b'{"id": [1]}', b"[" * 5000, b'{"status": "novel"}', b"\xff"],
)
def test_any_other_body_claims_nothing(vendor: str, body: bytes) -> None:
    """Then the generation is read all the same: a vendor may change its words."""
    assert claimed(vendor, body) == CallbackHint()


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.recursive(st.text() | st.integers() | st.none(), st.lists)))
def test_no_body_makes_it_fail(body: Any) -> None:
    """Whatever came."""
    for vendor in WITH_CALLBACKS:
        assert isinstance(claimed(vendor, body), CallbackHint)

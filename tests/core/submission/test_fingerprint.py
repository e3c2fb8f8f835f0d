"""What makes two requests the same order."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.models import GenerationRequest

BASE: dict[str, Any] = {
    "prompt": "A kitten yawns",
    "first_frame": "https://h/first.png",
    "reference_images": ["https://h/1.png", "https://h/2.png"],
    "vendor_options": {"a": 1, "b": {"c": [1, 2]}},
}


def _of(**changes: Any) -> str:
    return fingerprint(GenerationRequest.parse({**BASE, **changes}))


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"prompt": " A kitten yawns\n"},
        {"model": "seedance-2.0"},
        {"duration": None},
        {"duration": ""},
        {"watermark": "None"},
        {"reference_images": "['https://h/1.png', 'https://h/2.png']"},
        {"vendor_options": {"b": {"c": [1, 2]}, "a": 1}},
        {"vendor_options": '{"b": {"c": [1, 2]}, "a": 1}'},
        {"first_frame": "https://h/first.png?X-Amz-Signature=1&X-Amz-Expires=60"},
        {"first_frame": "https://h/first.png#t=1"},
    ],
    ids=str,
)
def test_the_same_order_in_other_words(same: dict[str, Any]) -> None:
    """Templates, defaults said aloud, the order of keys, a link signed anew."""
    assert _of(**same) == _of()


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "A kitten yawns."},
        {"prompt": None},
        {"model": "seedance-2.0-fast"},
        {"duration": 5},
        {"duration": -1},
        {"seed": 0},
        {"generate_audio": False},
        {"watermark": False},
        {"service_tier": "default"},
        {"first_frame": "https://h/other.png"},
        {"first_frame": "https://h/first.png?id=2"},
        {"first_frame": None, "last_frame": "https://h/first.png"},
        {"reference_images": ["https://h/2.png", "https://h/1.png"]},
        {"reference_images": ["https://h/1.png"]},
        {"reference_images": [], "reference_videos": BASE["reference_images"]},
        {"draft_task_id": "cgt-1"},
        {"vendor_options": {"a": 1}},
        {"vendor_options": {"a": True, "b": {"c": [1, 2]}}},
    ],
    ids=str,
)
def test_another_order(other: dict[str, Any]) -> None:
    """Whatever may change the video, the order of the references included."""
    assert _of(**other) != _of()


def test_embedded_media_count_by_their_content() -> None:
    """They are not in the fingerprint themselves, however large."""
    one, two = (f"data:image/png;base64,{letter * 4_000}" for letter in "AB")
    assert _of(first_frame=one) == _of(first_frame=one)
    assert _of(first_frame=one) != _of(first_frame=two)
    assert len(_of(first_frame=one)) < 100


def test_it_is_the_same_on_every_machine_and_in_every_version() -> None:
    """Records outlive both. A change here needs another VERSION."""
    request = GenerationRequest(prompt="Ein Kätzchen gähnt", duration=5, vendor_options={"b": 1, "a": "ü"})
    assert fingerprint(request) == ("v1:26ebb7e01a3bdadf31420f3c04b2ba18e884d213c7485d36be7eaaff4efb598c")

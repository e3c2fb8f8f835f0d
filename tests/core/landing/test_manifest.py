"""Records are plain JSON outside and survive versions that add to them."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Media, Mismatch
from airflow_provider_seedance.errors import ConfigurationError

MANIFEST = Manifest(
    uri="s3://bucket/v.mp4",
    bytes=3498,
    sha256="0" * 64,
    content_type="video/mp4",
    media=Media(duration=5.042, width=1280, height=720, fps=24.0, video_codec="h264"),
    source=GenerationReference(
        vendor="evolink", generation_id="task-1", model="seedance-2.0", request_fingerprint="f1"
    ),
    mismatches=(Mismatch(field="audio", expected=True, actual=False),),
    landed_at=datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc),
)

PLAIN = {
    "uri": "s3://bucket/v.mp4",
    "bytes": 3498,
    "sha256": "0" * 64,
    "content_type": "video/mp4",
    "media": {
        "duration": 5.042,
        "width": 1280,
        "height": 720,
        "fps": 24.0,
        "video_codec": "h264",
        "audio_codec": None,
    },
    "source": {
        "vendor": "evolink",
        "generation_id": "task-1",
        "model": "seedance-2.0",
        "request_fingerprint": "f1",
    },
    "provenance": {
        "request": None,
        "mode": None,
        "seed": None,
        "cost": None,
        "usage": None,
        "generated_by": None,
        "row": None,
    },
    "mismatches": [{"field": "audio", "expected": True, "actual": False}],
    "notes": [],
    "quality": None,
    "poster": None,
    "contact_sheet": None,
    "landed_at": "2026-03-01T12:00:00Z",
    "reused_from": None,
}


def test_a_manifest_is_plain_json() -> None:
    """These keys, always all of them."""
    assert MANIFEST.to_dict() == PLAIN


def test_a_manifest_is_read_back() -> None:
    """Through JSON and XCom, nothing is lost."""
    assert Manifest.parse(json.loads(json.dumps(MANIFEST.to_dict()))) == MANIFEST


def test_a_later_version_may_add_keys() -> None:
    """Unknown ones are ignored, at every depth."""
    newer = {**PLAIN, "palette": "x", "media": {**PLAIN["media"], "hdr": True}}
    assert Manifest.parse(newer) == MANIFEST


def test_what_is_no_manifest_is_refused() -> None:
    """The error names what is missing or wrong."""
    with pytest.raises(ConfigurationError, match=r"not a manifest: uri: .*; sha256: .*; source\.vendor: "):
        Manifest.parse({**PLAIN, "uri": None, "sha256": "abc", "source": {"generation_id": "task-1"}})

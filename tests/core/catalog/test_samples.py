"""The sample requests of the vendors' pages, in neutral words: each passes, under the id that it names."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.models import GenerationRequest

IMAGE, OTHER_IMAGE = "https://cdn.example.com/1.jpg", "https://cdn.example.com/2.jpg"
VIDEO, AUDIO = "https://cdn.example.com/v.mp4", "https://cdn.example.com/a.mp3"
DATA, ASSET = "data:image/png;base64,AAAA", "asset://asset-20260710120000-abcde"

Sample = tuple[str, str, dict[str, Any]]

MODELARK: list[Sample] = [
    (
        "seedance-2.0",
        "dreamina-seedance-2-0-260128",
        {
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "duration": 5,
            "seed": 11,
            "generate_audio": True,
            "watermark": False,
        },
    ),
    (
        "seedance-1.0-pro-fast",
        "seedance-1-0-pro-fast-251015",
        {
            "first_frame": IMAGE,
            "resolution": "1080p",
            "aspect_ratio": "adaptive",
            "duration": 5,
            "camera_fixed": False,
        },
    ),
    (
        "seedance-1.5-pro",
        "seedance-1-5-pro-251215",
        {
            "first_frame": IMAGE,
            "last_frame": DATA,
            "duration": 8,
            "generate_audio": False,
            "return_last_frame": True,
            "service_tier": "flex",
            "vendor_options": {"execution_expires_after": 86400},
        },
    ),
    (
        "seedance-2.0",
        "dreamina-seedance-2-0-260128",
        {
            "reference_images": [IMAGE, ASSET],
            "reference_videos": [VIDEO],
            "reference_audios": [AUDIO],
            "generate_audio": True,
            "aspect_ratio": "16:9",
            "duration": 11,
            "watermark": False,
            "priority": 5,
        },
    ),
    (
        "seedance-2.0",
        "dreamina-seedance-2-0-260128",
        {
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "aspect_ratio": "adaptive",
            "duration": -1,
        },
    ),
    (
        "seedance-2.0-fast",
        "dreamina-seedance-2-0-fast-260128",
        {"reference_videos": [VIDEO, VIDEO], "resolution": "720p", "duration": 8},
    ),
    (
        "seedance-1.5-pro",
        "seedance-1-5-pro-251215",
        {"vendor_options": {"draft": True}, "resolution": "480p", "seed": 20, "duration": 6},
    ),
    (
        "seedance-1.5-pro",
        "seedance-1-5-pro-251215",
        {
            "prompt": None,
            "draft_task_id": "cgt-20260101120000-abcde",
            "resolution": "720p",
            "watermark": False,
            "return_last_frame": True,
        },
    ),
    (
        "seedance-1.0-pro",
        "seedance-1-0-pro-250528",
        {"vendor_options": {"frames": 57}, "aspect_ratio": "16:9", "resolution": "480p"},
    ),
]
MODELARK_CN: list[Sample] = [
    ("seedance-2.0", "doubao-seedance-2-0-260128", {"web_search": True, "duration": 5}),
]
EVOLINK: list[Sample] = [
    (
        "seedance-2.0",
        "seedance-2.0-text-to-video",
        {
            "duration": 8,
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "generate_audio": True,
            "content_filter": True,
        },
    ),
    (
        "seedance-2.0-fast",
        "seedance-2.0-fast-text-to-video",
        {"duration": 8, "resolution": "480p", "aspect_ratio": "16:9", "web_search": True},
    ),
    (
        "seedance-2.0",
        "seedance-2.0-image-to-video",
        {"first_frame": IMAGE, "duration": 5, "resolution": "720p", "aspect_ratio": "adaptive"},
    ),
    (
        "seedance-2.0-mini",
        "seedance-2.0-mini-image-to-video",
        {
            "first_frame": IMAGE,
            "last_frame": IMAGE,
            "duration": 6,
            "resolution": "480p",
            "aspect_ratio": "16:9",
        },
    ),
    (
        "seedance-2.0",
        "seedance-2.0-reference-to-video",
        {
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "reference_audios": [AUDIO],
            "duration": 10,
            "resolution": "1080p",
            "aspect_ratio": "16:9",
            "vendor_options": {"callback_url": "https://hooks.example.com/evolink"},
        },
    ),
    (
        "seedance-2.0-fast",
        "seedance-2.0-fast-reference-to-video",
        {
            "reference_videos": [VIDEO, VIDEO, VIDEO],
            "duration": 8,
            "resolution": "720p",
            "aspect_ratio": "16:9",
        },
    ),
]
TOAPIS: list[Sample] = [
    (
        "seedance-2.0",
        "seedance-2",
        {
            "vendor_options": {"client_business_id": "job-0001"},
            "duration": 8,
            "aspect_ratio": "16:9",
            "resolution": "1080p",
            "generate_audio": True,
            "seed": 42,
        },
    ),
    (
        "seedance-2.0",
        "seedance-2",
        {"duration": 8, "aspect_ratio": "16:9", "resolution": "720p", "web_search": True},
    ),
    (
        "seedance-2.0-fast",
        "seedance-2-fast",
        {
            "first_frame": IMAGE,
            "duration": 5,
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "return_last_frame": True,
        },
    ),
    ("seedance-2.0", "seedance-2", {"first_frame": IMAGE, "last_frame": OTHER_IMAGE, "duration": 6}),
    (
        "seedance-2.0-mini",
        "seedance-2-mini",
        {
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "reference_audios": [AUDIO],
            "duration": 10,
            "aspect_ratio": "9:16",
            "resolution": "480p",
        },
    ),
    (
        "seedance-2.0",
        "seedance-2",
        {"reference_images": ["asset://pa_abc123"], "duration": 5, "aspect_ratio": "9:16"},
    ),
    (
        "seedance-2.0",
        "seedance-2",
        {
            "reference_images": [IMAGE],
            "duration": 5,
            "vendor_options": {
                "private_asset_review": True,
                "callback_url": "https://hooks.example.com/toapis",
                "trace_id": "trace-77",
            },
        },
    ),
]
ANYFAST: list[Sample] = [
    (
        "seedance-2.0",
        "seedance-2.0",
        {
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "duration": 5,
            "generate_audio": True,
            "watermark": False,
        },
    ),
    (
        "seedance-2.0",
        "seedance-2.0",
        {"first_frame": IMAGE, "aspect_ratio": "adaptive", "duration": 5, "return_last_frame": True},
    ),
    ("seedance-2.0", "seedance-2.0", {"first_frame": IMAGE, "last_frame": OTHER_IMAGE, "duration": 8}),
    (
        "seedance-2.0",
        "seedance-2.0",
        {
            "reference_images": [ASSET],
            "reference_videos": [VIDEO],
            "reference_audios": [AUDIO],
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "duration": 10,
        },
    ),
    ("seedance-2.0-fast", "seedance-fast", {"reference_videos": [VIDEO, VIDEO], "duration": 8}),
    ("seedance-2.0", "seedance-2.0", {"web_search": True, "duration": 11}),
]
SAMPLES = [
    pytest.param(vendor, region, *sample, id=f"{vendor}-{number}-{sample[0]}")
    for vendor, region, samples in (
        ("modelark", "ap-southeast", MODELARK),
        ("modelark", "cn-beijing", MODELARK_CN),
        ("evolink", "global", EVOLINK),
        ("toapis", "global", TOAPIS),
        ("anyfast", "global", ANYFAST),
    )
    for number, sample in enumerate(samples)
]


@pytest.mark.parametrize(("vendor", "region", "family", "wire_id", "fields"), SAMPLES)
def test_sample_passes(vendor: str, region: str, family: str, wire_id: str, fields: dict[str, Any]) -> None:
    """A sample that the vendor prints is let through, by family name and by the vendor's own id."""
    catalog = Catalog.load(vendor, region)
    by_family = catalog.prepare(GenerationRequest(**{"prompt": "A cat", **fields, "model": family}))
    by_id = catalog.prepare(GenerationRequest(**{"prompt": "A cat", **fields, "model": wire_id}))
    assert by_family.model == wire_id
    assert by_id == by_family

"""Requests on both sides of every edge that a contract names, for any model."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Iterator
from typing import Any

from PIL import Image

IMAGE, VIDEO, AUDIO = "https://m.example/i.png", "https://m.example/v.mp4", "https://m.example/a.mp3"

Fields = dict[str, Any]


def _png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (320, 320)).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _wav() -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 24_000)
    return f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"


PNG, WAV = _png(), _wav()

#: Each way to give media, right or wrong.
MEDIA: dict[str, Fields] = {
    "text": {},
    "first": {"first_frame": IMAGE},
    "first and last": {"first_frame": IMAGE, "last_frame": IMAGE},
    "image": {"reference_images": [IMAGE]},
    "video": {"reference_videos": [VIDEO]},
    "image and audio": {"reference_images": [IMAGE], "reference_audios": [AUDIO]},
    "audio": {"reference_audios": [AUDIO]},
    "all": {"reference_images": [IMAGE], "reference_videos": [VIDEO], "reference_audios": [AUDIO]},
    "last": {"last_frame": IMAGE},
    "first and image": {"first_frame": IMAGE, "reference_images": [IMAGE]},
    "first and audio": {"first_frame": IMAGE, "reference_audios": [AUDIO]},
    "last and video": {"last_frame": IMAGE, "reference_videos": [VIDEO]},
}
#: Settings whose limits hang on the model alone.
BY_MODEL: dict[str, list[Any]] = {
    "duration": [-2, 0, 1, 2, 3, 4, 5, 11, 12, 13, 15, 16, 30, 31],
    "resolution": ["480p", "720p", "1080p", "2k", "4k", "4K", "540p"],
    "seed": [-2, -1, 0, 2**32 - 1, 2**32],
    "service_tier": ["default", "flex", "batch"],
    "priority": [-1, 0, 9, 10],
}
#: Settings whose limits hang on the mode, too.
BY_MODE: dict[str, list[Any]] = {
    "duration": [-1],
    "resolution": ["720p", "1080p"],
    "aspect_ratio": ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive", "5:4"],
    **{name: [True, False] for name in ("generate_audio", "watermark", "return_last_frame", "web_search")},
    **{name: [True, False] for name in ("content_filter", "camera_fixed")},
}
COUNTS: list[Fields] = [
    *({"reference_images": [IMAGE] * count} for count in (4, 5, 9, 10, 30, 31)),
    *({"reference_videos": [VIDEO] * count} for count in (3, 4, 10, 11)),
    *({"reference_images": [IMAGE], "reference_audios": [AUDIO] * count} for count in (3, 4, 10, 11)),
]
FORMS: list[Fields] = [
    {"first_frame": PNG},
    {"first_frame": PNG.replace("png", "PNG", 1)},
    {"first_frame": f"{PNG}!"},
    {"first_frame": WAV},
    {"first_frame": "/tmp/x.png"},
    {"first_frame": "ftp://m.example/x.png"},
    {"first_frame": "HTTPS://m.example/x.png"},
    {"first_frame": "https:///x.png"},
    {"first_frame": "https://m.example/a b.png"},
    {"reference_images": [PNG]},
    {"reference_images": [IMAGE], "reference_audios": [WAV]},
    {"reference_videos": ["data:video/mp4;base64,AAAA"]},
]
#: Combinations that only some models forbid.
TOGETHER: list[Fields] = [
    {"service_tier": "flex", "priority": 3},
    {"resolution": "1080p", "duration": 12},
]
#: Vendor -> further fields of its body.
VENDOR_OPTIONS: dict[str, list[Fields]] = {
    "modelark": [
        *({"vendor_options": {"frames": count}} for count in (25, 28, 29, 30, 33, 289, 290, 293)),
        *({"vendor_options": {"execution_expires_after": s}} for s in (3599, 3600, 259_200, 259_201)),
        *({"vendor_options": {"safety_identifier": "x" * length}} for length in (64, 65)),
        *({"vendor_options": {"callback_url": url}} for url in ("https://h/x", "http://h/x", "ftp://h", "x")),
        *({"vendor_options": {"output_format": name}} for name in ("mp4", "mov", "avi")),
        {"vendor_options": {"omni_reference_task_type": "edit"}},
        {"vendor_options": {"omni_reference_task_type": "edit"}, "duration": 5},
        {"vendor_options": {"omni_reference_task_type": "edit"}, "aspect_ratio": "16:9"},
        {"vendor_options": {"draft": True}},
        {"vendor_options": {"draft": True}, "resolution": "480p"},
        {"vendor_options": {"draft": True}, "resolution": "720p"},
        {"vendor_options": {"draft": True}, "return_last_frame": True},
        {"vendor_options": {"draft": True}, "service_tier": "flex"},
        {"vendor_options": {"draft": "yes"}},
    ],
    "evolink": [
        {"vendor_options": {"callback_url": url}}
        for url in (
            "https://h.example/x",
            "http://h.example/x",
            "https://172.32.0.1/x",
            f"https://h.example/{'x' * 2030}",
            f"https://h.example/{'x' * 2031}",
        )
    ],
    "anyfast": [],
    "toapis": [
        {"vendor_options": {"private_asset_review": True}},
        {"vendor_options": {"private_asset_review": "x"}},
        {"vendor_options": {"callback_url": "https://h.example/"}},
        {"vendor_options": {"callback_url": "http://h.example/"}},
        {"vendor_options": {"trace_id": "x"}},
        {"vendor_options": {"private_assets": True}},
    ],
}


def edges(vendor: str, base: Fields) -> Iterator[Fields]:
    """All requests for one model; ``base`` holds what each of them needs."""
    plain = {"prompt": "x", **base}
    for media in MEDIA.values():
        yield {**plain, **media}
        yield {**base, **media}
    for name in ("text", "first", "first and last", "image"):
        for field, values in BY_MODE.items():
            yield from ({**plain, **MEDIA[name], field: value} for value in values)
    for name in ("text", "first", "image"):
        yield from ({**plain, **MEDIA[name], **options} for options in VENDOR_OPTIONS[vendor])
    for name in ("text", "first"):
        for field, values in BY_MODEL.items():
            yield from ({**plain, **MEDIA[name], field: value} for value in values)
        yield from ({**plain, **MEDIA[name], **both} for both in TOGETHER)
    yield from ({**plain, **given} for given in (*COUNTS, *FORMS))

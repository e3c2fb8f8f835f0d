"""What is ordered, what must arrive at the vendor, and what its answer must tell: one row per vendor and mode.

Together the rows of a vendor set every option that its contract names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FIRST, LAST, IMAGE = "sample:first.png", "sample:last.png", "sample:reference.png"
VIDEO, MP3, WAV = "sample:reference.mp4", "sample:reference.mp3", "sample:reference.wav"
CALLBACK = "https://hooks.example.com/seedance?token=1"


@dataclass(frozen=True)
class Order:
    """One request in our words and in the vendor's."""

    name: str
    vendor: str
    #: Fields of the neutral request.
    asked: Mapping[str, Any]
    #: The body that must arrive, whole.
    wire: Mapping[str, Any]
    #: Fields of the finished generation.
    told: Mapping[str, Any]
    mode: str
    #: Amount, currency and basis; ``None`` where there is no price.
    cost: tuple[str, str, str] | None
    region: str | None = None
    last_frame: bool = False


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def part(kind: str, link: str, role: str | None = None) -> dict[str, Any]:
    return {
        "type": f"{kind}_url",
        f"{kind}_url": {"url": link},
        **({"role": role} if role else {}),
    }


def with_role(link: str, role: str) -> dict[str, Any]:
    return {"url": link, "role": role}


MODELARK = (
    Order(
        "text",
        "modelark",
        asked={
            "prompt": "A kitten yawns",
            "duration": 6,
            "resolution": "1080p",
            "aspect_ratio": "21:9",
            "seed": 11,
            "generate_audio": False,
            "watermark": True,
            "return_last_frame": True,
            "priority": 5,
            "vendor_options": {
                "callback_url": CALLBACK,
                "execution_expires_after": 7200,
                "safety_identifier": "user-1",
            },
        },
        wire={
            "model": "dreamina-seedance-2-0-260128",
            "content": [text("A kitten yawns")],
            "resolution": "1080p",
            "ratio": "21:9",
            "duration": 6,
            "seed": 11,
            "generate_audio": False,
            "watermark": True,
            "return_last_frame": True,
            "priority": 5,
            "callback_url": CALLBACK,
            "execution_expires_after": 7200,
            "safety_identifier": "user-1",
        },
        told={
            "model": "dreamina-seedance-2-0-260128",
            "resolution": "1080p",
            "aspect_ratio": "21:9",
            "duration": 6,
            "seed": 11,
            "generate_audio": False,
            "priority": 5,
            "service_tier": "default",
            "expires_after": 7200,
            "tokens": 2206 * 946 * 145 // 1024,
        },
        mode="text",
        cost=("2.275381", "USD", "estimated"),
        last_frame=True,
    ),
    Order(
        "web search, in China only",
        "modelark",
        asked={"prompt": "The weather in Beijing", "web_search": True, "duration": 5},
        wire={
            "model": "doubao-seedance-2-0-260128",
            "content": [text("The weather in Beijing")],
            "duration": 5,
            "tools": [{"type": "web_search"}],
        },
        told={"model": "doubao-seedance-2-0-260128", "duration": 5, "tokens": 108900},
        mode="text",
        cost=("5.0094", "CNY", "estimated"),
        region="cn-beijing",
    ),
    Order(
        "frames instead of seconds",
        "modelark",
        asked={
            "model": "seedance-1.0-pro",
            "prompt": "A short clip",
            "resolution": "480p",
            "aspect_ratio": "16:9",
            "vendor_options": {"frames": 57},
        },
        wire={
            "model": "seedance-1-0-pro-250528",
            "content": [text("A short clip")],
            "resolution": "480p",
            "ratio": "16:9",
            "frames": 57,
        },
        told={"frames": 57, "duration": None, "resolution": "480p", "tokens": 864 * 480 * 57 // 1024},
        mode="text",
        cost=("0.057713", "USD", "estimated"),
    ),
    Order(
        "first frame, camera fixed",
        "modelark",
        asked={
            "model": "seedance-1.0-pro-fast",
            "prompt": "It comes alive",
            "first_frame": FIRST,
            "resolution": "1080p",
            "aspect_ratio": "adaptive",
            "duration": 5,
            "camera_fixed": True,
        },
        wire={
            "model": "seedance-1-0-pro-fast-251015",
            "content": [text("It comes alive"), part("image", FIRST)],
            "resolution": "1080p",
            "ratio": "adaptive",
            "duration": 5,
            "camera_fixed": True,
        },
        told={"aspect_ratio": "16:9", "resolution": "1080p", "generate_audio": None, "tokens": 246840},
        mode="first_frame",
        cost=("0.24684", "USD", "estimated"),
    ),
    Order(
        "first and last frame, offline",
        "modelark",
        asked={
            "model": "seedance-1.5-pro",
            "first_frame": FIRST,
            "last_frame": LAST,
            "duration": 8,
            "generate_audio": False,
            "service_tier": "flex",
        },
        wire={
            "model": "seedance-1-5-pro-251215",
            "content": [part("image", FIRST, "first_frame"), part("image", LAST, "last_frame")],
            "duration": 8,
            "generate_audio": False,
            "service_tier": "flex",
        },
        told={"service_tier": "flex", "generate_audio": False, "draft": False, "tokens": 173700},
        mode="first_last_frame",
        cost=("0.10422", "USD", "estimated"),
    ),
    Order(
        "references of every kind",
        "modelark",
        asked={
            "prompt": "The motion of Video 1 with the thing of Image 1 to Audio 1",
            "reference_images": [IMAGE, FIRST],
            "reference_videos": [VIDEO],
            "reference_audios": [MP3, WAV],
            "duration": 11,
            "aspect_ratio": "16:9",
        },
        wire={
            "model": "dreamina-seedance-2-0-260128",
            "content": [
                text("The motion of Video 1 with the thing of Image 1 to Audio 1"),
                part("image", IMAGE, "reference_image"),
                part("image", FIRST, "reference_image"),
                part("video", VIDEO, "reference_video"),
                part("audio", MP3, "reference_audio"),
                part("audio", WAV, "reference_audio"),
            ],
            "duration": 11,
            "ratio": "16:9",
        },
        told={"duration": 11, "generate_audio": True, "tokens": 1280 * 720 * (24 * 16 + 1) // 1024},
        mode="reference",
        cost=("1.48995", "USD", "estimated"),
    ),
    Order(
        "sound alone, as a MOV file",
        "modelark",
        asked={
            "model": "seedance-2.5",
            "prompt": "Dance to Audio 1",
            "reference_audios": [WAV],
            "duration": 30,
            "resolution": "480p",
            "aspect_ratio": "16:9",
            "vendor_options": {"output_format": "mov", "omni_reference_task_type": "reference"},
        },
        wire={
            "model": "dreamina-seedance-2-5-260628",
            "content": [text("Dance to Audio 1"), part("audio", WAV, "reference_audio")],
            "duration": 30,
            "resolution": "480p",
            "ratio": "16:9",
            "output_format": "mov",
            "omni_reference_task_type": "reference",
        },
        told={"duration": 30, "resolution": "480p", "tokens": 854 * 480 * 721 // 1024},
        mode="reference",
        cost=("3.088288", "USD", "estimated"),
    ),
)

EVOLINK = (
    Order(
        "text",
        "evolink",
        asked={
            "prompt": "A paper boat",
            "duration": 8,
            "resolution": "1080p",
            "aspect_ratio": "21:9",
            "generate_audio": False,
            "content_filter": False,
            "web_search": True,
            "vendor_options": {"callback_url": CALLBACK},
        },
        wire={
            "model": "seedance-2.0-text-to-video",
            "prompt": "A paper boat",
            "duration": 8,
            "quality": "1080p",
            "aspect_ratio": "21:9",
            "generate_audio": False,
            "content_filter": False,
            "model_params": {"web_search": True},
            "callback_url": CALLBACK,
        },
        told={"model": "seedance-2.0-text-to-video", "progress": 100},
        mode="text",
        cost=("242.88", "credits", "estimated"),
    ),
    Order(
        "first frame",
        "evolink",
        asked={"model": "seedance-2.0-fast", "prompt": "Push in", "first_frame": FIRST, "duration": 5},
        wire={
            "model": "seedance-2.0-fast-image-to-video",
            "prompt": "Push in",
            "image_urls": [FIRST],
            "duration": 5,
            "aspect_ratio": "adaptive",
        },
        told={"model": "seedance-2.0-fast-image-to-video"},
        mode="first_frame",
        cost=("44.75", "credits", "estimated"),
    ),
    Order(
        "first and last frame",
        "evolink",
        asked={
            "model": "seedance-2.0-mini",
            "prompt": "Day turns to night",
            "first_frame": FIRST,
            "last_frame": LAST,
            "duration": 6,
            "resolution": "480p",
        },
        wire={
            "model": "seedance-2.0-mini-image-to-video",
            "prompt": "Day turns to night",
            "image_urls": [FIRST, LAST],
            "duration": 6,
            "quality": "480p",
            "aspect_ratio": "adaptive",
        },
        told={"model": "seedance-2.0-mini-image-to-video"},
        mode="first_last_frame",
        cost=("15.345", "credits", "estimated"),
    ),
    Order(
        "references of every kind",
        "evolink",
        asked={
            "prompt": "@video1 with @image1, music from @audio1",
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "reference_audios": [MP3],
            "duration": 10,
            "resolution": "480p",
            "aspect_ratio": "9:16",
        },
        wire={
            "model": "seedance-2.0-reference-to-video",
            "prompt": "@video1 with @image1, music from @audio1",
            "image_urls": [IMAGE],
            "video_urls": [VIDEO],
            "audio_urls": [MP3],
            "duration": 10,
            "quality": "480p",
            "aspect_ratio": "9:16",
        },
        told={"model": "seedance-2.0-reference-to-video"},
        mode="reference",
        cost=("62.3007", "credits", "estimated"),
    ),
)

ANYFAST = (
    Order(
        "text",
        "anyfast",
        asked={
            "prompt": "A glass frog",
            "duration": 11,
            "resolution": "1080p",
            "aspect_ratio": "9:16",
            "seed": 7,
            "generate_audio": False,
            "watermark": True,
            "return_last_frame": True,
            "web_search": True,
        },
        wire={
            "model": "seedance-2.0",
            "content": [text("A glass frog")],
            "duration": 11,
            "resolution": "1080p",
            "ratio": "9:16",
            "seed": 7,
            "generate_audio": False,
            "watermark": True,
            "return_last_frame": True,
            "tools": [{"type": "web_search"}],
        },
        told={
            "duration": 11,
            "resolution": "1080p",
            "aspect_ratio": "9:16",
            "seed": 7,
            "generate_audio": False,
            "progress": 100,
            "tokens": 1080 * 1920 * 265 // 1024,
        },
        mode="text",
        cost=None,
        last_frame=True,
    ),
    Order(
        "first frame",
        "anyfast",
        asked={
            "model": "seedance-2.0-fast",
            "prompt": "She turns",
            "first_frame": FIRST,
            "aspect_ratio": "adaptive",
        },
        wire={
            "model": "seedance-fast",
            "content": [text("She turns"), part("image", FIRST, "first_frame")],
            "ratio": "adaptive",
        },
        told={"duration": 5, "aspect_ratio": "16:9", "resolution": "720p", "tokens": 108900},
        mode="first_frame",
        cost=None,
    ),
    Order(
        "first and last frame, camera fixed",
        "anyfast",
        asked={
            "model": "seedance-1.5-pro",
            "prompt": "Day becomes night",
            "first_frame": FIRST,
            "last_frame": LAST,
            "duration": 8,
            "camera_fixed": True,
        },
        wire={
            "model": "doubao-seedance-1-5-pro-251215",
            "content": [
                text("Day becomes night"),
                part("image", FIRST, "first_frame"),
                part("image", LAST, "last_frame"),
            ],
            "duration": 8,
            "camera_fixed": True,
        },
        told={"duration": 8, "aspect_ratio": "16:9", "tokens": 173700},
        mode="first_last_frame",
        cost=None,
    ),
    Order(
        "references of every kind, enlarged",
        "anyfast",
        asked={
            "model": "seedance-2.0-ultra",
            "prompt": "@image1 through @video1 while @audio1 plays",
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "reference_audios": [WAV],
            "resolution": "1080p",
            "duration": 10,
        },
        wire={
            "model": "seedance-2.0-ultra",
            "content": [
                text("@image1 through @video1 while @audio1 plays"),
                part("image", IMAGE, "reference_image"),
                part("video", VIDEO, "reference_video"),
                part("audio", WAV, "reference_audio"),
            ],
            "resolution": "1080p",
            "duration": 10,
        },
        told={
            "resolution": "1080p",
            "tokens": 1280 * 720 * 361 // 1024,
            "super_resolution_tokens": 1920 * 1080 * 361 // 1024,
        },
        mode="reference",
        cost=None,
    ),
)

TOAPIS = (
    Order(
        "text",
        "toapis",
        asked={
            "prompt": "A paper boat",
            "duration": 8,
            "resolution": "1080p",
            "aspect_ratio": "16:9",
            "seed": 42,
            "generate_audio": False,
            "return_last_frame": True,
            "web_search": True,
            "vendor_options": {
                "client_business_id": "job-0001",
                "trace_id": "trace-77",
                "callback_url": CALLBACK,
            },
        },
        wire={
            "model": "seedance-2",
            "prompt": "A paper boat",
            "duration": 8,
            "resolution": "1080p",
            "aspect_ratio": "16:9",
            "seed": 42,
            "generate_audio": False,
            "return_last_frame": True,
            "tools": [{"type": "web_search"}],
            "client_business_id": "job-0001",
            "trace_id": "trace-77",
            "callback_url": CALLBACK,
        },
        told={"model": "seedance-2", "progress": 100, "web_searches": 1},
        mode="text",
        cost=("1.566034", "USD", "billed"),
        last_frame=True,
    ),
    Order(
        "first frame, reviewed",
        "toapis",
        asked={
            "model": "seedance-2.0-fast",
            "prompt": "Push in",
            "first_frame": FIRST,
            "duration": 5,
            "vendor_options": {"private_asset_review": True},
        },
        wire={
            "model": "seedance-2-fast",
            "prompt": "Push in",
            "duration": 5,
            "aspect_ratio": "adaptive",
            "image_with_roles": [with_role(FIRST, "first_frame")],
            "private_asset_review": True,
        },
        told={"model": "seedance-2-fast"},
        mode="first_frame",
        cost=("0.316572", "USD", "billed"),
    ),
    Order(
        "first and last frame",
        "toapis",
        asked={"first_frame": FIRST, "last_frame": LAST, "duration": 6, "resolution": "480p"},
        wire={
            "model": "seedance-2",
            "duration": 6,
            "resolution": "480p",
            "aspect_ratio": "adaptive",
            "image_with_roles": [with_role(FIRST, "first_frame"), with_role(LAST, "last_frame")],
        },
        told={"model": "seedance-2"},
        mode="first_last_frame",
        cost=("0.219304", "USD", "billed"),
    ),
    Order(
        "references of every kind",
        "toapis",
        asked={
            "model": "seedance-2.0-mini",
            "prompt": "video 1 with image 1, music from audio 1",
            "reference_images": [IMAGE],
            "reference_videos": [VIDEO],
            "reference_audios": [MP3],
            "duration": 10,
            "resolution": "480p",
            "aspect_ratio": "9:16",
        },
        wire={
            "model": "seedance-2-mini",
            "prompt": "video 1 with image 1, music from audio 1",
            "duration": 10,
            "resolution": "480p",
            "aspect_ratio": "9:16",
            "image_with_roles": [with_role(IMAGE, "reference_image")],
            "video_with_roles": [with_role(VIDEO, "reference_video")],
            "audio_with_roles": [with_role(MP3, "reference_audio")],
        },
        told={"model": "seedance-2-mini"},
        mode="reference",
        cost=("0.166184", "USD", "billed"),
    ),
)

ORDERS = (*MODELARK, *EVOLINK, *ANYFAST, *TOAPIS)

"""The task object as a GET returns it, and the signed links to its results."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State

FAILURES = {
    "moderation": (
        "OutputVideoSensitiveContentDetected",
        "The request failed because the output video may contain sensitive information.",
    ),
    "fail": ("InternalServiceError", "The service encountered an unexpected internal error."),
}


def failure_of(outcome: str | None) -> tuple[str, str]:
    """Code and message of a generation with that outcome."""
    kind, _, medium = (outcome or "fail").partition(":")
    code, message = FAILURES[kind]
    return code.replace("Video", medium.capitalize() or "Video"), message.replace("video", medium or "video")


def request_id() -> str:
    """A random request id in Ark's form: two digits, the time, and random hex digits."""
    return f"02{int(time.time() * 1000):013d}{secrets.token_hex(19)}"


def task_object(generation: Generation, origin: str, vendor_fields: dict[str, Any]) -> dict[str, Any]:
    """The task object; ``vendor_fields`` are the fields in which ModelArk and AnyFast differ."""
    order = generation.order
    task: dict[str, Any] = {"id": generation.id, "model": order.model, "status": generation.phase.value}
    task["created_at"], task["updated_at"] = int(generation.created_at), int(generation.updated_at)
    if generation.phase is Phase.FAILED:
        code, message = failure_of(generation.outcome)
        task["error"] = {"code": code, "message": f"{message} Request id: {request_id()}"}
    if generation.phase is Phase.SUCCEEDED:
        task["content"] = {"video_url": origin + generation.links["video"]}
        if "last_frame" in generation.links:
            task["content"]["last_frame_url"] = origin + generation.links["last_frame"]
        task["usage"] = {"completion_tokens": order.price, "total_tokens": order.price}
        task.update(seed=order.seed, resolution=order.resolution, ratio=order.ratio, framespersecond=24)
        if "frames" not in vendor_fields:
            task["duration"] = order.seconds
    return {**task, **vendor_fields}


def publish_results(state: State, generation: Generation) -> None:
    """Publish the video and the last frame under signed links, which are valid for GET only."""
    path = publish_video(state, generation, "first")
    if generation.order.last_frame:
        state.publish(
            generation, "last_frame", f"{path}.png", _signature(state, generation), head_allowed=False
        )


def publish_video(state: State, generation: Generation, position: str) -> str:
    """Publish the video under one link, ``first`` or ``second``; returns its path without the suffix."""
    order = generation.order
    path = f"/media/{generation.vendor}/{order.model}/{state.token(32, '0123456789abcdef')}"
    query = _signature(state, generation)
    state.publish(
        generation, "video", f"{path}.{order.container}", query, head_allowed=False, position=position
    )
    return path


def _signature(state: State, generation: Generation) -> str:
    moment = datetime.fromtimestamp(generation.updated_at, timezone.utc)
    return urlencode(
        {
            "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
            "X-Tos-Credential": f"AKTPemulator/{moment:%Y%m%d}/ap-southeast-1/tos/request",
            "X-Tos-Date": f"{moment:%Y%m%dT%H%M%SZ}",
            "X-Tos-Expires": str(int(state.settings.link_seconds)),
            "X-Tos-Signature": state.token(64, "0123456789abcdef"),
            "X-Tos-SignedHeaders": "host",
        }
    )

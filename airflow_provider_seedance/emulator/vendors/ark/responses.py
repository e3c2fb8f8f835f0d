"""Ark's task object and where its results lie; AnyFast nests the same object."""

from __future__ import annotations

import json
import secrets
import time
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import World

FAILURES = {
    "moderation": (
        "OutputVideoSensitiveContentDetected",
        "The request failed because the output video may contain sensitive information.",
    ),
    "fail": ("InternalServiceError", "The service encountered an unexpected internal error."),
}


def request_id() -> str:
    """A trace id as Ark makes them: two digits, the time, random hex."""
    return f"02{int(time.time() * 1000):013d}{secrets.token_hex(19)}"


def json_bytes(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def task_object(generation: Generation, origin: str, owned: dict[str, Any]) -> dict[str, Any]:
    """The task as GET answers it; ``owned`` are the fields that depend on who asks."""
    order = generation.order
    task: dict[str, Any] = {"id": generation.id, "model": order.model, "status": generation.phase.value}
    task["created_at"], task["updated_at"] = int(generation.created_at), int(generation.updated_at)
    if generation.phase is Phase.FAILED:
        code, message = FAILURES[generation.fate or "fail"]
        task["error"] = {"code": code, "message": f"{message} Request id: {request_id()}"}
    if generation.phase is Phase.SUCCEEDED:
        task["content"] = {"video_url": origin + generation.links["video"]}
        if "last_frame" in generation.links:
            task["content"]["last_frame_url"] = origin + generation.links["last_frame"]
        task["usage"] = {"completion_tokens": order.price, "total_tokens": order.price}
        task.update(seed=order.seed, resolution=order.resolution, ratio=order.ratio, framespersecond=24)
        if "frames" not in owned:
            task["duration"] = order.seconds
    return {**task, **owned}


def publish_results(world: World, generation: Generation) -> None:
    """Put video and last frame under signed links; the signature holds for GET only."""
    order = generation.order
    stem = f"/media/{generation.vendor}/{order.model}/{world.token(32, '0123456789abcdef')}"
    world.publish(
        generation, "video", f"{stem}.{order.container}", _signature(world, generation), head_allowed=False
    )
    if order.last_frame:
        world.publish(
            generation, "last_frame", f"{stem}.png", _signature(world, generation), head_allowed=False
        )


def _signature(world: World, generation: Generation) -> str:
    moment = datetime.fromtimestamp(generation.updated_at, timezone.utc)
    return urlencode(
        {
            "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
            "X-Tos-Credential": f"AKTPemulator/{moment:%Y%m%d}/ap-southeast-1/tos/request",
            "X-Tos-Date": f"{moment:%Y%m%dT%H%M%SZ}",
            "X-Tos-Expires": str(int(world.settings.link_seconds)),
            "X-Tos-Signature": world.token(64, "0123456789abcdef"),
            "X-Tos-SignedHeaders": "host",
        }
    )

"""EvoLink: one create path for nine model ids, whose names choose the mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media, is_web_url
from airflow_provider_seedance.emulator.media.sizes import RATIOS, SIZES
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.callbacks import Delivery, is_loopback, is_private
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase, Picture
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors import limits
from airflow_provider_seedance.emulator.vendors.ark.parameters import MOST_SEED, is_whole
from airflow_provider_seedance.emulator.vendors.ark.responses import json_bytes
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, INVALID_KEY, Call, Endpoint, Refusal
from airflow_provider_seedance.emulator.vendors.evolink.files import FileService

_PREFIX = "task-unified-"
_SLOWNESS = 1.3
_QUEUE_SECONDS = 6.0
_START_CREDITS = 1_000_000.0
_CALLBACK_PAUSES = (1.0, 2.0, 4.0)
_CALLBACK_TIMEOUT = 10.0
_STATUS = {
    Phase.QUEUED: "pending",
    Phase.RUNNING: "processing",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
}


@dataclass(frozen=True)
class _Tier:
    """What the part of the model id between family and mode stands for."""

    qualities: tuple[str, ...]
    speed: str
    estimate: int
    rates: dict[str, float]
    """Credits per second."""
    video_factor: float
    web_search: bool


_TIERS = {
    "": _Tier(
        ("480p", "720p", "1080p"), "2.0", 165, {"480p": 5.115, "720p": 11.05, "1080p": 27.6}, 0.609, True
    ),
    "fast-": _Tier(("480p", "720p"), "2.0-fast", 120, {"480p": 4.14315, "720p": 8.95}, 0.595, True),
    "mini-": _Tier(("480p", "720p"), "2.0-mini", 110, {"480p": 2.5575, "720p": 5.52}, 0.6, False),
}
_MODELS = {
    f"seedance-2.0-{tier}{mode}-to-video": (mode, _TIERS[tier])
    for tier in _TIERS
    for mode in ("text", "image", "reference")
}
_MOST_MEDIA = {
    "text": {"image_urls": 0, "video_urls": 0, "audio_urls": 0},
    "image": {"image_urls": 2, "video_urls": 0, "audio_urls": 0},
    "reference": {"image_urls": 9, "video_urls": 3, "audio_urls": 3},
}
_KINDS = {"image_urls": "image", "video_urls": "video", "audio_urls": "audio"}

_STOCK_ERRORS = {
    400: ("invalid_request", "invalid_request_error", "Invalid request parameters"),
    401: ("unauthorized", "authentication_error", "Invalid or expired token"),
    402: ("insufficient_quota", "insufficient_quota", "Insufficient quota. Please top up your account."),
    403: (
        "model_access_denied",
        "invalid_request_error",
        "Token does not have access to the specified model",
    ),
    404: ("task_not_found", "invalid_request_error", "The requested task could not be found"),
    429: ("rate_limit_exceeded", "rate_limit_error", "Too many requests, please try again later"),
    500: ("internal_error", "api_error", "Internal server error"),
    502: ("upstream_error", "upstream_error", "Upstream AI service unavailable"),
    503: ("service_unavailable", "service_unavailable_error", "Service temporarily unavailable"),
}
_FAILURES = {
    "moderation": (
        "content_policy_violation",
        "Content policy violation.\nYour request was blocked by safety filters.",
    ),
    "fail": ("service_error", "The service is temporarily unavailable. Please try again later."),
    "media": ("image_processing_error", "A media URL could not be fetched or read."),
    "limits": ("invalid_parameters", "A media file is outside the limits."),
}


class EvoLink:
    """Video, balance and file service, all below one address."""

    name = "evolink"

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths; those of the file service have a host of their own at the real vendor."""
        return (
            Endpoint("POST", "/v1/videos/generations", self._create, "create"),
            Endpoint("GET", "/v1/tasks/{id}", self._get, "get"),
            Endpoint("GET", "/v1/credits", self._credits),
            *FileService(self.name, _account).endpoints(),
        )

    def refusal(self, status: int) -> Refusal:
        """EvoLink's usual error with that status."""
        return _refuse(status)

    def observe(self, world: World, generation: Generation) -> None:
        """Publish what succeeded; tell the callback about the end, once."""
        if generation.phase is Phase.SUCCEEDED:
            day = datetime.fromtimestamp(generation.updated_at, timezone.utc)
            name = world.token(32, "0123456789abcdef")
            path = f"/media/{self.name}/{world.token(12).upper()}/videos/{day:%Y/%m/%d}/{name}.mp4"
            world.publish(generation, "video", path, "", head_allowed=True)
        order = generation.order
        if order.callback and generation.phase.is_final:
            body = json_bytes(_task(generation, order.origin, generation.updated_at))
            world.send(
                Delivery(self.name, generation.id, order.callback, body, _CALLBACK_PAUSES, _CALLBACK_TIMEOUT)
            )

    def _create(self, call: Call) -> Response:
        account = _account(call)
        body = call.json_object()
        if body is None:
            raise _refuse(400, message="Request body is not a valid JSON object")
        name = body.get("model")
        if not isinstance(name, str) or name not in _MODELS:
            raise _refuse(403)
        mode, tier = _MODELS[name]
        _check(body, mode, tier)
        if call.fault and call.fault.kind == "moderation":
            raise _refuse(400, code="content_policy_violation", message=_FAILURES["moderation"][1])
        if account == EMPTY_KEY:
            raise _refuse(402)
        order, fate = _order(call, account, body)
        generation_id = call.world.unused_id(self.name, f"{_PREFIX}{int(call.now)}-", 8)
        generation = call.world.submit(self.name, generation_id, order, call.fault, fate=fate)
        return JSONResponse(_task(generation, call.origin, call.now))

    def _get(self, call: Call) -> Response:
        account = _account(call)
        wanted = call.path("id")
        if not wanted.startswith(_PREFIX):
            text = f"Invalid task ID format, must start with '{_PREFIX}'"
            raise _refuse(400, code="invalid_task_id", message=text, param="task_id")
        generation = call.world.find(self.name, wanted)
        if generation is None:
            raise _refuse(404)
        if generation.order.account != account:
            raise _refuse(403, code="permission_denied", message="no permission for this task")
        call.world.doom(generation, call.fault)
        return JSONResponse(_task(generation, call.origin, call.now))

    def _credits(self, call: Call) -> Response:
        account = _account(call)
        used = round(call.world.spent(self.name, account), 4)
        left = 0.0 if account == EMPTY_KEY else round(_START_CREDITS - used, 4)
        purse = {"remaining_credits": left, "used_credits": used}
        data = {"token": {**purse, "unlimited_credits": False}, "user": purse}
        return JSONResponse({"success": True, "message": "", "data": data})


def _check(body: dict[str, Any], mode: str, tier: _Tier) -> None:
    """Fields, then media, then the rules between them."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise _bad("prompt", "prompt is required")
    if not is_whole(body.get("duration", 5), 4, 15):
        raise _bad("duration", "duration must be an integer between 4 and 15")
    if body.get("quality", "720p") not in ("480p", "720p", "1080p"):
        raise _bad("quality", "quality must be one of 480p, 720p, 1080p")
    if body.get("aspect_ratio", "adaptive") not in (*RATIOS, "adaptive"):
        raise _bad("aspect_ratio", "aspect_ratio is not supported")
    for name in ("generate_audio", "content_filter"):
        if not isinstance(body.get(name, True), bool):
            raise _bad(name, f"{name} must be a boolean")
    _check_media(body, mode)
    if body.get("quality", "720p") not in tier.qualities:
        raise _bad("quality", "1080p is only supported by the standard tier")
    _check_model_params(body.get("model_params", {}), mode, tier)
    callback = body.get("callback_url")
    if callback is not None and not _is_callback(callback):
        raise _bad("callback_url", "callback_url must be a public https URL of at most 2048 characters")


def _check_media(body: dict[str, Any], mode: str) -> None:
    for name, most in _MOST_MEDIA[mode].items():
        urls = body.get(name, [])
        if not isinstance(urls, list) or not all(isinstance(url, str) and is_web_url(url) for url in urls):
            raise _bad(name, f"{name} must be a list of public URLs")
        if urls and not most:
            raise _bad(name, f"{name} is not supported by this model")
        if len(urls) > most:
            raise _bad(name, f"{name} accepts at most {most} items")
    if mode == "image" and not body.get("image_urls"):
        raise _bad("image_urls", "image_urls requires 1 to 2 items")
    if mode == "reference" and not body.get("image_urls") and not body.get("video_urls"):
        name = "audio_urls" if body.get("audio_urls") else "image_urls"
        raise _bad(name, "at least one image or video is required")


def _check_model_params(value: Any, mode: str, tier: _Tier) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("web_search", False), bool):
        raise _bad("model_params", "model_params must be an object with a boolean web_search")
    if value.get("web_search") and (mode != "text" or not tier.web_search):
        raise _bad("model_params", "web_search is not supported by this model")


def _is_callback(url: Any) -> bool:
    """Public https; loopback stands in for it here, since a test has nothing else."""
    if not isinstance(url, str) or len(url) > 2048 or not is_web_url(url):
        return False
    return is_loopback(url) or (url.startswith("https://") and not is_private(url))


def _order(call: Call, account: str, body: dict[str, Any]) -> tuple[Order, str | None]:
    """The accepted order; bad media do not refuse it, they make it fail later."""
    mode, tier = _MODELS[body["model"]]
    media, fate = _look_at(call, body)
    seconds, quality = body.get("duration", 5), body.get("quality", "720p")
    ratio = body.get("aspect_ratio", "adaptive")
    ratio = limits.adaptive_ratio(media) if ratio == "adaptive" else ratio
    rng = call.world.rng
    order = Order(
        account=account,
        model=body["model"],
        mode=_mode(body, mode),
        prompt=body["prompt"],
        resolution=quality,
        ratio=ratio,
        size=SIZES["2.0"][quality][ratio],
        frames=24 * seconds + 1,
        audio=body.get("generate_audio", True),
        last_frame=False,
        seed=rng.randrange(MOST_SEED),
        price=_price(body, tier, seconds, quality, limits.video_seconds(media)),
        unit="credits",
        wait=latency.around(rng, _QUEUE_SECONDS),
        run=latency.draw(rng, family=tier.speed, resolution=quality, seconds=seconds, factor=_SLOWNESS),
        origin=call.origin,
        input_seconds=limits.video_seconds(media),
        pictures=_pictures(media, mode),
        callback=body.get("callback_url"),
        echo={"estimate": tier.estimate},
    )
    return order, fate


def _look_at(call: Call, body: dict[str, Any]) -> tuple[list[Media], str | None]:
    found = []
    for name, kind in _KINDS.items():
        for url in body.get(name, []):
            try:
                found.append(call.store.find(url, kind, call.host))
            except BadMedia:
                return found, "media"
    return found, "limits" if limits.complaints(found) else None


def _mode(body: dict[str, Any], mode: str) -> str:
    if mode == "image":
        return "first_frame" if len(body["image_urls"]) == 1 else "first_last_frame"
    return mode


def _pictures(media: Sequence[Media], mode: str) -> tuple[Picture, ...]:
    images = [item for item in media if item.kind == "image"]
    roles = ["first_frame", "last_frame"] if mode == "image" else ["reference_image"] * len(images)
    return tuple(Picture(role, item.load) for role, item in zip(roles, images) if item.load)  # noqa: B905  one image


def _price(body: dict[str, Any], tier: _Tier, seconds: int, quality: str, input_seconds: float) -> float:
    rate = tier.rates[quality]
    if input_seconds:
        rate, seconds = rate * tier.video_factor, int(max(input_seconds, seconds) + seconds)
    surcharge = 1.0 if body.get("content_filter", True) else 1.1
    return round(rate * seconds * surcharge, 4)


def _task(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    """The task object; which members it has depends on the state."""
    order, phase = generation.order, generation.phase
    task: dict[str, Any] = {
        "id": generation.id,
        "object": "video.generation.task",
        "created": int(generation.created_at),
        "model": order.model,
        "status": _STATUS[phase],
        "progress": generation.progress(now),
        "type": "video",
        "task_info": {"can_cancel": not phase.is_final},
    }
    if phase is Phase.QUEUED:
        task["task_info"].update(estimated_time=order.echo["estimate"], video_duration=order.seconds)
    if phase in (Phase.QUEUED, Phase.SUCCEEDED):
        usage = {"billing_rule": "per_second", "credits_reserved": order.price, "user_group": "default"}
        task["usage"] = usage
    if phase is Phase.SUCCEEDED:
        task["results"] = [origin + generation.links["video"]]
    if phase is Phase.FAILED:
        code, message = _FAILURES[generation.fate or "fail"]
        task["error"] = {"code": code, "message": message, "type": "task_error"}
    return task


def _account(call: Call) -> str:
    if call.key is None or call.key == INVALID_KEY:
        raise _refuse(401)
    return call.key


def _bad(param: str, message: str) -> Refusal:
    return _refuse(400, message=message, param=param)


def _refuse(
    status: int, *, code: str | None = None, message: str | None = None, param: str | None = None
) -> Refusal:
    stock_code, kind, text = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
    error = {"code": code or stock_code, "message": message or text, "type": kind}
    if param:
        error["param"] = param
    return Refusal(status, {"error": error})

"""ToAPIs: creates that can be looked up by the caller's own id, and signed webhooks."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.callbacks import Delivery
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase, Picture
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors import limits
from airflow_provider_seedance.emulator.vendors.ark.parameters import MOST_SEED, tokens
from airflow_provider_seedance.emulator.vendors.ark.responses import json_bytes
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, INVALID_KEY, Call, Endpoint, Refusal
from airflow_provider_seedance.emulator.vendors.toapis.assets import NAME, AssetService, find_asset
from airflow_provider_seedance.emulator.vendors.toapis.requests import (
    MODELS,
    PIXELS,
    Model,
    Roles,
    business_id_in,
    check,
    refuse,
    roles_in,
)

_PATH = "/v1/videos/generations"
_SLOWNESS = 1.2
_QUEUE_SECONDS = 6.0
_REVIEW_SECONDS = 60.0
_START_CREDITS = 1_000_000.0
_CREDITS_PER_USD = 200
_WEBHOOK_PAUSES = (10.0, 60.0, 300.0, 1800.0)
_WEBHOOK_TIMEOUT = 10.0
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_UNIT_OF_USD = Decimal("0.000002")

_STATUS = {
    Phase.QUEUED: "queued",
    Phase.RUNNING: "in_progress",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
}
_FAILURES = {
    "moderation": "生成失败: 内容违反了内容政策",
    "fail": "call upstream API failed: upstream returned status 500",
    "review": "private asset review failed: media could not be fetched",
}


class ToApis:
    """Video, balances, uploads and private avatars."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths."""
        return (
            Endpoint("POST", _PATH, self._create, "create"),
            Endpoint("GET", _PATH + "/{id}", self._get, "get"),
            *(Endpoint("GET", path, self._key_balance) for path in ("/v1/balance", "/balance")),
            *(Endpoint("GET", path, self._user_balance) for path in ("/v1/user/balance", "/user/balance")),
            Endpoint("GET", "/v1/models", self._models),
            *AssetService(_account).endpoints(),
        )

    def refusal(self, status: int) -> Refusal:
        """ToAPIs' usual error with that status."""
        return refuse(status)

    def observe(self, world: World, generation: Generation) -> None:
        """Publish what succeeded; send the signed webhook at the end."""
        order = generation.order
        if generation.phase is Phase.SUCCEEDED:
            name = world.token(32, "0123456789abcdef")
            world.publish(generation, "video", f"/media/{NAME}/videos/{name}.mp4", "", head_allowed=True)
            if order.last_frame:
                world.publish(
                    generation, "last_frame", f"/media/{NAME}/images/{name}_last.png", "", head_allowed=True
                )
        if order.callback and generation.phase.is_final:
            world.send(_webhook(world, generation))

    def _create(self, call: Call) -> Response:
        account = _account(call)
        body = call.json_object()
        if body is None:
            raise refuse(400, "invalid request body")
        business_id = business_id_in(body)
        known = _by_business_id(call.world, account, business_id)
        if known is not None:
            return JSONResponse(_task(known, call.origin, call.now))
        name = body.get("model", "seedance-2")
        if not isinstance(name, str) or name not in MODELS:
            text = f"no available channel for model {name}"
            raise Refusal(
                503, {"error": {"code": "model_not_found", "message": text, "type": "new_api_error"}}
            )
        if business_id is not None:
            body["client_business_id"] = business_id
        roles = check(body, MODELS[name])
        media, fate = _look_at(call, account, body, roles)
        if call.fault and call.fault.kind == "moderation":
            raise refuse(422)
        if account == EMPTY_KEY:
            raise refuse(402)
        order = _order(call, account, body, media)
        generation_id = call.world.unused_id(NAME, "tsk_vid_01", 24, _CROCKFORD)
        generation = call.world.submit(NAME, generation_id, order, call.fault, fate=fate)
        return JSONResponse({**_task(generation, call.origin, call.now), "metadata": {}})

    def _get(self, call: Call) -> Response:
        account = _account(call, integer=True)
        wanted = call.path("id")
        generation = call.world.find(NAME, wanted)
        if generation is None or generation.order.account != account:
            generation = _by_business_id(call.world, account, wanted)
        if generation is None:
            raise refuse(404, integer=True)
        call.world.doom(generation, call.fault)
        return JSONResponse(_task(generation, call.origin, call.now))

    def _key_balance(self, call: Call) -> Response:
        return JSONResponse({**_purse(call), "unlimited_quota": False})

    def _user_balance(self, call: Call) -> Response:
        return JSONResponse(_purse(call))

    def _models(self, call: Call) -> Response:
        _account(call)
        data = [{"id": name, "object": "model", "supported_endpoint_types": ["video"]} for name in MODELS]
        return JSONResponse({"success": True, "object": "list", "data": data})


# --- the order -------------------------------------------------------------------------------------------


def _look_at(call: Call, account: str, body: dict[str, Any], roles: Roles) -> tuple[list[Media], str | None]:
    """The media; with a review, bad ones do not refuse the request but make it fail later."""
    found = []
    for kind, _, url in roles:
        try:
            if url.startswith("asset://"):
                found.append(find_asset(call, account, url.removeprefix("asset://"), kind))
            elif url.startswith("data:") and kind == "video":
                raise BadMedia("form", "base64 video is not allowed")
            else:
                found.append(call.store.find(url, kind, call.host))
        except BadMedia as bad:
            if body.get("private_asset_review"):
                return [], "review"
            text = (
                f"UnsupportedImageFormat: {bad}" if bad.reason == "format" and kind == "image" else str(bad)
            )
            raise refuse(400, text) from bad
    complaint = limits.complaints(found)
    if complaint:
        raise refuse(400, f"InvalidParameter: {complaint}")
    return found, None


def _order(call: Call, account: str, body: dict[str, Any], media: list[Media]) -> Order:
    name = body.get("model", "seedance-2")
    model, rng = MODELS[name], call.world.rng
    duration = body.get("duration", 0 if model.auto_duration else 5)
    seconds = duration if duration > 0 else rng.randint(4, 10)
    resolution, ratio = body.get("resolution", "720p"), body.get("aspect_ratio", "adaptive")
    ratio = limits.adaptive_ratio(media) if ratio == "adaptive" else ratio
    size, frames, seed = PIXELS[resolution][ratio], 24 * seconds + 1, body.get("seed", -1)
    input_seconds = limits.video_seconds(media)
    usd = _usd(model, resolution, tokens(size, frames, input_seconds), with_video=input_seconds > 0)
    roles = roles_in(body)
    image_roles = [role for kind, role, _ in roles if kind == "image"]
    images = [item for item in media if item.kind == "image"]
    review = _REVIEW_SECONDS if body.get("private_asset_review") else 0.0
    return Order(
        account=account,
        model=name,
        mode=_mode([role for _, role, _ in roles]),
        prompt=body.get("prompt", ""),
        resolution=resolution,
        ratio=ratio,
        size=size,
        frames=frames,
        audio=body.get("generate_audio", True),
        last_frame=body.get("return_last_frame", False),
        seed=rng.randrange(MOST_SEED) if seed == -1 else seed,
        price=float(usd * _CREDITS_PER_USD),
        unit="credits",
        wait=review + latency.around(rng, _QUEUE_SECONDS),
        run=latency.draw(rng, family=model.speed, resolution=resolution, seconds=seconds, factor=_SLOWNESS),
        origin=call.origin,
        input_seconds=input_seconds,
        pictures=tuple(
            Picture(role, item.load) for role, item in zip(image_roles, images, strict=False) if item.load
        ),
        callback=body.get("callback_url"),
        echo={
            "business_id": body.get("client_business_id"),
            "trace_id": body.get("trace_id"),
            "usd": usd,
            "searches": 1 if body.get("tools") else 0,
        },
    )


def _mode(roles: list[str]) -> str:
    if "last_frame" in roles:
        return "first_last_frame"
    if "first_frame" in roles:
        return "first_frame"
    return "reference" if roles else "text"


def _usd(model: Model, resolution: str, amount: int, *, with_video: bool) -> Decimal:
    """Floored to the vendor's smallest unit, a 500,000th of a dollar."""
    rate = Decimal(model.rates[resolution][1 if with_video else 0])
    return (amount * rate / 1_000_000 / _UNIT_OF_USD).to_integral_value(ROUND_DOWN) * _UNIT_OF_USD


def _by_business_id(world: World, account: str, business_id: str | None) -> Generation | None:
    if business_id is None:
        return None
    mine = world.of_account(NAME, account)
    return next((found for found in mine if found.order.echo["business_id"] == business_id), None)


# --- the answers -----------------------------------------------------------------------------------------


def _task(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    order, phase = generation.order, generation.phase
    task: dict[str, Any] = {"id": generation.id}
    if order.echo["business_id"]:
        task["client_business_id"] = order.echo["business_id"]
    task |= {
        "object": "generation.task",
        "model": order.model,
        "status": _STATUS[phase],
        "progress": generation.progress(now),
        "created_at": int(generation.created_at),
    }
    if phase is Phase.SUCCEEDED:
        item = {"url": origin + generation.links["video"], "format": "mp4"}
        if "last_frame" in generation.links:
            item["last_frame_url"] = origin + generation.links["last_frame"]
        task["completed_at"] = int(generation.updated_at)
        task["expires_at"] = int(generation.links_expire_at or 0)
        task["result"] = {"type": "video", "data": [item]}
        if order.echo["searches"]:
            task["usage"] = {"tool_usage": {"web_search": order.echo["searches"]}}
        usd = order.echo["usd"]
        task["billing"] = {
            "status": "settled",
            "credits": _plain(usd * _CREDITS_PER_USD),
            "cost_usd": _plain(usd),
        }
    if phase is Phase.FAILED:
        task["error"] = {"code": "generation_failed", "message": _FAILURES[generation.fate or "fail"]}
        task["billing"] = {"status": "refunded", "credits": "0", "cost_usd": "0"}
    return task


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _webhook(world: World, generation: Generation) -> Delivery:
    """The final event; id and body stay the same over all attempts, the timestamp does not.

    The timestamp is wall time, since receivers compare it with their own clock.
    """
    order, completed = generation.order, generation.phase is Phase.SUCCEEDED
    data = {
        "task_id": generation.id,
        "task_type": "video",
        "model": order.model,
        "status": _STATUS[generation.phase],
    }
    for name, value in (
        ("client_business_id", order.echo["business_id"]),
        ("trace_id", order.echo["trace_id"]),
    ):
        if value:
            data[name] = value
    event_id = f"evt_01{world.token(24, _CROCKFORD)}"
    kind = "generation.completed" if completed else "generation.failed"
    body = json_bytes({"id": event_id, "type": kind, "data": data})

    def headers(sent: bytes) -> dict[str, str]:
        moment = str(int(world.clock.wall()))
        message = f"{event_id}.{moment}.".encode() + sent
        secret = world.settings.webhook_secret.encode()
        return {
            "X-ToAPIs-Webhook-Id": event_id,
            "X-ToAPIs-Webhook-Timestamp": moment,
            "X-ToAPIs-Webhook-Signature": f"v1={hmac.new(secret, message, hashlib.sha256).hexdigest()}",
        }

    return Delivery(
        NAME, generation.id, str(order.callback), body, _WEBHOOK_PAUSES, _WEBHOOK_TIMEOUT, headers
    )


def _purse(call: Call) -> dict[str, Any]:
    account = _account(call, integer=True)
    used = round(call.world.spent(NAME, account), 4)
    left = 0.0 if account == EMPTY_KEY else _START_CREDITS - used
    return {
        "success": True,
        "remain_balance": round(left / _CREDITS_PER_USD, 6),
        "used_balance": round(used / _CREDITS_PER_USD, 6),
        "remain_credits": round(left, 4),
        "used_credits": used,
        "credits_per_usd": _CREDITS_PER_USD,
    }


def _account(call: Call, *, integer: bool = False) -> str:
    if call.key is None or call.key == INVALID_KEY:
        raise refuse(401, integer=integer)
    return call.key

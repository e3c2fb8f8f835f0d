"""AnyFast: a gateway that wraps Ark's task in an envelope of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.media.sizes import SIZES
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors.anyfast.assets import NAME, AssetActions
from airflow_provider_seedance.emulator.vendors.anyfast.models import ANYFAST_MODELS
from airflow_provider_seedance.emulator.vendors.ark.content import (
    ArkError,
    Content,
    Part,
    check_counts,
    fetch_media,
    invalid,
    read_content,
)
from airflow_provider_seedance.emulator.vendors.ark.parameters import Parameters, tokens
from airflow_provider_seedance.emulator.vendors.ark.responses import (
    FAILURES,
    publish_results,
    request_id,
    task_object,
)
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, INVALID_KEY, Call, Endpoint, Refusal

_PATH = "/v1/video/generations"
_SLOWNESS = 1.15
_QUEUE_SECONDS = 6.0
_ACCEPTED_SECONDS = 2.0
_CHINA_TIME = timezone(timedelta(hours=8))
_ORDER_OF_PARTS = {"text": 0, "image_url": 1, "video_url": 2, "audio_url": 3}
_STATUS = {
    Phase.QUEUED: "QUEUED",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.SUCCEEDED: "SUCCESS",
    Phase.FAILED: "FAILURE",
}
_ACTIONS = {
    "text": "generate",
    "first_frame": "generate",
    "first_last_frame": "firstTailGenerate",
    "reference": "referenceGenerate",
}
_STOCK_ERRORS = {
    400: {"code": "invalid_request", "message": "invalid request"},
    403: {"code": "insufficient_user_quota", "message": "user quota is not enough", "data": None},
    404: {"error": {"message": "upstream_error: [NotFound.id] The specified resource is not found."}},
    429: {"code": "fail_to_fetch_task", "data": None},
    500: {"code": "do_request_failed", "message": "do request failed", "data": None},
}


class AnyFast:
    """Create, query, and the asset library; nothing can be listed or cancelled."""

    name = NAME

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths."""
        return (
            Endpoint("POST", _PATH, self._create, "create"),
            Endpoint("GET", _PATH + "/{id}", self._get, "get"),
            Endpoint("GET", "/v1/models", self._models),
            Endpoint("POST", "/volc/asset/{action}", AssetActions(_account).answer),
        )

    def refusal(self, status: int) -> Refusal:
        """AnyFast's usual error with that status."""
        if status == 401:
            return _gateway_error(401, "invalid_api_key", "Invalid token")
        if status == 429:
            text = "The requests per minute (RPM) limit of the endpoint is exceeded."
            return _relayed(ArkError("RateLimitExceeded.EndpointRPMExceeded", text), 429, "TooManyRequests")
        return Refusal(status, _STOCK_ERRORS.get(status, _STOCK_ERRORS[500]))

    def observe(self, world: World, generation: Generation) -> None:
        """Publish what succeeded; there are no callbacks."""
        if generation.phase is Phase.SUCCEEDED:
            publish_results(world, generation)

    def _create(self, call: Call) -> Response:
        account = _account(call)
        body = call.json_object()
        if body is None:
            raise _plain(400, "invalid_request", "invalid JSON body")
        name = body.get("model")
        if not isinstance(name, str) or not name:
            raise _plain(400, "invalid_request", "model is required")
        if name not in ANYFAST_MODELS:
            raise _plain(400, "model_mapping_failed", f"model {name} is not available")
        try:
            order = _read(call, account, name, body)
        except ArkError as error:
            raise _relayed(error) from error
        if call.fault and call.fault.kind == "moderation":
            text = "The request failed because the input text may contain sensitive information."
            raise _relayed(ArkError("InputTextSensitiveContentDetected", text))
        if account == EMPTY_KEY:
            raise self.refusal(403)
        generation = call.world.submit(NAME, call.world.unused_id(NAME, "asyntask_", 32), order, call.fault)
        return JSONResponse(
            {
                "id": generation.id,
                "task_id": generation.id,
                "object": "video",
                "model": name,
                "status": "",
                "progress": 0,
                "created_at": int(generation.created_at),
            }
        )

    def _get(self, call: Call) -> Response:
        account = _account(call)
        generation = call.world.find(NAME, call.path("id"))
        if generation is None or generation.order.account != account:
            raise Refusal(400, {"code": "task_not_exist", "message": "task_not_exist", "data": None})
        call.world.doom(generation, call.fault)
        return JSONResponse(
            {"code": "success", "message": "", "data": _envelope(generation, call.origin, call.now)}
        )

    def _models(self, call: Call) -> Response:
        _account(call)
        data = [{"id": name, "object": "model", "owned_by": "bytedance"} for name in ANYFAST_MODELS]
        return JSONResponse({"object": "list", "data": data})


def _read(call: Call, account: str, name: str, body: dict[str, Any]) -> Order:
    model = ANYFAST_MODELS[name]
    if "content" not in body:
        raise ArkError("MissingParameter", "The request failed because it is missing `content`.", "content")
    content = read_content(body["content"])
    _check_order_of_parts(body["content"])
    check_counts(content, model)
    if name.startswith("doubao-"):
        body = {"ratio": "16:9", **body}
        if not content.prompt.strip():
            raise invalid("content must hold a text part.")
    ultra = name == "seedance-2.0-ultra"
    if ultra and "resolution" not in body:
        raise ArkError(
            "MissingParameter", "The request failed because it is missing `resolution`.", "resolution"
        )
    parameters = Parameters(body, model, content)
    parameters.check()
    searches = model.tools and content.mode == "text" and body.get("tools") == [{"type": "web_search"}]
    if body.get("tools") and not searches:
        raise parameters.wrong("tools")
    if (
        model.family == "2.5"
        and content.mode == "first_frame"
        and body.get("ratio", "adaptive") != "adaptive"
    ):
        raise parameters.wrong("ratio")
    media = fetch_media(
        content,
        model,
        lambda url, kind: call.store.find(url, kind, call.host),
        lambda part: _asset(call, account, part),
    )
    return _order(call, account, name, body, content, parameters, media)


def _order(
    call: Call,
    account: str,
    name: str,
    body: dict[str, Any],
    content: Content,
    parameters: Parameters,
    media: dict[int, Media],
) -> Order:
    model, rng = ANYFAST_MODELS[name], call.world.rng
    result = parameters.resolve(media, rng)
    final_tokens = result.tokens
    super_tokens = 0
    if name == "seedance-2.0-ultra":
        super_tokens = final_tokens
        final_tokens = tokens(SIZES["2.0"]["720p"][result.ratio], result.frames, result.input_seconds)
    moment = datetime.fromtimestamp(call.now, _CHINA_TIME).strftime("%Y%m%d%H%M%S")
    return Order(
        account=account,
        model=name,
        mode=content.mode,
        prompt=content.prompt,
        resolution=result.resolution,
        ratio=result.ratio,
        size=result.size,
        frames=result.frames,
        audio=result.audio,
        last_frame=result.last_frame,
        seed=result.seed,
        price=final_tokens + super_tokens,
        unit="tokens",
        wait=latency.around(rng, _QUEUE_SECONDS),
        run=latency.draw(
            rng,
            family=model.speed,
            resolution=result.resolution,
            seconds=result.frames // 24,
            factor=_SLOWNESS,
        ),
        origin=call.origin,
        input_seconds=result.input_seconds,
        pictures=result.pictures,
        echo={
            "inner_id": f"cgt-{moment}-{call.world.token(5)}",
            "upstream": "doubao-" + model.id.removeprefix("dreamina-").removeprefix("doubao-"),
            "audio": model.audio,
            "super_tokens": super_tokens,
            "request_id": f"{datetime.now():%Y%m%d%H%M%S}{call.world.token(16)}",
        },
    )


def _check_order_of_parts(items: list[dict[str, Any]]) -> None:
    """Text, then all images, then all videos, then all audios."""
    ranks = [_ORDER_OF_PARTS.get(item["type"], 0) for item in items]
    if ranks != sorted(ranks):
        raise invalid("contents must be ordered: text, image_url, video_url, audio_url.")


def _asset(call: Call, account: str, part: Part) -> Media:
    at = f"content[{part.place}].{part.field}.url"
    asset_id = part.url.partition("://")[2]
    asset = call.world.library(NAME).asset(asset_id, account)
    if asset is None:
        raise invalid(f"The specified asset {asset_id} is not found.", at=at)
    if asset.status(call.now) != "active" or asset.media is None:
        raise invalid(f"The specified asset {asset_id} is still processing and is not available yet.", at=at)
    if asset.kind != part.kind:
        raise invalid(f"the specified asset is not an {part.kind}.", at=at)
    return asset.media


def _envelope(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    """The gateway's own view, with Ark's task inside once the gateway has polled it."""
    order, phase = generation.order, generation.phase
    fresh = phase is Phase.QUEUED and now < generation.created_at + _ACCEPTED_SECONDS
    inner = None if fresh else _inner_task(generation, origin)
    data: dict[str, Any] = {
        "task_id": generation.id,
        "action": _ACTIONS[order.mode],
        "status": "NOT_START" if fresh else _STATUS[phase],
        "fail_reason": "",
        "submit_time": int(generation.created_at),
        "start_time": int(generation.started_at or 0),
        "finish_time": int(generation.finished_at or 0),
        "progress": _progress(generation, now, fresh),
        "request_id": order.echo["request_id"],
        "data": inner,
    }
    if phase is Phase.SUCCEEDED:
        data["result_url"] = origin + generation.links["video"]
        if order.echo["super_tokens"]:
            data["original_result_url"] = data["result_url"]
    if phase is Phase.FAILED:
        code, message = FAILURES[generation.fate or "fail"]
        data["fail_reason"] = json.dumps({"error": {"code": code, "message": message}})
    return data


def _inner_task(generation: Generation, origin: str) -> dict[str, Any]:
    order, echo = generation.order, generation.order.echo
    owned: dict[str, Any] = {"id": echo["inner_id"], "model": echo["upstream"]}
    if generation.phase is Phase.SUCCEEDED:
        owned["service_tier"] = "default"
        if echo["audio"]:
            owned |= {"generate_audio": order.audio, "draft": False}
        spent = int(order.price) - echo["super_tokens"]
        owned["usage"] = {"completion_tokens": spent, "total_tokens": spent}
        if echo["super_tokens"]:
            owned["super_resolution"] = order.resolution
            owned["usage"]["super_resolution_tokens"] = echo["super_tokens"]
    return task_object(generation, origin, owned)


def _progress(generation: Generation, now: float, fresh: bool) -> str:
    if generation.phase is Phase.RUNNING:
        return f"{50 + generation.progress(now) // 2}%"
    if generation.phase is Phase.QUEUED:
        return "0%" if fresh else "20%"
    return "100%"


def _account(call: Call) -> str:
    if call.key is None or call.key == INVALID_KEY:
        raise _gateway_error(401, "invalid_api_key", "Invalid token")
    return call.key


def _gateway_error(status: int, code: str, message: str) -> Refusal:
    text = f"{message} (request id: {request_id()})"
    return Refusal(status, {"error": {"type": "new_api_error", "code": code, "message": text}})


def _plain(status: int, code: str, message: str) -> Refusal:
    return Refusal(status, {"code": code, "message": message})


def _relayed(error: ArkError, status: int = 400, kind: str = "BadRequest") -> Refusal:
    """Ark's error body as a JSON string inside the gateway's."""
    text = f"{error} Request id: {request_id()}"
    body = {"error": {"code": error.code, "message": text, "param": error.param, "type": kind}}
    return Refusal(status, {"code": "fail_to_fetch_task", "message": json.dumps(body), "data": None})

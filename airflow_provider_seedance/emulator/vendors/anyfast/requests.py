"""Checking the body of a create, and making an order from it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.media.sizes import SIZES
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.generation import Order
from airflow_provider_seedance.emulator.vendors.anyfast import NAME
from airflow_provider_seedance.emulator.vendors.anyfast.models import MODELS
from airflow_provider_seedance.emulator.vendors.anyfast.responses import stock_error
from airflow_provider_seedance.emulator.vendors.ark.content import (
    ArkError,
    Content,
    Part,
    check_mode_and_counts,
    invalid,
    parse_content,
)
from airflow_provider_seedance.emulator.vendors.ark.media import load_media
from airflow_provider_seedance.emulator.vendors.ark.parameters import Parameters, tokens
from airflow_provider_seedance.emulator.vendors.base import INVALID_KEY, Call

_SLOWNESS = 1.15
_QUEUE_SECONDS = 6.0
_CHINA_TIME = timezone(timedelta(hours=8))
_ORDER_OF_PARTS = {"text": 0, "image_url": 1, "video_url": 2, "audio_url": 3}


def account_of(call: Call) -> str:
    """The key of the request, which stands for the account; raises a 401 if it is not valid."""
    if call.key is None or call.key == INVALID_KEY:
        raise stock_error(401)
    return call.key


def read_order(call: Call, account: str, body: dict[str, Any]) -> Order:
    """Check the body of a create; raises ArkError unless it can be accepted."""
    name = body["model"]
    model = MODELS[name]
    if "content" not in body:
        raise ArkError("MissingParameter", "The request failed because it is missing `content`.", "content")
    content = parse_content(body["content"])
    _check_order_of_parts(body["content"])
    check_mode_and_counts(content, model)
    if name.startswith("doubao-"):
        body = {"ratio": "16:9", **body}
        if not content.prompt.strip():
            raise invalid("content must hold a text part.")
    is_ultra = name == "seedance-2.0-ultra"
    if is_ultra and "resolution" not in body:
        raise ArkError(
            "MissingParameter", "The request failed because it is missing `resolution`.", "resolution"
        )
    parameters = Parameters(body, model, content)
    parameters.check()
    searches = model.tools and content.mode == "text" and body.get("tools") == [{"type": "web_search"}]
    if body.get("tools") and not searches:
        raise parameters.invalid("tools")
    if (
        model.family == "2.5"
        and content.mode == "first_frame"
        and body.get("ratio", "adaptive") != "adaptive"
    ):
        raise parameters.invalid("ratio")
    media = load_media(
        content,
        model,
        lambda url, kind: call.store.find_input(url, kind, call.host),
        lambda part: _find_asset(call, account, part),
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
    """The order with its price and its durations; ultra is priced as a 720p video that is scaled up."""
    model, rng = MODELS[name], call.state.rng
    resolved = parameters.resolve(media, rng)
    final_tokens = resolved.tokens
    super_tokens = 0
    if name == "seedance-2.0-ultra":
        super_tokens = final_tokens
        final_tokens = tokens(SIZES["2.0"]["720p"][resolved.ratio], resolved.frames, resolved.input_seconds)
    time = datetime.fromtimestamp(call.now, _CHINA_TIME).strftime("%Y%m%d%H%M%S")
    return Order(
        account=account,
        model=name,
        mode=content.mode,
        prompt=content.prompt,
        resolution=resolved.resolution,
        ratio=resolved.ratio,
        size=resolved.size,
        frames=resolved.frames,
        audio=resolved.audio,
        last_frame=resolved.last_frame,
        seed=resolved.seed,
        price=final_tokens + super_tokens,
        unit="tokens",
        queue_seconds=latency.lognormal(rng, _QUEUE_SECONDS),
        run_seconds=latency.run_seconds(
            rng,
            family=model.speed,
            resolution=resolved.resolution,
            seconds=resolved.frames // 24,
            factor=_SLOWNESS,
        ),
        origin=call.origin,
        input_seconds=resolved.input_seconds,
        pictures=resolved.pictures,
        vendor_data={
            "inner_id": f"cgt-{time}-{call.state.token(5)}",
            "upstream": "doubao-" + model.id.removeprefix("dreamina-").removeprefix("doubao-"),
            "audio": model.audio,
            "super_tokens": super_tokens,
            "request_id": f"{datetime.now():%Y%m%d%H%M%S}{call.state.token(16)}",
        },
    )


def _check_order_of_parts(items: list[dict[str, Any]]) -> None:
    """Check that the text comes first, then the images, the videos, and the audio files."""
    ranks = [_ORDER_OF_PARTS.get(item["type"], 0) for item in items]
    if ranks != sorted(ranks):
        raise invalid("contents must be ordered: text, image_url, video_url, audio_url.")


def _find_asset(call: Call, account: str, part: Part) -> Media:
    """The asset that a part refers to; raises ArkError unless it is active and of the right kind."""
    at = f"content[{part.index}].{part.field}.url"
    asset_id = part.url.partition("://")[2]
    asset = call.state.library(NAME).asset(asset_id, account)
    if asset is None:
        raise invalid(f"The specified asset {asset_id} is not found.", at=at)
    if asset.status(call.now) != "active" or asset.media is None:
        raise invalid(f"The specified asset {asset_id} is still processing and is not available yet.", at=at)
    if asset.kind != part.kind:
        raise invalid(f"the specified asset is not an {part.kind}.", at=at)
    return asset.media

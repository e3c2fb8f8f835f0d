"""Checking the body of a create, and making an order from it."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media, Picture
from airflow_provider_seedance.emulator.media.sizes import RATIOS
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.generation import Order
from airflow_provider_seedance.emulator.urls import is_loopback, is_web_url
from airflow_provider_seedance.emulator.vendors import limits
from airflow_provider_seedance.emulator.vendors.ark.parameters import tokens
from airflow_provider_seedance.emulator.vendors.base import INVALID_KEY, Call
from airflow_provider_seedance.emulator.vendors.toapis import NAME
from airflow_provider_seedance.emulator.vendors.toapis.models import CREDITS_PER_USD, MODELS, PIXELS, Model
from airflow_provider_seedance.emulator.vendors.toapis.responses import api_error
from airflow_provider_seedance.emulator.vendors.values import MAX_SEED, is_integer

MediaItems = list[tuple[str, str, str]]
"""Kind, role and URL of each medium."""

_SLOWNESS = 1.2
_QUEUE_SECONDS = 6.0
_REVIEW_SECONDS = 60.0
_SMALLEST_AMOUNT = Decimal("0.000002")


def account_of(call: Call, *, integer: bool = False) -> str:
    """The key of the request, which stands for the account; raises a 401 if it is not valid."""
    if call.key is None or call.key == INVALID_KEY:
        raise api_error(401, integer=integer)
    return call.key


def business_id_in(body: dict[str, Any]) -> str | None:
    """The caller's own id, which may also be in the metadata."""
    inner = body.get("metadata")
    value = body.get("client_business_id") or (
        inner.get("client_business_id") if isinstance(inner, dict) else None
    )
    return str(value) if value else None


def check(body: dict[str, Any], model: Model) -> MediaItems:
    """Check the fields, the mode, then what the model and the mode allow; returns the media, or raises ApiError."""
    duration = body.get("duration", 0 if model.auto_duration else 5)
    if not is_integer(duration, 4, 15) and not (model.auto_duration and is_integer(duration, -1, 0)):
        raise api_error(400, "duration must be an integer between 4 and 15")
    if body.get("aspect_ratio", "adaptive") not in (*RATIOS, "adaptive"):
        raise api_error(400, "aspect_ratio is not supported")
    if body.get("resolution", "720p") not in list(PIXELS):
        raise api_error(400, "resolution is not supported")
    for name in ("generate_audio", "return_last_frame", "private_asset_review"):
        if not isinstance(body.get(name, False), bool):
            raise api_error(400, f"{name} must be a boolean")
    if not is_integer(body.get("seed", -1), -1, MAX_SEED):
        raise api_error(400, "seed must be an integer between -1 and 4294967295")
    items = media_items(body)
    _check_mode(body, items)
    if body.get("resolution", "720p") not in model.resolutions:
        raise api_error(400, "resolution is not supported by this model")
    _check_tools(body.get("tools", []), items)
    if "private_assets" in body or body.get("private_asset_review"):
        _check_review(body, items)
    callback = body.get("callback_url")
    if callback is not None and not (isinstance(callback, str) and _is_callback(callback)):
        raise api_error(400, "callback_url must be an https URL")
    return items


def media_items(body: dict[str, Any]) -> MediaItems:
    """All media of the body, whichever field gives them."""
    found: MediaItems = []
    for name, allowed in (
        ("image_with_roles", ("first_frame", "last_frame", "reference_image")),
        ("video_with_roles", ("reference_video",)),
        ("audio_with_roles", ("reference_audio",)),
    ):
        items = body.get(name, [])
        if not isinstance(items, list):
            raise api_error(400, f"{name} must be a list")
        for item in items:
            if (
                not isinstance(item, dict)
                or not isinstance(item.get("url"), str)
                or item.get("role") not in allowed
            ):
                raise api_error(400, f"{name} items need a url and a role of {', '.join(allowed)}")
            found.append((name.partition("_")[0], item["role"], item["url"]))
    plain = body.get("image_urls", [])
    if not isinstance(plain, list) or not all(isinstance(url, str) for url in plain):
        raise api_error(400, "image_urls must be a list of URLs")
    if plain and body.get("image_with_roles"):
        raise api_error(400, "image_urls and image_with_roles cannot be used together")
    if any(not is_web_url(url) for url in plain):
        raise api_error(400, "base64 image is not allowed")
    return found + [("image", "first_frame" if len(plain) == 1 else "reference_image", url) for url in plain]


def _check_mode(body: dict[str, Any], items: MediaItems) -> None:
    names = [role for _, role, _ in items]
    firsts, lasts = names.count("first_frame"), names.count("last_frame")
    if (firsts or lasts) and firsts + lasts < len(names):
        raise api_error(400, "first_frame/last_frame cannot be mixed with reference media")
    if firsts > 1 or lasts > 1:
        raise api_error(400, "at most one first_frame and one last_frame")
    if lasts and not firsts:
        raise api_error(400, "last_frame requires first_frame")
    for kind, most in (("image", 9), ("video", 3), ("audio", 3)):
        if sum(item == kind for item, _, _ in items) > most:
            raise api_error(400, f"at most {most} {kind} references")
    if items and all(kind == "audio" for kind, _, _ in items):
        raise api_error(400, "reference_audio requires at least one image or video")
    prompt = body.get("prompt", "")
    if not isinstance(prompt, str) or not (prompt.strip() or items):
        raise api_error(400, "prompt is required")


def _check_tools(tools: Any, items: MediaItems) -> None:
    if tools and tools != [{"type": "web_search"}]:
        raise api_error(400, "tools supports web_search only")
    if tools and items:
        raise api_error(400, "tools is only available for text-only requests")


def _check_review(body: dict[str, Any], items: MediaItems) -> None:
    if "private_assets" in body:
        raise api_error(400, "private_assets is not supported, use private_asset_review")
    if not items:
        raise api_error(400, "private_asset_review requires media")
    if any(url.startswith("asset://") for _, _, url in items):
        raise api_error(400, "asset:// cannot be combined with private_asset_review")


def _is_callback(url: str) -> bool:
    """Whether webhooks may go to the URL: https, or loopback, which tests use."""
    return is_web_url(url) and (url.startswith("https://") or is_loopback(url))


def find_media(
    call: Call, account: str, body: dict[str, Any], items: MediaItems
) -> tuple[list[Media], str | None]:
    """Find and check the media; if a review was requested, bad ones make the generation fail later instead."""
    found = []
    for kind, _, url in items:
        try:
            if url.startswith("asset://"):
                found.append(_find_asset(call, account, url.removeprefix("asset://"), kind))
            elif url.startswith("data:") and kind == "video":
                raise BadMedia("form", "base64 video is not allowed")
            else:
                found.append(call.store.find_input(url, kind, call.host))
        except BadMedia as bad:
            if body.get("private_asset_review"):
                return [], "review"
            text = (
                f"UnsupportedImageFormat: {bad}" if bad.reason == "format" and kind == "image" else str(bad)
            )
            raise api_error(400, text) from bad
    violation = limits.first_violation(found)
    if violation:
        raise api_error(400, f"InvalidParameter: {violation}")
    return found, None


def make_order(call: Call, account: str, body: dict[str, Any], media: list[Media]) -> Order:
    """The order with its price and its durations."""
    name = body.get("model", "seedance-2")
    model, rng = MODELS[name], call.state.rng
    duration = body.get("duration", 0 if model.auto_duration else 5)
    seconds = duration if duration > 0 else rng.randint(4, 10)
    resolution, ratio = body.get("resolution", "720p"), body.get("aspect_ratio", "adaptive")
    ratio = limits.adaptive_ratio(media) if ratio == "adaptive" else ratio
    size, frames, seed = PIXELS[resolution][ratio], 24 * seconds + 1, body.get("seed", -1)
    input_seconds = limits.video_seconds(media)
    usd = _usd(model, resolution, tokens(size, frames, input_seconds), with_video=input_seconds > 0)
    items = media_items(body)
    image_roles = [role for kind, role, _ in items if kind == "image"]
    images = [item for item in media if item.kind == "image"]
    review = _REVIEW_SECONDS if body.get("private_asset_review") else 0.0
    return Order(
        account=account,
        model=name,
        mode=_mode([role for _, role, _ in items]),
        prompt=body.get("prompt", ""),
        resolution=resolution,
        ratio=ratio,
        size=size,
        frames=frames,
        audio=body.get("generate_audio", True),
        last_frame=body.get("return_last_frame", False),
        seed=rng.randrange(MAX_SEED) if seed == -1 else seed,
        price=float(usd * CREDITS_PER_USD),
        unit="credits",
        queue_seconds=review + latency.lognormal(rng, _QUEUE_SECONDS),
        run_seconds=latency.run_seconds(
            rng, family=model.speed, resolution=resolution, seconds=seconds, factor=_SLOWNESS
        ),
        origin=call.origin,
        input_seconds=input_seconds,
        pictures=tuple(
            Picture(role, item.load) for role, item in zip(image_roles, images, strict=False) if item.load
        ),
        callback=body.get("callback_url"),
        vendor_data={
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
    """The price of a number of tokens, rounded down to the vendor's smallest unit."""
    rate = Decimal(model.rates[resolution][1 if with_video else 0])
    return (amount * rate / 1_000_000 / _SMALLEST_AMOUNT).to_integral_value(ROUND_DOWN) * _SMALLEST_AMOUNT


def _find_asset(call: Call, account: str, asset_id: str, kind: str) -> Media:
    """The medium of ``asset://<id>``; raises BadMedia unless it is active and of the right kind."""
    asset = call.state.library(NAME).asset(asset_id, account)
    if asset is None:
        raise BadMedia("asset", f"asset {asset_id} not found")
    if asset.status(call.now) != "active" or asset.media is None:
        raise BadMedia("asset", f"asset {asset_id} is not active")
    if asset.kind != kind:
        raise BadMedia("asset", f"asset {asset_id} is not an {kind}")
    return asset.media

"""Checking the body of a create, and making an order from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media, Picture
from airflow_provider_seedance.emulator.media.sizes import RATIOS, SIZES
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.generation import Order
from airflow_provider_seedance.emulator.urls import is_loopback, is_private, is_web_url
from airflow_provider_seedance.emulator.vendors import limits
from airflow_provider_seedance.emulator.vendors.base import INVALID_KEY, Call
from airflow_provider_seedance.emulator.vendors.evolink.models import MAX_MEDIA, MODELS, Tier
from airflow_provider_seedance.emulator.vendors.evolink.responses import api_error, field_error
from airflow_provider_seedance.emulator.vendors.values import MAX_SEED, is_integer

_SLOWNESS = 1.3
_QUEUE_SECONDS = 6.0
_KINDS = {"image_urls": "image", "video_urls": "video", "audio_urls": "audio"}


def account_of(call: Call) -> str:
    """The key of the request, which stands for the account; raises a 401 if it is not valid."""
    if call.key is None or call.key == INVALID_KEY:
        raise api_error(401)
    return call.key


def check(body: dict[str, Any]) -> None:
    """Check the fields of a create, then the media, then what both allow together; raises ApiError."""
    mode, tier = MODELS[body["model"]]
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise field_error("prompt", "prompt is required")
    if not is_integer(body.get("duration", 5), 4, 15):
        raise field_error("duration", "duration must be an integer between 4 and 15")
    if body.get("quality", "720p") not in ("480p", "720p", "1080p"):
        raise field_error("quality", "quality must be one of 480p, 720p, 1080p")
    if body.get("aspect_ratio", "adaptive") not in (*RATIOS, "adaptive"):
        raise field_error("aspect_ratio", "aspect_ratio is not supported")
    for name in ("generate_audio", "content_filter"):
        if not isinstance(body.get(name, True), bool):
            raise field_error(name, f"{name} must be a boolean")
    _check_media(body, mode)
    if body.get("quality", "720p") not in tier.qualities:
        raise field_error("quality", "1080p is only supported by the standard tier")
    _check_model_params(body.get("model_params", {}), mode, tier)
    callback = body.get("callback_url")
    if callback is not None and not _is_callback(callback):
        raise field_error(
            "callback_url", "callback_url must be a public https URL of at most 2048 characters"
        )


def _check_media(body: dict[str, Any], mode: str) -> None:
    for name, most in MAX_MEDIA[mode].items():
        urls = body.get(name, [])
        if not isinstance(urls, list) or not all(isinstance(url, str) and is_web_url(url) for url in urls):
            raise field_error(name, f"{name} must be a list of public URLs")
        if urls and not most:
            raise field_error(name, f"{name} is not supported by this model")
        if len(urls) > most:
            raise field_error(name, f"{name} accepts at most {most} items")
    if mode == "image" and not body.get("image_urls"):
        raise field_error("image_urls", "image_urls requires 1 to 2 items")
    if mode == "reference" and not body.get("image_urls") and not body.get("video_urls"):
        name = "audio_urls" if body.get("audio_urls") else "image_urls"
        raise field_error(name, "at least one image or video is required")


def _check_model_params(value: Any, mode: str, tier: Tier) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("web_search", False), bool):
        raise field_error("model_params", "model_params must be an object with a boolean web_search")
    if value.get("web_search") and (mode != "text" or not tier.web_search):
        raise field_error("model_params", "web_search is not supported by this model")


def _is_callback(url: Any) -> bool:
    """Whether callbacks may go to the URL: public https, or loopback, which tests use."""
    if not isinstance(url, str) or len(url) > 2048 or not is_web_url(url):
        return False
    return is_loopback(url) or (url.startswith("https://") and not is_private(url))


def make_order(call: Call, account: str, body: dict[str, Any]) -> tuple[Order, str | None]:
    """The order for a checked body, and why it will fail if its media are bad; EvoLink accepts such a request first."""
    mode, tier = MODELS[body["model"]]
    media, outcome = _find_media(call, body)
    seconds, quality = body.get("duration", 5), body.get("quality", "720p")
    ratio = body.get("aspect_ratio", "adaptive")
    ratio = limits.adaptive_ratio(media) if ratio == "adaptive" else ratio
    rng = call.state.rng
    order = Order(
        account=account,
        model=body["model"],
        mode=_order_mode(body, mode),
        prompt=body["prompt"],
        resolution=quality,
        ratio=ratio,
        size=SIZES["2.0"][quality][ratio],
        frames=24 * seconds + 1,
        audio=body.get("generate_audio", True),
        last_frame=False,
        seed=rng.randrange(MAX_SEED),
        price=_price(body, tier, seconds, quality, limits.video_seconds(media)),
        unit="credits",
        queue_seconds=latency.lognormal(rng, _QUEUE_SECONDS),
        run_seconds=latency.run_seconds(
            rng, family=tier.speed, resolution=quality, seconds=seconds, factor=_SLOWNESS
        ),
        origin=call.origin,
        input_seconds=limits.video_seconds(media),
        pictures=_pictures(media, mode),
        callback=body.get("callback_url"),
        vendor_data={"estimate": tier.estimate},
    )
    return order, outcome


def _find_media(call: Call, body: dict[str, Any]) -> tuple[list[Media], str | None]:
    """The media, and ``media`` or ``limits`` if one cannot be used."""
    found = []
    for name, kind in _KINDS.items():
        for url in body.get(name, []):
            try:
                found.append(call.store.find_input(url, kind, call.host))
            except BadMedia:
                return found, "media"
    return found, "limits" if limits.first_violation(found) else None


def _order_mode(body: dict[str, Any], mode: str) -> str:
    if mode == "image":
        return "first_frame" if len(body["image_urls"]) == 1 else "first_last_frame"
    return mode


def _pictures(media: Sequence[Media], mode: str) -> tuple[Picture, ...]:
    images = [item for item in media if item.kind == "image"]
    roles = ["first_frame", "last_frame"] if mode == "image" else ["reference_image"] * len(images)
    return tuple(Picture(role, item.load) for role, item in zip(roles, images, strict=False) if item.load)


def _price(body: dict[str, Any], tier: Tier, seconds: int, quality: str, input_seconds: float) -> float:
    rate = tier.rates[quality]
    if input_seconds:
        rate, seconds = rate * tier.video_factor, int(max(input_seconds, seconds) + seconds)
    surcharge = 1.0 if body.get("content_filter", True) else 1.1
    return round(rate * seconds * surcharge, 4)

"""What ToAPIs takes: models, fields, media with roles, and the refusals of everything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import is_web_url
from airflow_provider_seedance.emulator.media.sizes import RATIOS, SIZES, Size, Table
from airflow_provider_seedance.emulator.simulation.callbacks import is_loopback
from airflow_provider_seedance.emulator.vendors.ark.parameters import MOST_SEED, is_whole
from airflow_provider_seedance.emulator.vendors.base import Refusal

_4K: dict[str, Size] = {
    "16:9": (3840, 2160), "4:3": (2880, 2160), "1:1": (2160, 2160), "3:4": (2160, 2880), "9:16": (2160, 3840),
    "21:9": (5040, 2160),
}  # fmt: skip
PIXELS: Table = {**SIZES["2.0"], "4k": _4K}


@dataclass(frozen=True)
class Model:
    resolutions: tuple[str, ...]
    speed: str
    auto_duration: bool
    rates: Mapping[str, tuple[str, str]]
    """USD per million tokens, without and with an input video."""


MODELS = {
    "seedance-2": Model(
        ("480p", "720p", "1080p", "4k"), "2.0", True,
        {"480p": ("3.614", "2.200"), "720p": ("3.614", "2.200"), "1080p": ("4.007", "2.436"), "4k": ("2.043", "1.257")},
    ),
    "seedance-2-fast": Model(
        ("480p", "720p"), "2.0-fast", True, {"480p": ("2.907", "1.729"), "720p": ("2.907", "1.729")}
    ),
    "seedance-2-mini": Model(
        ("480p", "720p"), "2.0-mini", False, {"480p": ("1.80714", "1.100"), "720p": ("1.80714", "1.100")}
    ),
}  # fmt: skip

_STOCK_ERRORS = {
    400: ("invalid_request", "invalid request"),
    401: ("unauthorized", "身份验证失败，请检查您的API密钥"),
    402: ("insufficient_quota", "账户余额不足"),
    403: ("", "该令牌无权访问此模型"),
    404: ("task_not_found", "任务不存在"),
    422: ("content_policy_violation", "The prompt or media violates the content policy (内容违反了内容政策)"),
    429: ("rate_limit_exceeded", "Async task request rate exceeded"),
    500: ("internal_error", "internal error"),
}

Roles = list[tuple[str, str, str]]
"""Kind, role and URL of each medium."""


def check(body: dict[str, Any], model: Model) -> Roles:
    """Types and ranges, then modes, then the resolution, tools and review rules."""
    duration = body.get("duration", 0 if model.auto_duration else 5)
    if not is_whole(duration, 4, 15) and not (model.auto_duration and is_whole(duration, -1, 0)):
        raise refuse(400, "duration must be an integer between 4 and 15")
    if body.get("aspect_ratio", "adaptive") not in (*RATIOS, "adaptive"):
        raise refuse(400, "aspect_ratio is not supported")
    if body.get("resolution", "720p") not in list(PIXELS):
        raise refuse(400, "resolution is not supported")
    for name in ("generate_audio", "return_last_frame", "private_asset_review"):
        if not isinstance(body.get(name, False), bool):
            raise refuse(400, f"{name} must be a boolean")
    if not is_whole(body.get("seed", -1), -1, MOST_SEED):
        raise refuse(400, "seed must be an integer between -1 and 4294967295")
    roles = roles_in(body)
    _check_mode(body, roles)
    if body.get("resolution", "720p") not in model.resolutions:
        raise refuse(400, "resolution is not supported by this model")
    _check_tools(body.get("tools", []), roles)
    if "private_assets" in body or body.get("private_asset_review"):
        _check_review(body, roles)
    callback = body.get("callback_url")
    if callback is not None and not (isinstance(callback, str) and _is_callback(callback)):
        raise refuse(400, "callback_url must be an https URL")
    return roles


def roles_in(body: dict[str, Any]) -> Roles:
    """All media with their roles, whichever field they came in."""
    found: Roles = []
    for name, allowed in (
        ("image_with_roles", ("first_frame", "last_frame", "reference_image")),
        ("video_with_roles", ("reference_video",)),
        ("audio_with_roles", ("reference_audio",)),
    ):
        items = body.get(name, [])
        if not isinstance(items, list):
            raise refuse(400, f"{name} must be a list")
        for item in items:
            if (
                not isinstance(item, dict)
                or not isinstance(item.get("url"), str)
                or item.get("role") not in allowed
            ):
                raise refuse(400, f"{name} items need a url and a role of {', '.join(allowed)}")
            found.append((name.partition("_")[0], item["role"], item["url"]))
    plain = body.get("image_urls", [])
    if not isinstance(plain, list) or not all(isinstance(url, str) for url in plain):
        raise refuse(400, "image_urls must be a list of URLs")
    if plain and body.get("image_with_roles"):
        raise refuse(400, "image_urls and image_with_roles cannot be used together")
    if any(not is_web_url(url) for url in plain):
        raise refuse(400, "base64 image is not allowed")
    return found + [("image", "first_frame" if len(plain) == 1 else "reference_image", url) for url in plain]


def _check_mode(body: dict[str, Any], roles: Roles) -> None:
    names = [role for _, role, _ in roles]
    firsts, lasts = names.count("first_frame"), names.count("last_frame")
    if (firsts or lasts) and firsts + lasts < len(names):
        raise refuse(400, "first_frame/last_frame cannot be mixed with reference media")
    if firsts > 1 or lasts > 1:
        raise refuse(400, "at most one first_frame and one last_frame")
    if lasts and not firsts:
        raise refuse(400, "last_frame requires first_frame")
    for kind, most in (("image", 9), ("video", 3), ("audio", 3)):
        if sum(item == kind for item, _, _ in roles) > most:
            raise refuse(400, f"at most {most} {kind} references")
    if roles and all(kind == "audio" for kind, _, _ in roles):
        raise refuse(400, "reference_audio requires at least one image or video")
    prompt = body.get("prompt", "")
    if not isinstance(prompt, str) or not (prompt.strip() or roles):
        raise refuse(400, "prompt is required")


def _check_tools(tools: Any, roles: Roles) -> None:
    if tools and tools != [{"type": "web_search"}]:
        raise refuse(400, "tools supports web_search only")
    if tools and roles:
        raise refuse(400, "tools is only available for text-only requests")


def _check_review(body: dict[str, Any], roles: Roles) -> None:
    if "private_assets" in body:
        raise refuse(400, "private_assets is not supported, use private_asset_review")
    if not roles:
        raise refuse(400, "private_asset_review requires media")
    if any(url.startswith("asset://") for _, _, url in roles):
        raise refuse(400, "asset:// cannot be combined with private_asset_review")


def _is_callback(url: str) -> bool:
    """https; loopback stands in for it here, since a test has nothing else."""
    return is_web_url(url) and (url.startswith("https://") or is_loopback(url))


def business_id_in(body: dict[str, Any]) -> str | None:
    inner = body.get("metadata")
    value = body.get("client_business_id") or (
        inner.get("client_business_id") if isinstance(inner, dict) else None
    )
    return str(value) if value else None


def refuse(status: int, message: str | None = None, *, integer: bool = False) -> Refusal:
    """Creates answer with words as codes, queries with numbers; that is where each was seen."""
    code, text = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
    kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
    error: dict[str, Any] = {"code": status if integer else code, "message": message or text}
    if integer:
        error["type"] = kinds.get(status, "invalid_request_error")
    return Refusal(status, {"error": error})

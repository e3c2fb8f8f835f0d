"""Checking the body of a create, and making an order from it."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.emulator.media.inputs import Media
from airflow_provider_seedance.emulator.simulation import latency
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase
from airflow_provider_seedance.emulator.urls import is_web_url
from airflow_provider_seedance.emulator.vendors.ark.content import (
    ArkError,
    Content,
    Part,
    check_mode_and_counts,
    invalid,
    parse_content,
)
from airflow_provider_seedance.emulator.vendors.ark.media import load_media
from airflow_provider_seedance.emulator.vendors.ark.models import MODELS, V2, ArkModel
from airflow_provider_seedance.emulator.vendors.ark.parameters import (
    Parameters,
    ResolvedParameters,
    split_flags,
)
from airflow_provider_seedance.emulator.vendors.base import INVALID_KEY, Call
from airflow_provider_seedance.emulator.vendors.modelark import NAME
from airflow_provider_seedance.emulator.vendors.modelark.assets import OWNER
from airflow_provider_seedance.emulator.vendors.modelark.responses import api_error, stock_error
from airflow_provider_seedance.emulator.vendors.values import is_integer

_RECORD_SECONDS = 7 * 86400
_CANCELLED_SECONDS = 86400
_QUEUE_SECONDS = 4.0
_FLEX_QUEUE_SECONDS = 1800.0
_REUSED_FROM_DRAFT = ("generate_audio", "seed", "ratio", "duration", "frames", "camera_fixed")


def account_of(call: Call) -> str:
    """The key of the request, which stands for the account; raises a 401 if it is not valid."""
    if call.key is None or call.key == INVALID_KEY:
        raise stock_error(401)
    return call.key


def is_visible(generation: Generation, now: float) -> bool:
    """Whether ModelArk still shows the task."""
    if generation.phase is Phase.CANCELLED and now >= generation.updated_at + _CANCELLED_SECONDS:
        return False
    return now < generation.created_at + _RECORD_SECONDS


def read_order(call: Call, account: str, body: dict[str, Any]) -> Order:
    """Check the body of a create; raises ArkError or ApiError unless it can be accepted."""
    model = _find_model(str(body["model"]))
    content = parse_content(body["content"])
    draft = None
    if content.draft_id is not None:
        draft = _find_draft(call, account, content.draft_id)
        model = MODELS[draft.order.model]
        body = {**{key: draft.order.vendor_data["body"].get(key) for key in _REUSED_FROM_DRAFT}, **body}
        body = {key: value for key, value in body.items() if value is not None}
        content = parse_content(draft.order.vendor_data["body"]["content"])
    if model.family in ("1.0", "1.5"):
        content.prompt, flags = split_flags(content.prompt)
        body = {**flags, **body}
    check_mode_and_counts(content, model)
    parameters = Parameters(body, model, content)
    parameters.check()
    _check_vendor_fields(body, model, content, parameters)
    media = load_media(
        content,
        model,
        lambda url, kind: call.store.find_input(url, kind, call.host),
        lambda part: _find_asset(call, part),
    )
    resolved = parameters.resolve(media, call.state.rng)
    return _order(call, account, model, content, body, resolved, draft)


def _find_model(name: str) -> ArkModel:
    if name.startswith("ep-"):
        return V2  # the variant with web search, since the id does not tell the region
    if name not in MODELS:
        text = f"The model or endpoint {name} does not exist or you do not have access to it."
        raise api_error(404, "InvalidEndpointOrModel.NotFound", text, kind="NotFound")
    return MODELS[name]


def _find_draft(call: Call, account: str, draft_id: str) -> Generation:
    """The finished draft from which a final video is requested."""
    draft = call.state.find_generation(NAME, draft_id)
    if draft is None or draft.order.account != account or not draft.order.vendor_data["body"].get("draft"):
        raise invalid(f"The specified draft task {draft_id} is not found.", at="content[0].draft_task.id")
    if draft.phase is not Phase.SUCCEEDED or not is_visible(draft, call.now):
        raise invalid(f"The specified draft task {draft_id} is not usable.", at="content[0].draft_task.id")
    return draft


def _find_asset(call: Call, part: Part) -> Media:
    """The asset that a part refers to; raises ArkError unless it is active and of the right kind."""
    at = f"content[{part.index}].{part.field}.url"
    asset_id = part.url.partition("://")[2]
    asset = call.state.library(NAME).asset(asset_id, OWNER)
    if asset is None:
        raise invalid(f"The specified asset {asset_id} is not found.", at=at)
    if asset.kind != part.kind:
        raise invalid(f"the specified asset is not an {part.kind}.", at=at)
    if asset.status(call.now) != "active" or asset.media is None:
        raise invalid(f"The specified asset {asset_id} is still processing and is not available yet.", at=at)
    return asset.media


def _check_vendor_fields(
    body: dict[str, Any], model: ArkModel, content: Content, parameters: Parameters
) -> None:
    """Check the fields that ModelArk alone has."""
    flex = body.get("service_tier") == "flex"
    draft = body.get("draft", False)
    tools = body.get("tools", [])
    output = body.get("output_format", "mp4")
    bad = {
        "service_tier": body.get("service_tier", "default") not in ("default", "flex")
        or (flex and not model.flex),
        "execution_expires_after": not is_integer(body.get("execution_expires_after", 172800), 3600, 259200),
        "draft": draft and not model.draft,
        "return_last_frame": draft and body.get("return_last_frame"),
        "resolution": draft and parameters.resolution != "480p",
        "priority": "priority" in body
        and (not model.priority or flex or not is_integer(body["priority"], 0, 9)),
        "safety_identifier": not isinstance(body.get("safety_identifier", ""), str)
        or len(body.get("safety_identifier", "")) > 64,
        "tools": bool(tools) and (not model.tools or tools != [{"type": "web_search"}]),
        "output_format": output not in ("mp4", "mov") or ("output_format" in body and model.family != "2.5"),
        "omni_reference_task_type": "omni_reference_task_type" in body and model.family != "2.5",
        "callback_url": not is_web_url(str(body.get("callback_url", "http://none"))),
    }
    wrong = next((name for name, is_bad in bad.items() if is_bad), None)
    if draft and flex:
        wrong = wrong or "service_tier"
    if wrong:
        raise parameters.invalid(wrong)
    if model.family == "2.5":
        _check_task_type(body, content)


def _check_task_type(body: dict[str, Any], content: Content) -> None:
    """Check that a 2.5 task leaves the ratio to its first frame or the video it edits, and an edit also the length."""
    edits = body.get("omni_reference_task_type") == "edit"
    demands: dict[str, Any] = {}
    if edits or content.mode in ("first_frame", "first_last_frame"):
        demands["ratio"] = "adaptive"
    if edits:
        demands["duration"] = -1
    for name, demanded in demands.items():
        if body.get(name, demanded) != demanded:
            text = "The request does not meet the constraints of the task. Issues:"
            issue = f"[0] {name} must be {demanded}"
            raise ArkError("InvalidParameter.TaskTypeConstraint", f"{text} {issue}", name)


def _order(
    call: Call,
    account: str,
    model: ArkModel,
    content: Content,
    body: dict[str, Any],
    resolved: ResolvedParameters,
    draft: Generation | None,
) -> Order:
    """The order with its price and its durations."""
    rng, flex = call.state.rng, body.get("service_tier") == "flex"
    seconds = resolved.frames // 24
    run_seconds = latency.run_seconds(
        rng, family=model.speed, resolution=resolved.resolution, seconds=seconds
    )
    price = resolved.tokens
    if body.get("draft"):
        price = int(price * (0.6 if resolved.audio else 0.7))
    is_4k = resolved.resolution == "4k"
    return Order(
        account=account,
        model=model.id,
        mode="draft_final" if draft else content.mode,
        prompt=content.prompt,
        resolution=resolved.resolution,
        ratio=resolved.ratio,
        size=resolved.size,
        frames=resolved.frames,
        audio=resolved.audio,
        last_frame=resolved.last_frame,
        seed=resolved.seed,
        price=price,
        unit="tokens",
        queue_seconds=latency.lognormal(rng, _FLEX_QUEUE_SECONDS if flex else _QUEUE_SECONDS),
        run_seconds=run_seconds,
        origin=call.origin,
        input_seconds=resolved.input_seconds,
        pictures=resolved.pictures,
        concurrency_key=f"{account}/{model.id}/{'4k' if is_4k else 'hd'}",
        slots=1 if is_4k else call.state.settings.slots,
        priority=body.get("priority", 0),
        expires_after=body.get("execution_expires_after", 172800),
        callback=body.get("callback_url"),
        container=body.get("output_format", "mp4"),
        vendor_data={
            "body": body,
            "model": model,
            "draft_id": draft.id if draft else None,
            "requested_model": str(body["model"]),
        },
    )

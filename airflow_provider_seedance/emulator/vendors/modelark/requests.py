"""Fields of a task that only Ark itself has: which models take them, and how they are echoed."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.emulator.media.inputs import is_web_url
from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.vendors.ark.content import ArkError, Content
from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel
from airflow_provider_seedance.emulator.vendors.ark.parameters import Parameters, is_whole


def check_own_fields(body: dict[str, Any], model: ArkModel, content: Content, parameters: Parameters) -> None:
    """Fields that only Ark itself has."""
    flex = body.get("service_tier") == "flex"
    draft = body.get("draft", False)
    tools = body.get("tools", [])
    output = body.get("output_format", "mp4")
    bad = {
        "service_tier": body.get("service_tier", "default") not in ("default", "flex")
        or (flex and not model.flex),
        "execution_expires_after": not is_whole(body.get("execution_expires_after", 172800), 3600, 259200),
        "draft": draft and not model.draft,
        "return_last_frame": draft and body.get("return_last_frame"),
        "resolution": draft and parameters.resolution != "480p",
        "priority": "priority" in body
        and (not model.priority or flex or not is_whole(body["priority"], 0, 9)),
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
        raise parameters.wrong(wrong)
    if model.family == "2.5":
        _check_task(body, content)


def _check_task(body: dict[str, Any], content: Content) -> None:
    """What 2.5 demands of its tasks: those that follow a picture or a video leave the shape to it."""
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


def owned_fields(generation: Generation) -> dict[str, Any]:
    """Echoes of effective values that every state shows."""
    echo = generation.order.echo
    body, model = echo["body"], echo["model"]
    fields: dict[str, Any] = {
        "service_tier": body.get("service_tier", "default"),
        "execution_expires_after": body.get("execution_expires_after", 172800),
    }
    if model.priority:
        fields["priority"] = body.get("priority", 0)
    if "safety_identifier" in body:
        fields["safety_identifier"] = body["safety_identifier"]
    if echo["draft_id"]:
        fields["draft_task_id"] = echo["draft_id"]
    if generation.phase is not Phase.SUCCEEDED:
        return fields
    if "frames" in body:
        fields["frames"] = body["frames"]
    if model.audio:
        fields["generate_audio"] = generation.order.audio
        fields["draft"] = body.get("draft", False)
    if model.family == "2.5":
        fields["output_format"] = generation.order.container
    if body.get("tools"):
        fields["tools"] = body["tools"]
    return fields

"""What a vendor's refusal or failure points at, by its real bodies: stage, medium, our field, and the bill."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_seedance.core.client.flows import GenerationFlows, Pause, Send
from airflow_provider_seedance.core.diagnosis import Diagnosis, remedy_of
from airflow_provider_seedance.core.submission.decide import failure_of
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.diagnosis import diagnose, locate
from airflow_provider_seedance.errors import Kind, Problem, RequestInvalid, SeedanceError
from airflow_provider_seedance.models import Failed, GenerationRequest

H = "https://h.example.com/"
#: Text, then the first and the last frame.
FRAMES = GenerationRequest(prompt="a boat", first_frame=f"{H}1.png", last_frame=f"{H}2.png")
#: Text, three images, two videos, one audio: content[0] to content[6].
REFERENCES = GenerationRequest(
    prompt="a boat",
    reference_images=(f"{H}1.png", f"{H}2.png", f"{H}3.png"),
    reference_videos=(f"{H}1.mp4", f"{H}2.mp4"),
    reference_audios=(f"{H}1.mp3",),
)
TEXT = GenerationRequest(
    prompt="a boat", duration=5, vendor_options={"callback_url": "https://h.example.com"}
)


def answered(flow: Any, response: HttpResponse) -> Any:
    """The result of a flow whose every request gets this answer."""
    step = next(flow)
    try:
        while True:
            step = flow.send(response if isinstance(step, Send) else None)
            assert isinstance(step, (Send, Pause))
    except StopIteration as end:
        return end.value


def flows(vendor: str) -> GenerationFlows:
    return GenerationFlows(load_vendor(vendor), lambda: 0.0)


def reply(status: int, body: Any) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps(body).encode(), 0.0)


def ark(code: str, message: str, param: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "param": param, "type": "BadRequest"}}


def relayed(code: str, message: str, param: str = "") -> dict[str, Any]:
    """Ark's error as AnyFast passes it on."""
    return {"code": "fail_to_fetch_task", "message": json.dumps(ark(code, message, param)), "data": None}


def gateway(code: str, message: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **({"param": param} if param else {})}}


SENSITIVE = "InputImageSensitiveContentDetected"
REFUSALS: list[tuple[str, int, Any, GenerationRequest, Kind, Any]] = [
    (
        "modelark",
        400,
        ark("InvalidParameter", "the parameter duration specified in the request is not valid for model m in t2v"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "duration", None),
    ),
    (
        "modelark",
        400,
        ark("InvalidParameter", "not valid", "ratio"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "aspect_ratio", None),
    ),
    (
        "modelark",
        400,
        ark(
            "InvalidParameter",
            "The parameter `content[5]` specified in the request is not valid: the parameter video duration (seconds)"
            " specified in the request must be less than or equal to 15.2 for model doubao-seedance-2-0 in r2v.",
            "content",
        ),
        REFERENCES,
        Kind.VALIDATION,
        ("input", "video", "reference_videos", 1),
    ),
    (
        "modelark",
        400,
        ark(
            "InvalidParameter",
            "The parameter `content[1].image_url` specified in the request is not valid: resource download failed.",
        ),
        FRAMES,
        Kind.VALIDATION,
        ("input", "image", "first_frame", None),
    ),
    (
        "modelark",
        400,
        ark(
            f"{SENSITIVE}.PrivacyInformation",
            "The request failed because the input image 'content[3]' may contain real person. Request id: 0217",
        ),
        REFERENCES,
        Kind.MODERATION,
        ("input", "image", "reference_images", 2),
    ),
    (
        "modelark",
        400,
        ark(
            "InputTextSensitiveContentDetected",
            "The request failed because the input text 'content[0]' may contain sensitive information.",
        ),
        FRAMES,
        Kind.MODERATION,
        ("input", "text", "prompt", None),
    ),
    (
        "modelark",
        400,
        ark("InputAudioSensitiveContentDetected", "The input audio may be related to copyright restrictions."),
        REFERENCES,
        Kind.MODERATION,
        ("input", "audio", "reference_audios", 0),
    ),
    (
        "modelark",
        400,
        ark("InvalidParameter", "not valid", "callback_url"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "vendor_options", None),
    ),
    (
        "modelark",
        400,
        ark("InvalidParameter.UnsupportedParameter", "is not valid", "unheard_of"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, None, None),
    ),
    ("modelark", 401, ark("AuthenticationError", "missing"), TEXT, Kind.AUTHENTICATION, (None, None, None, None)),
    ("modelark", 403, ark("AccountOverdueError", "overdue"), TEXT, Kind.BALANCE, (None, None, None, None)),
    ("modelark", 429, ark("ServerOverloaded", "busy"), TEXT, Kind.RATE_LIMIT, (None, None, None, None)),
    (
        "anyfast",
        400,
        relayed(
            f"{SENSITIVE}.PrivacyInformation", "the input image 'content[2]' may contain real person", "image_url"
        ),
        FRAMES,
        Kind.MODERATION,
        ("input", "image", "last_frame", None),
    ),
    (
        "anyfast",
        400,
        relayed("InvalidParameter", "must be less than or equal to 15", "duration"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "duration", None),
    ),
    (
        "anyfast",
        400,
        {"code": "invalid_request", "message": "model is required"},
        TEXT,
        Kind.VALIDATION,
        ("input", None, None, None),
    ),
    (
        "anyfast",
        403,
        {"code": "insufficient_user_quota", "message": "quota"},
        TEXT,
        Kind.BALANCE,
        (None, None, None, None),
    ),
    (
        "evolink",
        400,
        gateway("invalid_request", "Invalid request parameters", "quality"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "resolution", None),
    ),
    (
        "evolink",
        400,
        gateway("invalid_request", "image_urls[1]: unreachable", "image_urls"),
        FRAMES,
        Kind.VALIDATION,
        ("input", "image", "last_frame", None),
    ),
    (
        "evolink",
        400,
        gateway("400", "Invalid prompt parameter", "prompt"),
        TEXT,
        Kind.VALIDATION,
        ("input", "text", "prompt", None),
    ),
    (
        "evolink",
        400,
        gateway("invalid_request", "The image contains a real human face (人脸)"),
        REFERENCES,
        Kind.MODERATION,
        ("input", "image", "reference_images", None),
    ),
    (
        "evolink",
        422,
        {"detail": [{"loc": ["body", "video_urls", 1], "msg": "not a URL"}]},
        REFERENCES,
        Kind.VALIDATION,
        ("input", "video", "reference_videos", 1),
    ),
    ("evolink", 402, gateway("insufficient_quota", "top up"), TEXT, Kind.BALANCE, (None, None, None, None)),
    (
        "toapis",
        400,
        gateway(f"{SENSITIVE}.PrivacyInformation", "the input image 'content[1]' may contain real person"),
        REFERENCES,
        Kind.MODERATION,
        ("input", "image", "reference_images", 0),
    ),
    (
        "toapis",
        422,
        gateway("content_policy_violation", "The prompt violates the content policy"),
        TEXT,
        Kind.MODERATION,
        ("input", "text", "prompt", None),
    ),
    (
        "toapis",
        422,
        gateway("content_policy_violation", "The prompt or media violates the content policy"),
        TEXT,
        Kind.MODERATION,
        ("input", None, None, None),
    ),
    (
        "toapis",
        400,
        gateway("invalid_request", "image_with_roles[2].url: asset:// needs no review"),
        REFERENCES,
        Kind.VALIDATION,
        ("input", "image", "reference_images", 2),
    ),
    (
        "toapis",
        503,
        gateway("model_not_found", "no available channel"),
        TEXT,
        Kind.AUTHENTICATION,
        (None, None, None, None),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "status", "body", "request_sent", "kind", "told"), REFUSALS)
def test_a_refusal_says_what_it_is_about(
    vendor: str, status: int, body: Any, request_sent: GenerationRequest, kind: Kind, told: tuple[Any, ...]
) -> None:
    """Positions in the vendor's lists are those of our parameters, and nothing is billed."""
    with pytest.raises(SeedanceError) as refused:
        answered(flows(vendor).create(request_sent), reply(status, body))
    error = refused.value
    assert (error.kind, error.billed) == (kind, False)
    assert (error.stage, error.medium, error.field, error.index) == told


def modelark_task(code: str, message: str) -> dict[str, Any]:
    return {"id": "cgt-1", "status": "failed", "error": {"code": code, "message": message}}


def anyfast_task(reason: str, inner: dict[str, Any] | None = None, progress: str = "100%") -> dict[str, Any]:
    task = {
        "task_id": "cgt-1",
        "status": "FAILURE",
        "progress": progress,
        "fail_reason": reason,
        "data": inner,
    }
    return {"code": "success", "message": "", "data": task}


def evolink_task(code: str, message: str) -> dict[str, Any]:
    return {"id": "cgt-1", "status": "failed", "error": {"code": code, "message": message}}


def toapis_task(message: str) -> dict[str, Any]:
    return {"id": "cgt-1", "status": "failed", "error": {"code": "generation_failed", "message": message}}


OUTPUT_VIDEO = "The request failed because the output video may contain sensitive information."
FAILURES: list[tuple[str, Any, GenerationRequest, Kind, Any]] = [
    (
        "modelark",
        modelark_task("OutputVideoSensitiveContentDetected", OUTPUT_VIDEO),
        REFERENCES,
        Kind.MODERATION,
        ("output", "video", None, None),
    ),
    (
        "modelark",
        modelark_task("OutputAudioSensitiveContentDetected.PolicyViolation", "may be related to copyright"),
        TEXT,
        Kind.MODERATION,
        ("output", "audio", None, None),
    ),
    (
        "modelark",
        modelark_task("InputVideoSensitiveContentDetected", "the input video 'content[4]' may contain real person"),
        REFERENCES,
        Kind.MODERATION,
        ("input", "video", "reference_videos", 0),
    ),
    (
        "modelark",
        modelark_task("InvalidParameter.TaskTypeConstraint", "Issues: [0] `duration` clashes with the task"),
        TEXT,
        Kind.VALIDATION,
        ("input", None, "duration", None),
    ),
    (
        "modelark",
        modelark_task("InternalServiceError", "try later"),
        TEXT,
        Kind.OVERLOAD,
        (None, None, None, None),
    ),
    (
        "anyfast",
        anyfast_task(json.dumps({"error": {"code": "OutputVideoSensitiveContentDetected", "message": OUTPUT_VIDEO}})),
        TEXT,
        Kind.MODERATION,
        ("output", "video", None, None),
    ),
    (
        "anyfast",
        anyfast_task("", modelark_task("InputImageRiskDetection", "content[1] is risky")),
        FRAMES,
        Kind.MODERATION,
        ("input", "image", "first_frame", None),
    ),
    ("anyfast", anyfast_task("the model gave up"), TEXT, Kind.MODERATION, ("output", None, None, None)),
    ("anyfast", anyfast_task("task timed out"), TEXT, Kind.OVERLOAD, (None, None, None, None)),
    (
        "evolink",
        evolink_task("content_policy_violation", "celebrity detected in image"),
        FRAMES,
        Kind.MODERATION,
        ("input", "image", None, None),
    ),
    (
        "evolink",
        evolink_task("content_policy_violation", "nudity detected"),
        TEXT,
        Kind.MODERATION,
        ("output", None, None, None),
    ),
    (
        "evolink",
        evolink_task("content_policy_violation", "minor content not allowed in your prompt"),
        TEXT,
        Kind.MODERATION,
        ("input", "text", "prompt", None),
    ),
    (
        "evolink",
        evolink_task("image_processing_error", "image_urls[0] cannot be read"),
        FRAMES,
        Kind.VALIDATION,
        ("input", "image", "first_frame", None),
    ),
    ("evolink", evolink_task("service_error", "upstream"), TEXT, Kind.OVERLOAD, (None, None, None, None)),
    (
        "toapis",
        toapis_task("生成失败: 内容违反了内容政策"),
        TEXT,
        Kind.MODERATION,
        ("output", None, None, None),
    ),
    (
        "toapis",
        toapis_task("real person in the reference image: policy"),
        REFERENCES,
        Kind.MODERATION,
        ("input", "image", "reference_images", None),
    ),
    (
        "toapis",
        toapis_task("the generated audio violates the policy"),
        TEXT,
        Kind.MODERATION,
        ("output", "audio", None, None),
    ),
    (
        "toapis",
        toapis_task("call upstream API failed: upstream returned status 500"),
        TEXT,
        Kind.OVERLOAD,
        (None, None, None, None),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("vendor", "body", "request_sent", "kind", "told"), FAILURES)
def test_a_failure_says_what_it_is_about(
    vendor: str, body: Any, request_sent: GenerationRequest, kind: Kind, told: tuple[Any, ...]
) -> None:
    """What an accepted request is refused for counts as found in the result, unless the words name what was sent."""
    talk = flows(vendor)
    failed = answered(talk.get("cgt-1"), reply(200, body))
    assert isinstance(failed, Failed)
    error = failure_of(talk.located(failed, request_sent))
    assert (error.kind, error.billed) == (kind, False)
    assert (error.stage, error.medium, error.field, error.index) == told


def test_without_the_request_a_position_stays_in_the_vendors_words() -> None:
    """Its list may be of any media; a list of one field's only needs no counting."""
    image = diagnose(Kind.VALIDATION, None, "image_urls[1] is too large", accepted=False)
    video = diagnose(Kind.VALIDATION, None, "video_urls[1] is too large", accepted=False)
    names = load_vendor("evolink").generations.parameters
    assert locate(image, names, None) == Diagnosis("input", None, None, None, "image_urls[1]")
    assert locate(video, names, None) == Diagnosis("input", "video", "reference_videos", 1, "video_urls[1]")


@pytest.mark.parametrize(
    "place", ["content[9]", "content[999]", "[0]", "content[x]", "a" * 5_000, "content[" * 500]
)
def test_a_place_that_is_none_names_no_field(place: str) -> None:
    """Whatever a vendor writes is bounded, and no guess is made."""
    found = diagnose(Kind.VALIDATION, "c" * 100_000, f"the parameter {place} is wrong", place, accepted=False)
    located = locate(found, load_vendor("modelark").generations.parameters, FRAMES)
    assert (located.stage, located.field) == ("input", None)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("duration", ("input", None, "duration", None)),
        ("reference_images[2]", ("input", "image", "reference_images", 2)),
        ("reference_videos.1", ("input", "video", "reference_videos", 1)),
        ("prompt", ("input", "text", "prompt", None)),
        ("first_frame, reference_images[0]", ("input", "image", "first_frame", None)),
    ],
)
def test_what_is_refused_here_names_its_first_problem(field: str, told: tuple[Any, ...]) -> None:
    """As a vendor's refusal does."""
    error = RequestInvalid([Problem(field, "x", "is wrong"), Problem("seed", 1, "is wrong")])
    assert (error.stage, error.medium, error.field, error.index) == told
    assert error.billed is False


def test_a_medium_that_only_one_field_has_names_the_field() -> None:
    """The vendor says "the video", and there is one."""
    one = GenerationRequest(prompt="a", reference_videos=(f"{H}1.mp4",), reference_images=(f"{H}1.png",))
    found = locate(diagnose(Kind.MODERATION, None, "a video violates the policy", accepted=False), {}, one)
    assert (found.field, found.index) == ("reference_videos", 0)


@pytest.mark.parametrize(
    ("diagnosis", "remedy"),
    [
        (Diagnosis("output", "video"), "or generate it again: the same request may pass."),
        (Diagnosis("input", "image", "reference_images", 2), "Change reference_images[2]; "),
        (Diagnosis("input", "text", "prompt"), "Change the prompt; "),
        (Diagnosis("input", "image"), "Change the prompt or the reference media; "),
    ],
)
def test_the_remedy_is_as_exact_as_the_diagnosis(diagnosis: Diagnosis, remedy: str) -> None:
    """One sentence, for a refusal and for a failure alike."""
    assert remedy in remedy_of(Kind.MODERATION, diagnosis)
    assert remedy_of(Kind.BALANCE, Diagnosis()) == Kind.BALANCE.traits.advice

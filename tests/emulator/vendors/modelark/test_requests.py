"""Which requests ModelArk accepts, and what becomes of their parameters."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import pytest
from PIL import Image

TASKS = "/api/v3/contents/generations/tasks"
V2 = "dreamina-seedance-2-0-260128"
V15 = "seedance-1-5-pro-251215"
V25 = "dreamina-seedance-2-5-260628"
LITE_TEXT, LITE_IMAGE = "seedance-1-0-lite-t2v-250428", "seedance-1-0-lite-i2v-250428"
TEXT = [{"type": "text", "text": "A kitten yawns at the camera"}]
NAMES = [
    "as the SDK sends it", "text", "first frame", "video edit", "video extension", "web search (cn only)",
    "draft step 1", "frames",
]  # fmt: skip


def image(url, role=None):
    """An image part."""
    return {"type": "image_url", "image_url": {"url": url}} | ({"role": role} if role else {})


def media(kind, url):
    """A reference video or audio part."""
    return {"type": f"{kind}_url", f"{kind}_url": {"url": url}, "role": f"reference_{kind}"}


@pytest.mark.parametrize("name", NAMES)
def test_a_request_of_the_contract_is_accepted(name, ark, golden):
    """The contract's own sample requests are good requests."""
    answer = ark.post(TASKS, json=golden("modelark", "requests")[name])
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(r"cgt-\d{14}-[a-z0-9]{5}", answer.json()["id"])


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"model": None}, 400, "MissingParameter", "model"),
        ({"content": None}, 400, "MissingParameter", "content"),
        ({"model": "seedance-2-0"}, 404, "InvalidEndpointOrModel.NotFound", ""),
        ({"content": [{"type": "smell"}]}, 400, "InvalidParameter", "content[0].type"),
        ({"content": [{"type": "image_url", "image_url": "http://h/1.png"}]}, 400, "InvalidParameter", None),
        ({"resolution": "8k"}, 400, "InvalidParameter", "resolution"),
        ({"resolution": "8k", "duration": 99}, 400, "InvalidParameter", "resolution"),
        ({"ratio": "5:7"}, 400, "InvalidParameter", "ratio"),
        ({"duration": 3}, 400, "InvalidParameter", "duration"),
        ({"duration": 5.0}, 400, "InvalidParameter", "duration"),
        ({"duration": "5"}, 400, "InvalidParameter", "duration"),
        ({"frames": 57}, 400, "InvalidParameter", "frames"),
        ({"camera_fixed": True}, 400, "InvalidParameter", "camera_fixed"),
        ({"service_tier": "flex"}, 400, "InvalidParameter", "service_tier"),
        ({"service_tier": "soon"}, 400, "InvalidParameter", "service_tier"),
        ({"priority": 10}, 400, "InvalidParameter", "priority"),
        ({"model": V15, "priority": 1}, 400, "InvalidParameter", "priority"),
        ({"draft": True}, 400, "InvalidParameter", "draft"),
        ({"model": V15, "draft": True, "resolution": "720p"}, 400, "InvalidParameter", "resolution"),
        ({"seed": 2**32}, 400, "InvalidParameter", "seed"),
        ({"execution_expires_after": 60}, 400, "InvalidParameter", "execution_expires_after"),
        ({"safety_identifier": "x" * 65}, 400, "InvalidParameter", "safety_identifier"),
        ({"output_format": "mov"}, 400, "InvalidParameter", "output_format"),
        ({"tools": [{"type": "web_search"}]}, 400, "InvalidParameter", "tools"),
        ({"model": "seedance-1-0-pro-250528", "ratio": "adaptive"}, 400, "InvalidParameter", "ratio"),
        ({"model": "seedance-1-0-pro-250528", "duration": 13}, 400, "InvalidParameter", "duration"),
    ],
)
def test_bad_fields_are_refused_by_name(fields, status, code, param, ark, golden, shape):
    """Each wrong field gives the contract's error body, code and parameter."""
    answer = ark.post(TASKS, json={"model": V2, "content": TEXT, **fields})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert param is None or error["param"] == param
    assert shape(answer.json()) == shape(golden("modelark", "error"))
    assert re.search(r" Request id: 02\d{13}[0-9a-f]{38}$", error["message"])


@pytest.mark.parametrize("given", [{}, {"duration": -1}, {"ratio": "adaptive"}])
def test_an_edit_keeps_the_length_and_the_shape(given, create):
    """2.5 edits with both left to the video, said or not."""
    create(
        model=V25,
        content=[*TEXT, media("video", "https://h/v.mp4")],
        omni_reference_task_type="edit",
        **given,
    )


@pytest.mark.parametrize(
    ("given", "param", "issue"),
    [
        ({"duration": 5}, "duration", "duration must be -1"),
        ({"ratio": "16:9"}, "ratio", "ratio must be adaptive"),
    ],
)
def test_an_edit_with_a_length_or_a_shape_is_refused(given, param, issue, ark):
    """2.5: TaskTypeConstraint, naming the issue."""
    content = [*TEXT, media("video", "https://h/v.mp4")]
    body = {"model": V25, "content": content, "omni_reference_task_type": "edit", **given}
    error = ark.post(TASKS, json=body).json()["error"]
    assert (error["code"], error["param"]) == ("InvalidParameter.TaskTypeConstraint", param)
    assert issue in error["message"]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([image("https://h/1.png"), image("https://h/2.png")], "role must be specified for image contents"),
        ([image("https://h/1.png", "middle")], "invalid role specified for image content"),
        ([image("https://h/1.png", "first_frame")] * 2, "at most one first frame image content but got 2"),
        ([image("https://h/1.png", "first_frame"), media("video", "https://h/v.mp4")], "cannot be mixed"),
        ([media("audio", "https://h/a.mp3")], "requires at least one reference image or video"),
        ([image("https://h/1.png", "reference_image")] * 10, "at most 9 reference image"),
        ([media("video", "data:video/mp4;base64,AAAA")], "reference_video must be provided as a web url"),
        ([image("data:image/png;base64,AAAA")], "not a readable image"),
        ([image("data:image/PNG;base64,AAAA")], "lower-case format"),
        ([image("ftp://h/1.png")], "expected an http or https URL"),
        ([image("asset://asset-none")], "The specified asset asset-none is not found."),
    ],
)
def test_bad_media_are_refused_in_the_servers_sentences(parts, sentence, ark):
    """Roles, mixtures, counts and forms of the media."""
    answer = ark.post(TASKS, json={"model": V2, "content": [*TEXT, *parts]})
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]


def test_a_missing_file_of_its_own_is_a_failed_download(emulator, ark):
    """URLs below the emulator itself are really looked at."""
    answer = ark.post(TASKS, json={"model": V2, "content": [*TEXT, image(emulator.sample_url("none.png"))]})
    assert "resource download failed" in answer.json()["error"]["message"]


def test_a_small_picture_is_refused(ark):
    """A data URI is decoded and measured."""
    target = BytesIO()
    Image.new("RGB", (200, 400)).save(target, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(target.getvalue()).decode()}"
    answer = ark.post(TASKS, json={"model": V2, "content": [*TEXT, image(url)]})
    assert "image width (px) specified in the request must be greater than or equal to 300" in answer.text


def test_a_picture_decides_the_adaptive_ratio(emulator, create, get):
    """The concrete ratio is told when the task is done."""
    task_id = create(content=[*TEXT, image(emulator.sample_url("reference.png"), "reference_image")])
    emulator.advance(1000)
    assert get(task_id)["ratio"] == "1:1"


def test_reference_videos_are_billed(emulator, create, get):
    """Tokens count the seconds of the input video, too."""
    task_id = create(content=[*TEXT, media("video", emulator.sample_url("reference.mp4"))], duration=5)
    emulator.advance(1000)
    assert get(task_id)["usage"]["total_tokens"] == int((240 + 1) * 1280 * 720 / 1024)


def test_a_length_chosen_by_the_model_is_told(emulator, create, get):
    """duration -1 comes back as a real value."""
    task_id = create(duration=-1)
    emulator.advance(1000)
    assert 4 <= get(task_id)["duration"] <= 15


def test_frames_are_echoed_instead_of_a_duration(emulator, create, get):
    """Either frames or duration, never both."""
    task_id = create(model="seedance-1-0-pro-250528", frames=57)
    emulator.advance(1000)
    done = get(task_id)
    assert done["frames"] == 57
    assert "duration" not in done


def test_flags_in_the_prompt_still_work_on_old_models(emulator, create, get):
    """--rs and --dur count when the JSON fields are absent."""
    task_id = create(model=V15, content=[{"type": "text", "text": "A fox --rs 480p --dur 4 --wm true"}])
    emulator.advance(1000)
    assert (get(task_id)["resolution"], get(task_id)["duration"]) == ("480p", 4)
    assert emulator.ledger()["generations"][0]["prompt"] == "A fox"


def test_a_draft_becomes_a_final(emulator, create, get):
    """The final reuses what the draft fixed, and names it."""
    draft = create(model=V15, draft=True, duration=6, seed=20, generate_audio=False)
    emulator.advance(1000)
    assert get(draft)["resolution"] == "480p"
    assert get(draft)["usage"]["total_tokens"] == int(int(145 * 864 * 496 / 1024) * 0.7)
    content = [{"type": "draft_task", "draft_task": {"id": draft}}]
    final = create(model=V15, content=content, resolution="720p")
    emulator.advance(1000)
    done = get(final)
    assert (done["draft_task_id"], done["duration"], done["seed"]) == (draft, 6, 20)
    assert done["generate_audio"] is False
    assert emulator.ledger()["generations"][1]["mode"] == "draft_final"


def test_endpoints_stand_for_seedance_2(emulator, create, get):
    """ep-… is accepted, and answers name the model."""
    assert get(create(model="ep-20260101-abcde"))["model"] == V2


@pytest.mark.parametrize("prefix", ["", "doubao-"])
def test_lite_makes_videos_from_text_or_from_images(prefix, emulator, create, get, ark):
    """The retiring 1.0-lite has one id for each; references give 16:9 unless asked otherwise."""
    references = [image(emulator.sample_url("reference.png"), "reference_image")] * 4
    create(model=prefix + LITE_TEXT)
    task_id = create(model=prefix + LITE_IMAGE, content=[*TEXT, *references])
    emulator.advance(1000)
    assert (get(task_id)["ratio"], get(task_id)["resolution"]) == ("16:9", "720p")
    for model, content in ((LITE_TEXT, references[:1]), (LITE_IMAGE, []), (LITE_IMAGE, [*references] * 2)):
        body = {"model": prefix + model, "content": [*TEXT, *content]}
        assert ark.post(TASKS, json=body).status_code == 400, body


def test_lite_makes_1080p_from_frames_only(ark):
    """Not from reference images."""
    for role, status in (("first_frame", 200), ("reference_image", 400)):
        content = [*TEXT, image("https://h/1.png", role)]
        body = {"model": LITE_IMAGE, "content": content, "resolution": "1080p"}
        assert ark.post(TASKS, json=body).status_code == status

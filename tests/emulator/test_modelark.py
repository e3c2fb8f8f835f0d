"""ModelArk's four calls against its contract."""

from __future__ import annotations

import base64
import re
from io import BytesIO

import pytest
from PIL import Image

from airflow_provider_seedance.emulator.vendors.ark.models import MODELS

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


@pytest.fixture
def ark(api):
    """A client with a good key."""
    return api("modelark")


@pytest.fixture
def create(ark):
    """Creates a task and returns its id."""

    def post(**fields):
        answer = ark.post(TASKS, json={"model": V2, "content": TEXT, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return post


@pytest.fixture
def get(ark):
    """Reads a task."""
    return lambda task_id: ark.get(f"{TASKS}/{task_id}").json()


@pytest.mark.parametrize("name", NAMES)
def test_a_request_of_the_contract_is_accepted(name, ark, golden):
    """The contract's own sample requests are good requests."""
    answer = ark.post(TASKS, json=golden("modelark", "requests")[name])
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(r"cgt-\d{14}-[a-z0-9]{5}", answer.json()["id"])


def test_task_ids_carry_the_time_in_china(emulator, create, get):
    """The digits of an id are created_at in UTC+8."""
    from datetime import datetime, timedelta, timezone

    task_id = create()
    moment = datetime.fromtimestamp(get(task_id)["created_at"], timezone(timedelta(hours=8)))
    assert task_id.split("-")[1] == moment.strftime("%Y%m%d%H%M%S")


def test_a_task_waits_runs_and_succeeds_in_the_contracts_words(emulator, create, get, golden, shape):
    """Queued, running and succeeded bodies have exactly the contract's keys."""
    task_id = create(return_last_frame=True, resolution="720p", ratio="16:9", seed=78674)
    assert shape(get(task_id)) == shape(golden("modelark", "queued"))
    emulator.advance(10)
    running = get(task_id)
    assert shape(running) == shape(golden("modelark", "running"))
    emulator.advance(1000)
    done = get(task_id)
    assert shape(done) == shape(golden("modelark", "succeeded"))
    assert done["created_at"] < running["updated_at"] < done["updated_at"]
    assert (done["usage"]["total_tokens"], done["seed"], done["duration"]) == (108900, 78674, 5)


def test_a_failed_task_explains_itself(emulator, create, get, golden, shape):
    """A failed body has the contract's keys, and nothing is billed."""
    emulator.add_fault(on="create", kind="fail")
    task_id = create()
    emulator.advance(1000)
    assert shape(get(task_id)) == shape(golden("modelark", "failed"))
    assert get(task_id)["error"]["code"] == "InternalServiceError"
    assert emulator.ledger()["generations"][0]["billed"] is False


def test_an_unfinished_task_expires(emulator, create, get, golden, shape):
    """A task that is not done by execution_expires_after is expired, and not billed."""
    last = [create(resolution="4k", execution_expires_after=3600) for _ in range(30)][-1]
    emulator.advance(3601)
    expired = get(last)
    assert expired["status"] == "expired"
    assert expired["updated_at"] == expired["created_at"] + 3600
    assert expired.pop("priority") == 0
    assert shape(expired) == shape(golden("modelark", "expired"))
    assert emulator.ledger()["generations"][-1]["billed"] is False


def test_a_stuck_task_stays_where_it_is(emulator, create, get):
    """Not even its expiry ends it."""
    emulator.add_fault(on="create", kind="stuck")
    task_id = create()
    emulator.advance(3 * 86400)
    assert get(task_id)["status"] == "queued"


def test_only_ten_run_at_once_and_priority_goes_first(emulator, create, get):
    """The eleventh waits, and of the waiting the one with priority starts first."""
    first = [create() for _ in range(10)]
    emulator.advance(20)
    late, urgent = create(), create(priority=9)
    emulator.advance(20)
    assert {get(task)["status"] for task in first} == {"running"}
    assert get(late)["status"] == get(urgent)["status"] == "queued"
    for _ in range(60):
        emulator.advance(5)
        if get(urgent)["status"] == "running":
            break
    assert get(late)["updated_at"] >= get(urgent)["updated_at"] or get(late)["status"] == "queued"


def test_4k_has_one_slot(emulator, create, get):
    """Two 4k tasks run one after the other."""
    tasks = [create(resolution="4k") for _ in range(2)]
    emulator.advance(30)
    assert sorted(get(task)["status"] for task in tasks) == ["queued", "running"]


def test_flex_waits_much_longer(emulator, create, get):
    """Offline work is still queued when online work is done."""
    slow, fast = create(model=V15, service_tier="flex"), create(model=V15)
    emulator.advance(400)
    assert (get(slow)["status"], get(fast)["status"]) == ("queued", "succeeded")


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "sk-invalid"])
def test_a_bad_key_is_refused(key, api):
    """Missing and wrong keys get 401 AuthenticationError."""
    answer = api("modelark", key).post(TASKS, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationError")


def test_an_account_without_money_is_refused(api):
    """sk-empty gets 403 AccountOverdueError."""
    answer = api("modelark", "sk-empty").post(TASKS, json={"model": V2, "content": TEXT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AccountOverdueError")


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


def test_the_models_are_those_of_the_contract(golden):
    """Every row of the contract's capability table, in both id families."""
    for name, row in golden("modelark", "capabilities")["models"].items():
        for model_id in (name, row["cn"]):
            model = MODELS[model_id]
            assert list(model.durations) == row["dur"]
            assert list(model.resolutions) == row["res"]
            assert model.default_resolution == row["res_default"]
            assert list(model.references) == list(row["ref"].values())
            assert len(model.modes) == len(row["modes"])
            for flag in ("frames", "audio", "draft", "flex", "camera_fixed", "priority"):
                assert getattr(model, flag) == row[flag], flag
            assert model.tools == (row["tools"] and model_id == row["cn"])


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


def test_the_pixels_are_those_of_the_contract(golden):
    """Every size of the contract's table."""
    tables = golden("modelark", "capabilities")["pixels"]
    for row in golden("modelark", "capabilities")["models"].values():
        for resolution in row["res"]:
            expected = {ratio: tuple(size) for ratio, size in tables[row["table"]][resolution].items()}
            assert MODELS[row["cn"]].sizes[resolution] == expected


# --- list and delete -------------------------------------------------------------------------------------


def test_the_list_shows_the_newest_first_and_counts_all(ark, create, golden, shape):
    """total counts the matches, the page is cut."""
    tasks = [create() for _ in range(3)]
    answer = ark.get(TASKS, params={"page_size": 2}).json()
    assert shape(answer)["total"] == shape(golden("modelark", "list"))["total"]
    assert answer["total"] == 3
    assert [item["id"] for item in answer["items"]] == tasks[:0:-1]
    assert [
        item["id"] for item in ark.get(TASKS, params={"page_size": 2, "page_num": 2}).json()["items"]
    ] == tasks[:1]


def test_the_list_filters(emulator, ark, create):
    """By ids (repeated), status, model and tier; flex is hidden unless asked for."""
    one, two, flex = create(), create(model=V15), create(model=V15, service_tier="flex")
    found = lambda **query: [item["id"] for item in ark.get(TASKS, params=query).json()["items"]]  # noqa: E731
    assert found(**{"filter.task_ids": [one, two, "cgt-none"]}) == [two, one]
    assert found(**{"filter.model": V15}) == [two]
    assert found(**{"filter.service_tier": "flex"}) == [flex]
    emulator.advance(1000)
    assert found(**{"filter.status": "queued"}) == []
    assert found(**{"filter.status": "succeeded"}) == [two, one]


def test_failed_items_name_the_reason_twice(emulator, ark, create):
    """error and failure_reason, since official clients differ."""
    emulator.add_fault(on="create", kind="moderation", times=0)
    create(content=[{"type": "text", "text": "x [emulator:moderation]"}])
    emulator.advance(1000)
    item = ark.get(TASKS).json()["items"][0]
    assert item["error"] == item["failure_reason"]
    assert item["error"]["code"] == "OutputVideoSensitiveContentDetected"


@pytest.mark.parametrize("query", [{"page_num": 0}, {"page_size": 501}, {"page_size": "x"}])
def test_pages_out_of_range_are_refused(query, ark):
    """Pages and sizes go from 1 to 500."""
    assert ark.get(TASKS, params=query).status_code == 400


def test_a_queued_task_is_cancelled(emulator, ark, create, get, golden, shape):
    """DELETE takes it out of the queue; its record is gone a day later."""
    task_id = create(model=V15)
    assert ark.delete(f"{TASKS}/{task_id}").json() == {}
    emulator.advance(1000)
    assert shape(get(task_id)) == shape(golden("modelark", "cancelled"))
    assert ark.delete(f"{TASKS}/{task_id}").status_code == 409
    emulator.advance(86400)
    assert ark.get(f"{TASKS}/{task_id}").status_code == 404
    assert emulator.ledger()["generations"][0]["billed"] is False


def test_a_running_task_cannot_be_deleted(emulator, ark, create):
    """409, and it is billed in the end."""
    task_id = create()
    emulator.advance(10)
    answer = ark.delete(f"{TASKS}/{task_id}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidAction.RunningTaskDeletion")
    emulator.advance(1000)
    assert emulator.ledger()["generations"][0]["billed"] is True


def test_a_finished_task_is_deleted(emulator, ark, create):
    """The record goes, the invoice stays."""
    task_id = create()
    emulator.advance(1000)
    assert ark.delete(f"{TASKS}/{task_id}").status_code == 200
    assert ark.get(f"{TASKS}/{task_id}").status_code == 404
    assert ark.get(TASKS).json()["total"] == 0
    assert emulator.ledger()["generations"][0]["billed"] is True


def test_tasks_are_forgotten_after_a_week(emulator, ark, create):
    """Neither GET nor the list shows older ones."""
    task_id = create()
    emulator.advance(7 * 86400)
    assert ark.get(f"{TASKS}/{task_id}").json()["error"]["code"] == "NotFound.id"
    assert ark.get(TASKS).json()["total"] == 0


def test_keys_do_not_see_each_others_tasks(api, create):
    """Another key's task is not found, not listed, not deleted."""
    task_id, other = create(), api("modelark", "sk-two")
    assert other.get(f"{TASKS}/{task_id}").status_code == 404
    assert other.delete(f"{TASKS}/{task_id}").status_code == 404
    assert other.get(TASKS).json()["total"] == 0


def test_there_is_no_cancel_path(emulator, ark, create):
    """POST to …/cancel falls into create, as it does on the live server."""
    task_id = create()
    answer = ark.post(f"{TASKS}/{task_id}/cancel", json={"model": V2, "content": TEXT})
    assert answer.json()["id"] != task_id
    assert emulator.ledger()["creates_received"] == 2


def test_the_catalogue_lists_the_models(ark):
    """GET /models knows what create knows."""
    assert {item["id"] for item in ark.get("/api/v3/models").json()["data"]} == set(MODELS)


def test_a_wrong_path_is_an_empty_404(ark):
    """As the real server answers."""
    answer = ark.get("/api/v3/nothing")
    assert (answer.status_code, answer.content) == (404, b"")

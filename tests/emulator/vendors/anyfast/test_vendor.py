"""AnyFast's calls against its contract."""

from __future__ import annotations

import json

import pytest

PATH = "/v1/video/generations"
TEXT = {"type": "text", "text": "A kitten yawns"}
BODY = {"model": "seedance-2.0", "content": [TEXT]}
IMAGE = {"type": "image_url", "image_url": {"url": "https://h/1.png"}, "role": "reference_image"}
VIDEO = {"type": "video_url", "video_url": {"url": "https://h/1.mp4"}, "role": "reference_video"}

LITE_IMAGE = "doubao-seedance-1-0-lite-i2v-250428"


@pytest.fixture
def anyfast(api):
    """A client with a good key."""
    return api("anyfast")


@pytest.fixture
def create(anyfast):
    """Creates a task and returns its id."""

    def post(**fields):
        answer = anyfast.post(PATH, json={**BODY, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["task_id"]

    return post


@pytest.fixture
def get(anyfast):
    """Reads a task."""
    return lambda task_id: anyfast.get(f"{PATH}/{task_id}").json()


@pytest.mark.parametrize(
    "name", ["text", "first frame", "first and last frame", "edit", "extension", "web search"]
)
def test_a_request_of_the_contract_is_accepted(name, anyfast, golden, shape):
    """The contract's own sample requests are answered with its sample body."""
    answer = anyfast.post(PATH, json=golden("anyfast", "requests")[name])
    assert answer.status_code == 200, answer.text
    assert shape(answer.json()) == shape(golden("anyfast", "created"))


def test_a_task_goes_through_the_contracts_states(emulator, create, get, golden, shape):
    """All four envelopes have exactly the contract's keys."""
    task_id = create(ratio="16:9", seed=4304)
    assert shape(get(task_id)) == shape(golden("anyfast", "not_start"))
    emulator.advance(2.5)
    assert shape(get(task_id)) == shape(golden("anyfast", "queued"))
    emulator.advance(15)
    running = get(task_id)
    assert shape(running) == shape(golden("anyfast", "in_progress"))
    assert 50 <= int(running["data"]["progress"].rstrip("%")) < 100
    emulator.advance(1000)
    done = get(task_id)
    assert shape(done) == shape(golden("anyfast", "success"))
    assert done["data"]["result_url"] != done["data"]["data"]["content"]["video_url"]
    assert done["data"]["data"]["usage"]["total_tokens"] == 108900


def test_a_failed_task_explains_itself(emulator, create, get, golden, shape):
    """fail_reason is a JSON string, progress is 100%."""
    emulator.add_fault(vendor="anyfast", on="get", kind="moderation")
    task_id = create()
    get(task_id)
    emulator.advance(1000)
    failed = get(task_id)
    assert shape(failed) == shape(golden("anyfast", "failure"))
    assert json.loads(failed["data"]["fail_reason"])["error"]["code"] == "OutputVideoSensitiveContentDetected"
    assert (failed["data"]["status"], failed["data"]["progress"]) == ("FAILURE", "100%")


def test_last_frames_are_nested(emulator, create, get):
    """return_last_frame shows in the inner object."""
    task_id = create(return_last_frame=True)
    emulator.advance(1000)
    assert ".png?" in get(task_id)["data"]["data"]["content"]["last_frame_url"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"content": None}, "MissingParameter"),
        ({"resolution": "4k"}, "InvalidParameter"),
        ({"duration": -1}, "InvalidParameter"),
        ({"model": "seedance-fast", "resolution": "1080p"}, "InvalidParameter"),
        ({"model": "seedance-2.0-ultra"}, "MissingParameter"),
        ({"content": [IMAGE, TEXT]}, "InvalidParameter"),
        ({"content": [TEXT, VIDEO, IMAGE]}, "InvalidParameter"),
        ({"content": [TEXT, IMAGE], "tools": [{"type": "web_search"}]}, "InvalidParameter"),
        ({"model": "seedance-2.5", "tools": [{"type": "web_search"}]}, "InvalidParameter"),
        (
            {"model": "doubao-seedance-1-5-pro-251215", "tools": [{"type": "web_search"}]},
            "InvalidParameter",
        ),
        ({"model": LITE_IMAGE, "content": [TEXT, IMAGE], "resolution": "1080p"}, "InvalidParameter"),
    ],
)
def test_bad_fields_come_as_arks_error_in_a_string(fields, code, anyfast, golden, shape):
    """Shape B: Ark's body nested as a JSON string."""
    answer = anyfast.post(PATH, json={**BODY, **fields})
    assert answer.status_code == 400
    assert shape(answer.json()) == shape(golden("anyfast", "error_relayed"))
    inner = json.loads(answer.json()["message"])
    assert inner["error"]["code"] == code
    assert shape(inner) == shape(json.loads(golden("anyfast", "error_relayed")["message"]))


def test_a_missing_model_is_a_plain_error(anyfast, golden):
    """Shape C."""
    answer = anyfast.post(PATH, json={"content": [TEXT]})
    assert (answer.status_code, answer.json()) == (400, golden("anyfast", "error_plain"))


def test_an_unknown_model_is_refused(anyfast):
    """400, mapping failed."""
    answer = anyfast.post(PATH, json={**BODY, "model": "sora"})
    assert (answer.status_code, answer.json()["code"]) == (400, "model_mapping_failed")


@pytest.mark.parametrize("key", [None, "sk-invalid"])
def test_bad_keys_are_refused_by_the_gateway(key, api, golden, shape):
    """Shape A, for the models probe, too."""
    answer = api("anyfast", key).post(PATH, json=BODY)
    assert answer.status_code == 401
    assert shape(answer.json()) == shape(golden("anyfast", "error_gateway"))
    assert api("anyfast", key).get("/v1/models").status_code == 401


def test_a_key_without_money_is_refused(api):
    """403 with the gateway's quota code."""
    answer = api("anyfast", "sk-empty").post(PATH, json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_user_quota")


def test_unknown_and_foreign_tasks_do_not_exist(create, anyfast, api, golden):
    """400 task_not_exist for both."""
    task_id = create()
    for answer in (anyfast.get(f"{PATH}/asyntask_none"), api("anyfast", "sk-two").get(f"{PATH}/{task_id}")):
        assert (answer.status_code, answer.json()) == (400, golden("anyfast", "task_not_exist"))


def test_the_models_of_the_contract_are_known(anyfast, golden):
    """Every id of the contract's table is listed, with the resolutions it takes."""
    listed = {item["id"] for item in anyfast.get("/v1/models").json()["data"]}
    assert {row["id"] for row in golden("anyfast", "models")} <= listed
    for row in golden("anyfast", "models"):
        if "text" not in row.get("modes", ["text"]):
            continue
        for resolution in row.get("res", []):
            for duration in row["dur"]:
                body = {**BODY, "model": row["id"], "resolution": resolution, "duration": duration}
                assert anyfast.post(PATH, json=body).status_code == 200, body


def test_ultra_adds_super_resolution_tokens(emulator, create, get):
    """Both counts are told, and their sum is billed."""
    task_id = create(model="seedance-2.0-ultra", resolution="1080p", ratio="16:9")
    emulator.advance(1000)
    usage = get(task_id)["data"]["data"]["usage"]
    assert usage == {
        "completion_tokens": 108900,
        "total_tokens": 108900,
        "super_resolution_tokens": 245025,
    }
    assert emulator.ledger()["generations"][0]["amount"] == 108900 + 245025


def test_old_models_default_to_a_fixed_ratio(emulator, create, get):
    """1.x on AnyFast: 16:9, and a text part is needed."""
    task_id = create(model="doubao-seedance-1-5-pro-251215")
    emulator.advance(1000)
    assert get(task_id)["data"]["data"]["ratio"] == "16:9"

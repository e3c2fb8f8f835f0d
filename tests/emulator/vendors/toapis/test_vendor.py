"""ToAPIs' calls against its contract."""

from __future__ import annotations

import re

import pytest

PATH = "/v1/videos/generations"
BODY = {"model": "seedance-2", "prompt": "A paper boat", "duration": 5, "aspect_ratio": "16:9"}
URL = "https://cdn.example.com/x"


def role(name, url=URL):
    """One medium with its role."""
    return {"url": url, "role": name}


@pytest.fixture
def toapis(api):
    """A client with a good key."""
    return api("toapis")


@pytest.fixture
def create(toapis):
    """Creates a task and returns its id."""

    def post(**fields):
        answer = toapis.post(PATH, json={**BODY, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return post


@pytest.fixture
def get(toapis):
    """Reads a task by either id."""
    return lambda task_id: toapis.get(f"{PATH}/{task_id}").json()


@pytest.mark.parametrize(
    "name",
    ["text", "web search", "first frame", "first and last frame", "reference", "edit", "extension", "review"],
)
def test_a_request_of_the_contract_is_accepted(name, toapis, golden, shape):
    """The contract's own sample requests are answered with its sample body."""
    answer = toapis.post(PATH, json=golden("toapis", "requests")[name])
    assert answer.status_code == 200, answer.text
    assert shape(answer.json()) == shape(golden("toapis", "created"))
    assert re.fullmatch(r"tsk_vid_[0-9A-HJKMNP-TV-Z]{26}", answer.json()["id"])


def test_a_task_goes_through_the_contracts_states(emulator, create, get, golden, shape):
    """Queued, in_progress and completed bodies have exactly the contract's keys."""
    task_id = create(client_business_id="job-0001", return_last_frame=True, tools=[{"type": "web_search"}])
    assert shape(get(task_id)) == shape(golden("toapis", "queued"))
    emulator.advance(30)
    assert shape(get(task_id)) == shape(golden("toapis", "in_progress"))
    emulator.advance(1000)
    done = get(task_id)
    assert shape(done) == shape(golden("toapis", "completed"))
    assert done["expires_at"] - done["completed_at"] == 86400


def test_a_failed_task_is_refunded(emulator, create, get, golden, shape):
    """Code generation_failed, billing refunded."""
    emulator.add_fault(vendor="toapis", on="get", kind="moderation")
    task_id = create(client_business_id="job-0001")
    get(task_id)
    emulator.advance(1000)
    assert shape(get(task_id)) == shape(golden("toapis", "failed"))
    assert get(task_id)["error"] == golden("toapis", "failed")["error"]


def test_a_task_is_found_by_the_callers_own_id(emulator, create, get, toapis, api):
    """The answer names the platform's id; another user's id is not found."""
    task_id = create(client_business_id="order 1/2")
    assert toapis.get(f"{PATH}/order%201%2F2").status_code in (200, 404)
    task_id = create(client_business_id="order-1")
    assert get("order-1")["id"] == task_id
    assert api("toapis", "sk-two").get(f"{PATH}/order-1").status_code == 404


def test_a_replay_returns_the_existing_task(emulator, create):
    """Same user and same business id: one task, one bill; another user gets another task."""
    first = create(client_business_id="order-1")
    assert create(client_business_id="order-1", prompt="something else") == first
    assert create(metadata={"client_business_id": "order-1"}) == first
    emulator.advance(1000)
    assert len(emulator.ledger()["generations"]) == 1


def test_a_lost_create_is_found_by_its_business_id(emulator, toapis, get):
    """The task was stored before the connection died."""
    import httpx

    emulator.add_fault(on="create", kind="drop_after_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        toapis.post(PATH, json={**BODY, "client_business_id": "order-1"})
    assert get("order-1")["status"] == "queued"


@pytest.mark.parametrize(
    "fields",
    [
        {"duration": 3},
        {"duration": False},
        {"model": "seedance-2-mini", "duration": 0},
        {"aspect_ratio": "2:1"},
        {"resolution": "8k"},
        {"model": "seedance-2-fast", "resolution": "1080p"},
        {"seed": -2},
        {"prompt": None},
        {"generate_audio": 1},
        {"image_with_roles": [role("first_frame"), role("reference_image")]},
        {"image_with_roles": [role("first_frame")], "video_with_roles": [role("reference_video")]},
        {"image_with_roles": [role("last_frame")]},
        {"image_with_roles": [role("first_frame")] * 2},
        {"image_with_roles": [role("reference_image")] * 10},
        {"image_with_roles": [role("reference_image")], "image_urls": [URL]},
        {"image_urls": ["data:image/png;base64,AAAA"]},
        {"image_with_roles": [role("reference_image", "asset://pa_none")]},
        {"video_with_roles": [role("reference_video", "data:video/mp4;base64,AAAA")]},
        {"audio_with_roles": [role("reference_audio")]},
        {"image_with_roles": [role("first_frame")], "tools": [{"type": "web_search"}]},
        {"private_asset_review": True},
        {"private_asset_review": True, "image_with_roles": [role("reference_image", "asset://pa_1")]},
        {"private_assets": True},
        {"callback_url": "http://example.com/hook"},
    ],
)
def test_bad_fields_are_refused(fields, toapis, golden, shape):
    """400 invalid_request with a word as code."""
    answer = toapis.post(PATH, json={**BODY, **fields})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), answer.text
    assert shape(answer.json()) == shape(golden("toapis", "error_create"))


def test_unknown_models_have_no_channel(toapis):
    """503 model_not_found."""
    answer = toapis.post(PATH, json={**BODY, "model": "sora"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "model_not_found")


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("sk-invalid", 401), ("sk-empty", 402)])
def test_bad_keys_are_refused(key, status, api):
    """No key, a wrong key, a key without money."""
    assert api("toapis", key).post(PATH, json=BODY).status_code == status


def test_unknown_tasks_are_told_with_a_number_as_code(toapis, golden):
    """The query's error body is the contract's."""
    answer = toapis.get(f"{PATH}/tsk_vid_none")
    assert (answer.status_code, answer.json()) == (404, golden("toapis", "error_query"))


def test_moderation_refuses_at_create(emulator, toapis):
    """422 content_policy_violation, nothing accepted."""
    emulator.add_fault(on="create", kind="moderation")
    answer = toapis.post(PATH, json=BODY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "content_policy_violation")
    assert emulator.ledger()["generations"] == []


def test_the_one_published_price_is_met(emulator, create, get, toapis, golden, shape):
    """mini, 720p, 4 s: $0.157762, and the balances go down by it."""
    task_id = create(model="seedance-2-mini", resolution="720p", duration=4, generate_audio=False)
    emulator.advance(1000)
    assert get(task_id)["billing"] == {"status": "settled", "credits": "31.5524", "cost_usd": "0.157762"}
    assert toapis.get("/v1/balance").json()["used_credits"] == 31.5524
    assert shape(toapis.get("/v1/balance").json()) == shape(golden("toapis", "key_balance"))
    assert shape(toapis.get("/v1/user/balance").json()) == shape(golden("toapis", "user_balance"))


def test_an_automatic_length_is_chosen(emulator, create):
    """0 and -1 let seedance-2 choose."""
    for duration in (0, -1):
        create(duration=duration)
    assert len(emulator.ledger()["generations"]) == 2


def test_plain_image_urls_have_no_roles(emulator, create):
    """One is a first frame, several are references."""
    create(image_urls=[URL])
    create(image_urls=[URL, URL])
    assert [row["mode"] for row in emulator.ledger()["generations"]] == ["first_frame", "reference"]


def test_a_review_keeps_the_task_queued_longer(emulator, create, get):
    """Media are prepared first; bad ones make the task fail."""
    reviewed = create(private_asset_review=True, image_with_roles=[role("reference_image")])
    broken = create(
        private_asset_review=True, image_with_roles=[role("reference_image", emulator.sample_url("none.png"))]
    )
    emulator.advance(30)
    assert get(reviewed)["status"] == "queued"
    emulator.advance(1000)
    assert get(reviewed)["status"] == "completed"
    assert "private asset review" in get(broken)["error"]["message"]


def test_there_is_no_list_and_no_cancel(create, toapis):
    """ToAPIs documents neither."""
    assert toapis.delete(f"{PATH}/{create()}").status_code in (404, 405)
    assert toapis.get("/v1/tasks").status_code == 404


def test_the_catalogue_lists_the_models(toapis):
    """Three models."""
    listed = [item["id"] for item in toapis.get("/v1/models", params={"type": "all"}).json()["data"]]
    assert listed == ["seedance-2", "seedance-2-fast", "seedance-2-mini"]

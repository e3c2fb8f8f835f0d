"""EvoLink's calls against its contract."""

from __future__ import annotations

import re

import pytest

CREATE = "/v1/videos/generations"
TEXT = {"model": "seedance-2.0-text-to-video", "prompt": "A paper boat"}
IMAGE = {"model": "seedance-2.0-image-to-video", "prompt": "A paper boat"}
REFERENCE = {"model": "seedance-2.0-reference-to-video", "prompt": "A paper boat"}
URL = "https://cdn.example.com/x"


@pytest.fixture
def evolink(api):
    """A client with a good key."""
    return api("evolink")


@pytest.fixture
def create(evolink):
    """Creates a task and returns its id."""

    def post(**fields):
        answer = evolink.post(CREATE, json={**TEXT, **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    return post


@pytest.fixture
def get(evolink):
    """Reads a task."""
    return lambda task_id: evolink.get(f"/v1/tasks/{task_id}").json()


@pytest.mark.parametrize(
    "name", ["text", "web search", "first frame", "first and last frame", "reference", "edit", "extension"]
)
def test_a_request_of_the_contract_is_accepted(name, evolink, golden, shape):
    """The contract's own sample requests are answered with its sample body."""
    answer = evolink.post(CREATE, json=golden("evolink", "requests")[name])
    assert answer.status_code == 200, answer.text
    assert shape(answer.json()) == shape(golden("evolink", "created"))
    assert re.fullmatch(r"task-unified-\d+-[a-z0-9]{8}", answer.json()["id"])


def test_every_model_of_the_contract_is_known(evolink, golden):
    """Nine ids, whose names choose the mode."""
    for name, row in golden("evolink", "models").items():
        media = {"text": {}, "image": {"image_urls": [URL]}, "reference": {"video_urls": [URL]}}[row["mode"]]
        assert evolink.post(CREATE, json={"model": name, "prompt": "x", **media}).status_code == 200


def test_a_task_goes_through_the_contracts_states(emulator, create, get, golden, shape):
    """Pending, processing and completed bodies have exactly the contract's keys."""
    task_id = create(duration=5)
    assert shape(get(task_id)) == shape(golden("evolink", "pending"))
    emulator.advance(30)
    processing = get(task_id)
    assert shape(processing) == shape(golden("evolink", "processing"))
    assert 0 < processing["progress"] < 100
    emulator.advance(1000)
    done = get(task_id)
    assert shape(done) == shape(golden("evolink", "completed"))
    assert done["usage"]["credits_reserved"] == 55.25


def test_a_failed_task_explains_itself(emulator, create, get, golden, shape):
    """HTTP 200, status failed, progress 0, and nothing is billed."""
    emulator.add_fault(vendor="evolink", on="get", kind="moderation")
    task_id = create()
    get(task_id)
    emulator.advance(1000)
    assert shape(get(task_id)) == shape(golden("evolink", "failed"))
    assert get(task_id)["error"] == golden("evolink", "failed")["error"]
    assert emulator.ledger()["generations"][0]["amount"] == 0


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({**TEXT, "prompt": " "}, "prompt"),
        ({**TEXT, "duration": 3}, "duration"),
        ({**TEXT, "duration": -1}, "duration"),
        ({**TEXT, "quality": "4k"}, "quality"),
        ({**TEXT, "aspect_ratio": "2:1"}, "aspect_ratio"),
        ({**TEXT, "generate_audio": "yes"}, "generate_audio"),
        ({**TEXT, "image_urls": [URL]}, "image_urls"),
        ({**IMAGE, "image_urls": []}, "image_urls"),
        ({**IMAGE, "image_urls": [URL] * 3}, "image_urls"),
        ({**IMAGE, "image_urls": ["data:image/png;base64,AAAA"]}, "image_urls"),
        ({**IMAGE, "image_urls": [URL], "video_urls": [URL]}, "video_urls"),
        ({**REFERENCE, "audio_urls": [URL]}, "audio_urls"),
        ({**TEXT, "model": "seedance-2.0-fast-text-to-video", "quality": "1080p"}, "quality"),
        (
            {**TEXT, "model": "seedance-2.0-mini-text-to-video", "model_params": {"web_search": True}},
            "model_params",
        ),
        ({**TEXT, "callback_url": "http://example.com/hook"}, "callback_url"),
        ({**TEXT, "callback_url": "https://10.0.0.1/hook"}, "callback_url"),
        ({**TEXT, "callback_url": "https://172.16.0.1/hook"}, "callback_url"),
        ({**TEXT, "callback_url": "https://172.31.255.255:8443/hook"}, "callback_url"),
        ({**TEXT, "callback_url": "https://192.168.1.1/hook"}, "callback_url"),
        ({**TEXT, "callback_url": "https://169.254.169.254/hook"}, "callback_url"),
    ],
)
def test_bad_fields_are_refused_by_name(body, param, evolink, golden, shape):
    """400 with the contract's error body, naming the field."""
    answer = evolink.post(CREATE, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert shape(answer.json()) == shape(golden("evolink", "error"))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "https://172.15.0.1/hook",
        "https://172.32.0.1/hook",
        "https://10.example.com/hook",
        "http://127.0.0.1:8765/hook",
        "http://localhost/hook",
    ],
)
def test_public_and_own_callbacks_are_taken(url, create):
    """Loopback is refused by the real service, but here it is all that a test has."""
    create(callback_url=url)


def test_unknown_models_are_denied(evolink):
    """403, since EvoLink treats them as a matter of rights."""
    answer = evolink.post(CREATE, json={**TEXT, "model": "seedance-2.0"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_access_denied")


@pytest.mark.parametrize(("key", "status"), [(None, 401), ("sk-invalid", 401), ("sk-empty", 402)])
def test_bad_keys_are_refused(key, status, api):
    """No key, a wrong key, a key without money."""
    assert api("evolink", key).post(CREATE, json=TEXT).status_code == status


def test_queries_tell_three_kinds_of_wrong_ids_apart(create, evolink, api):
    """A wrong form is 400, an unknown id 404, somebody else's task 403."""
    assert evolink.get("/v1/tasks/cgt-1").json()["error"]["code"] == "invalid_task_id"
    assert evolink.get("/v1/tasks/task-unified-1-x").json()["error"]["code"] == "task_not_found"
    answer = api("evolink", "sk-two").get(f"/v1/tasks/{create()}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied")


def test_unreadable_media_fail_later(emulator, evolink, get):
    """The task is accepted, and fails with image_processing_error."""
    task_id = evolink.post(CREATE, json={**IMAGE, "image_urls": [emulator.sample_url("none.png")]}).json()[
        "id"
    ]
    emulator.advance(1000)
    assert get(task_id)["error"]["code"] == "image_processing_error"


def test_moderation_refuses_at_create(emulator, evolink):
    """on=create means that nothing was accepted."""
    emulator.add_fault(on="create", kind="moderation")
    answer = evolink.post(CREATE, json=TEXT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_policy_violation")
    assert emulator.ledger()["generations"] == []


def test_credits_are_spent_by_successes_alone(emulator, create, evolink, golden, shape):
    """The balance has the contract's body and goes down by the price."""
    assert shape(evolink.get("/v1/credits").json()) == shape(golden("evolink", "credits"))
    create(duration=4, quality="480p")
    emulator.add_fault(on="create", kind="fail")
    create()
    emulator.advance(1000)
    assert evolink.get("/v1/credits").json()["data"]["token"]["used_credits"] == 20.46


@pytest.mark.parametrize(
    ("fields", "price"),
    [
        ({"duration": 4, "quality": "480p", "model": "seedance-2.0-mini-text-to-video"}, 10.23),
        ({"duration": 4, "quality": "480p", "model": "seedance-2.0-fast-text-to-video"}, 16.5726),
        ({"duration": 4, "quality": "480p", "content_filter": False}, 22.506),
    ],
)
def test_prices_are_those_of_the_contract(fields, price, evolink):
    """Observed charges, and the surcharge without a filter."""
    usage = evolink.post(CREATE, json={**TEXT, **fields}).json()["usage"]
    assert usage["credits_reserved"] == pytest.approx(price)


def test_input_videos_are_billed(emulator, evolink):
    """(max(in, out) + out) seconds at the rate with video."""
    body = {
        **REFERENCE,
        "video_urls": [emulator.sample_url("reference.mp4")],
        "duration": 4,
        "quality": "480p",
    }
    usage = evolink.post(CREATE, json=body).json()["usage"]
    assert usage["credits_reserved"] == pytest.approx((5 + 4) * 5.115 * 0.609, abs=1e-4)


def test_there_is_no_list_and_no_cancel(create, evolink):
    """EvoLink documents neither."""
    assert evolink.post(f"/v1/tasks/{create()}/cancel").status_code == 404
    assert evolink.get("/v1/tasks").status_code == 404

"""ModelArk's four calls against its contract."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.emulator.vendors.ark.models import MODELS

TASKS = "/api/v3/contents/generations/tasks"
V2 = "dreamina-seedance-2-0-260128"
V15 = "seedance-1-5-pro-251215"
V25 = "dreamina-seedance-2-5-260628"
TEXT = [{"type": "text", "text": "A kitten yawns at the camera"}]


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


@pytest.mark.parametrize("key", [None, "sk-invalid"])
def test_a_bad_key_is_refused(key, api):
    """Missing and wrong keys get 401 AuthenticationError."""
    answer = api("modelark", key).post(TASKS, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationError")


def test_an_account_without_money_is_refused(api):
    """sk-empty gets 403 AccountOverdueError."""
    answer = api("modelark", "sk-empty").post(TASKS, json={"model": V2, "content": TEXT})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AccountOverdueError")


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

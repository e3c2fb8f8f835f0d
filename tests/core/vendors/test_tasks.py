"""The task in an answer: its place, its id, its links; the same at every vendor."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import HttpResponse, Vendor
from airflow_provider_seedance.errors import Kind, MalformedReply, SeedanceError, VendorRefusal
from airflow_provider_seedance.models import Failed, GenerationRequest, Pending, Status, Succeeded

Reply = Callable[..., HttpResponse]
#: Each vendor with an id in its form.
IDS = {
    "modelark": "cgt-20260101120000-abcde",
    "evolink": "task-unified-1777288506-abcd1234",
    "anyfast": "asyntask_h81ef0c4b7a94d2e8c1f6a5b3d907e24",
    "toapis": "tsk_vid_01JXABCDEF",
}
each_vendor = pytest.mark.parametrize("name", IDS)
LINKS = ("https://h/first.mp4", "https://h/second.mp4")


def vendor(name: str) -> Vendor:
    found = import_module(f"airflow_provider_seedance.core.vendors.{name}").VENDOR
    assert isinstance(found, Vendor)
    return found


def create(name: str, answer: HttpResponse) -> Pending:
    return vendor(name).generations.create(GenerationRequest(prompt="p")).read(answer)


def get(name: str, answer: HttpResponse, generation_id: str | None = None) -> Any:
    return vendor(name).generations.get(generation_id or IDS[name]).read(answer)


def places_of_an_id(found: str) -> list[dict[str, Any]]:
    """Where gateways put the id of what they have accepted."""
    task = {"id": found, "status": "pending"}
    return [
        {"id": found},
        {"task_id": found},
        {"taskId": found},
        {"generation_id": found},
        {"generationId": found},
        {"video_id": found},
        {"job_id": found},
        {"id": found, "task_id": found},
        {"id": 17, "task_id": found},
        {"code": 200, "message": "success", "data": task},
        {"code": 0, "msg": "ok", "data": {"taskId": found}},
        {"code": "success", "data": [task]},
        {"code": "success", "message": "", "data": found},
        {"success": True, "result": {"task_id": found}},
        {"task": task},
        {"output": {"task_id": found, "task_status": "PENDING"}, "request_id": "4909100c-7b5a"},
        {"response": {"data": {"task": {"generationId": found}}}},
        {"status": "queued", "request_id": found},
    ]


@each_vendor
@pytest.mark.parametrize("place", range(len(places_of_an_id(""))))
def test_an_accepted_create_has_its_id_in_any_usual_place(name: str, place: int, reply: Reply) -> None:
    """Wrapped, listed, camel-cased or named otherwise: it is paid for."""
    seen = create(name, reply(200, places_of_an_id(IDS[name])[place]))
    assert (seen.generation_id, seen.status) == (IDS[name], Status.QUEUED)


@each_vendor
@pytest.mark.parametrize(
    "body",
    [
        {"id": "a-1", "data": {"id": "b-2"}},
        {"id": "a-1", "task_id": "b-2"},
        {"data": {"taskId": "a-1", "task": {"id": "b-2"}}},
        {"request_id": "20260427111505260254000NBdvZFoP", "code": 200},
        {"id": "a\nb"},
        {"id": ".."},
        {"data": [{"id": "a-1"}, {"id": "b-2"}]},
        {"data": "accepted"},
        {"Id": "a-1"},
    ],
)
def test_an_id_is_not_guessed(name: str, body: dict[str, Any], reply: Reply) -> None:
    """Several that differ, a trace id, a text: the answer is quoted, so that a person can decide."""
    with pytest.raises(SeedanceError) as caught:
        create(name, reply(200, body))
    assert isinstance(caught.value, MalformedReply)
    assert caught.value.maybe_accepted
    for value in body.values():
        if isinstance(value, str) and value.isprintable():
            assert value in str(caught.value)


@each_vendor
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": 402, "message": "insufficient credits", "data": None}, Kind.BALANCE),
        ({"code": 500, "message": "upstream gave no id", "data": None}, Kind.OVERLOAD),
    ],
)
def test_a_refusal_inside_a_success_says_its_words(
    name: str, body: dict[str, Any], kind: Kind, reply: Reply
) -> None:
    """Gateways answer HTTP 200 and put the status into the body."""
    with pytest.raises(VendorRefusal) as caught:
        create(name, reply(200, body))
    assert body["message"] in str(caught.value)
    assert (caught.value.kind, caught.value.maybe_accepted) == (kind, kind is Kind.OVERLOAD)


@each_vendor
@pytest.mark.parametrize("wrapper", ["data", "result", "task", "output", "response"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_wrapped_task_is_read_as_it_is(name: str, wrapper: str, listed: bool, reply: Reply) -> None:
    """A gateway that wraps the create wraps the reading; its own "success" is no state of the task."""
    task = {"id": IDS[name], "status": "running"}
    body = {"code": 200, "status": "success", "message": "ok", wrapper: [task] if listed else task}
    assert get(name, reply(200, body)).status is Status.RUNNING


@each_vendor
@pytest.mark.parametrize(
    "body", [{"status": "running"}, {"status": "running", "id": None}, {"status": "running", "id": ""}]
)
def test_an_answer_without_an_id_is_about_the_one_that_was_asked_for(
    name: str, body: dict[str, Any], reply: Reply
) -> None:
    """It was asked by its id."""
    assert get(name, reply(200, body)).generation_id == IDS[name]


@each_vendor
@pytest.mark.parametrize("field", ["id", "task_id", "taskId"])
def test_an_answer_about_another_generation_is_not_believed(name: str, field: str, reply: Reply) -> None:
    """Not even a success."""
    body = {
        field: "other-1",
        "status": "succeeded",
        "video_url": LINKS[0],
        "content": {"video_url": LINKS[0]},
    }
    with pytest.raises(MalformedReply, match="about another generation"):
        get(name, reply(200, body))


@each_vendor
@pytest.mark.parametrize(
    "body",
    [
        {"status": "error", "message": "blocked by policy"},
        {"status": "failure"},
        {"status": "Failure", "reason": "NotFound", "code": 404},
        {"status": "expired"},
    ],
)
def test_a_bad_end_without_a_task_is_no_end(name: str, body: dict[str, Any], reply: Reply) -> None:
    """A gateway's own answer has such words too, and buying again must not hang on them."""
    with pytest.raises((MalformedReply, VendorRefusal)) as caught:
        get(name, reply(200, body))
    assert caught.value.kind.traits.tolerated_while_waiting


@each_vendor
@pytest.mark.parametrize("word", ["succeed", "SUCCESS", "Completed", "done", "finished"])
def test_every_word_of_success_is_one(name: str, word: str, reply: Reply) -> None:
    """At every vendor, in any case."""
    seen = get(name, reply(200, {"id": IDS[name], "status": word, "video_url": LINKS[0]}))
    assert isinstance(seen, Succeeded)


@each_vendor
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("canceled", Status.CANCELLED),
        ("CANCEL", Status.CANCELLED),
        ("Fail", Status.FAILED),
        ("failure", Status.FAILED),
        ("expire", Status.EXPIRED),
    ],
)
def test_every_word_of_a_bad_end_is_one(name: str, word: str, status: Status, reply: Reply) -> None:
    """Likewise."""
    assert get(name, reply(200, {"id": IDS[name], "status": word})).status is status


@each_vendor
@pytest.mark.parametrize(
    ("beside", "words"),
    [
        ({"video_url": LINKS[0]}, "'archived' is not known, and a link to a video"),
        ({"error": {"code": "c", "message": "too dark"}}, "an error (too dark)"),
        ({}, None),
    ],
)
def test_an_unknown_word_is_never_an_end(
    name: str, beside: dict[str, Any], words: str | None, reply: Reply
) -> None:
    """But a person is told of what stands beside it."""
    seen = get(name, reply(200, {"id": IDS[name], "status": "archived", **beside}))
    assert isinstance(seen, Pending)
    assert (seen.status, seen.vendor_status) == (Status.RUNNING, "archived")
    assert words in seen.warning if words and seen.warning else seen.warning is None and words is None


@each_vendor
@pytest.mark.parametrize(
    "places",
    [
        {"results": list(LINKS)},
        {"video_url": LINKS[0], "url": LINKS[1]},
        {"result": {"video_url": LINKS[0]}, "output": LINKS[1]},
        {"result": {"data": [{"url": LINKS[0]}, {"url": LINKS[1]}]}},
        {"content": {"video_url": LINKS[0]}, "metadata": {"url": LINKS[1]}},
        {"video": {"url": LINKS[0]}, "videos": [{"url": LINKS[1]}]},
        {"output": {"video_url": LINKS[0], "download_url": LINKS[1]}},
        {"videoUrl": LINKS[0], "outputs": [LINKS[0], LINKS[1]]},
    ],
)
def test_all_links_of_an_answer_are_candidates(name: str, places: dict[str, Any], reply: Reply) -> None:
    """In order, each once; the first is the one that is tried first."""
    seen = get(name, reply(200, {"id": IDS[name], "status": "completed", **places}))
    assert isinstance(seen, Succeeded)
    assert set(seen.video_urls) == set(LINKS)
    assert seen.video_url == seen.video_urls[0]


def test_the_contract_s_place_of_a_link_comes_first(reply: Reply) -> None:
    """The gateway's link before the upstream's."""
    inner = {"content": {"video_url": LINKS[1]}}
    body = {"code": "success", "data": {"status": "SUCCESS", "result_url": LINKS[0], "data": inner}}
    seen = get("anyfast", reply(200, body))
    assert seen.video_urls == LINKS


@each_vendor
@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ({"error": "too dark"}, "too dark"),
        ({"error": {"detail": [{"loc": ["prompt"], "msg": "too dark"}]}}, "prompt: too dark"),
        ({"error": {"odd": ["too", "dark"]}}, '{"odd": ["too", "dark"]}'),
        ({"fail_reason": "too dark"}, "too dark"),
        ({"error": '{"error": {"message": "too dark"}}'}, "too dark"),
    ],
)
def test_the_reason_of_a_failure_is_told(name: str, reason: dict[str, Any], words: str, reply: Reply) -> None:
    """Wherever it stands, and in whatever shape."""
    seen = get(name, reply(200, {"id": IDS[name], "status": "failed", **reason}))
    assert isinstance(seen, Failed)
    assert seen.failure.message == words


@each_vendor
@pytest.mark.parametrize(
    "body",
    [
        {"detail": "blocked by our content policy"},
        {"message": "内容审核未通过"},
        {"errors": [{"msg": "NSFW"}]},
    ],
)
def test_words_of_moderation_decide_where_no_code_does(name: str, body: dict[str, Any], reply: Reply) -> None:
    """At a create's refusal."""
    with pytest.raises(VendorRefusal) as caught:
        create(name, reply(400, body))
    assert (caught.value.kind, caught.value.maybe_accepted) == (Kind.MODERATION, False)


MEGABYTE = 1_000_000
WORST = (
    "specified asset " * (MEGABYTE // 16),
    "[" + "a" * MEGABYTE,
    "http://a" * (MEGABYTE // 8),
    "request id: " * (MEGABYTE // 12),
    "retry after 1" * (MEGABYTE // 13),
    '{"error":' * (MEGABYTE // 9),
    " " * MEGABYTE,
    "9" * MEGABYTE,
    "\ud800" * 100_000,
)


@each_vendor
@pytest.mark.parametrize("text", WORST, ids=lambda text: repr(text[:12]))
def test_a_megabyte_of_the_worst_text_is_read_at_once(name: str, text: str, reply: Reply) -> None:
    """In any field, of answers and of refusals: an event loop reads them."""
    inner = {"code": text, "message": text, "param": text}
    answers = [
        reply(200, {"id": IDS[name], "status": text, "video_url": text, "progress": text, "error": inner}),
        reply(200, {"id": IDS[name], "status": "failed", "fail_reason": text, "error": inner}),
        reply(200, {"id": text, "status": "failed", "error": text, "usage": {"total_tokens": text}}),
        reply(400, {"error": inner}),
        reply(400, {"code": text, "message": text, "detail": [text]}),
        reply(503, text.encode("utf-8", "replace")),
    ]
    for answer in answers:
        started = time.process_time()
        for read in (create, get):
            assert len(_outcome(read, name, answer)) < 12_000
        assert time.process_time() - started < 0.4


def _outcome(read: Callable[..., Any], name: str, answer: HttpResponse) -> str:
    """What is kept of an answer."""
    try:
        return str(read(name, answer).model_dump_json())
    except SeedanceError as error:
        return str(error)

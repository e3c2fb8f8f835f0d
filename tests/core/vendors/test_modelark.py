"""BytePlus ModelArk and Volcengine Ark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import Call, HttpResponse
from airflow_provider_seedance.core.vendors.modelark import VENDOR
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    Conflict,
    IntermediaryReply,
    Kind,
    MalformedReply,
    NotFound,
    ValidationRefused,
    VendorUnavailable,
)
from airflow_provider_seedance.models import (
    Failed,
    GenerationRequest,
    ListQuery,
    Pending,
    Status,
    Succeeded,
    Usage,
)

Golden = Callable[[str], HttpResponse]
Reply = Callable[..., HttpResponse]
TASKS = "/api/v3/contents/generations/tasks"
TASK = {"id": "cgt-1", "status": "running"}

assert VENDOR.listing is not None
assert VENDOR.generations.cancel is not None
LIST = VENDOR.listing.list
CANCEL = VENDOR.generations.cancel
CREATE = VENDOR.generations.create(GenerationRequest(prompt="p"))
GET = VENDOR.generations.get("cgt-1")
GOLDEN_GET = VENDOR.generations.get("cgt-20260101120000-abcde")


def test_created(golden: Golden) -> None:
    """A create is answered with an id and nothing else."""
    seen = CREATE.read(golden("created"))
    assert (
        seen.vendor,
        seen.generation_id,
        seen.status,
    ) == ("modelark", "cgt-20260902164158-rqwgv", Status.QUEUED)


def test_a_draft_sends_nothing_but_its_id() -> None:
    """The final render reuses the draft's text and images, so only the draft part is sent."""
    call = VENDOR.generations.create(
        GenerationRequest(prompt="p", first_frame="https://h/a.png", draft_task_id="cgt-9")
    )
    assert call.request.body is not None
    assert call.request.body.json["content"] == [{"type": "draft_task", "draft_task": {"id": "cgt-9"}}]


def test_roles_are_left_out_for_a_single_first_frame_only() -> None:
    """Mixed media, which only an unknown model gets past the catalog, keep their roles."""
    request = GenerationRequest(first_frame="https://h/a.png", reference_images=("https://h/b.png",))
    sent = VENDOR.generations.create(request).request.body.json
    assert sent is not None
    assert [part["role"] for part in sent["content"]] == ["first_frame", "reference_image"]


@pytest.mark.parametrize(("name", "status"), [("queued", Status.QUEUED), ("running", Status.RUNNING)])
def test_pending(golden: Golden, name: str, status: Status) -> None:
    """What is not finished shows its settings and times."""
    seen = GOLDEN_GET.read(golden(name))
    assert isinstance(seen, Pending)
    assert (status, name) == (seen.status, seen.vendor_status)
    assert (seen.service_tier, seen.priority) == ("default", 0)
    assert datetime(2026, 5, 21, 7, 33, 38, tzinfo=timezone.utc) == seen.created_at


def test_succeeded(golden: Golden) -> None:
    """A finished generation has its links, what it really is, and when the links die."""
    seen = GOLDEN_GET.read(golden("succeeded"))
    assert isinstance(seen, Succeeded)
    assert "X-Tos-Signature" in seen.video_url
    assert seen.last_frame_url == "https://…/x.png?X-Tos-Expires=86400"
    assert (
        seen.resolution,
        seen.aspect_ratio,
        seen.duration,
        seen.seed,
        seen.generate_audio,
        seen.draft,
    ) == ("720p", "16:9", 5.0, 78674, True, False)
    assert Usage(completion_tokens=108900, total_tokens=108900) == seen.usage
    assert seen.finished_at is not None
    assert seen.finished_at + timedelta(days=1) == seen.expires_at


def test_failed(golden: Golden) -> None:
    """A task that the output filter stopped is moderation, with Ark's own code."""
    seen = GOLDEN_GET.read(golden("failed"))
    assert isinstance(seen, Failed)
    assert (
        seen.status,
        seen.failure.kind,
        seen.failure.code,
    ) == (Status.FAILED, Kind.MODERATION, "OutputVideoSensitiveContentDetected.PolicyViolation")
    assert "copyright restrictions" in seen.failure.message


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [("expired", Status.EXPIRED, Kind.EXPIRED), ("cancelled", Status.CANCELLED, Kind.CANCELLED)],
)
def test_ends_without_an_error_object(golden: Golden, name: str, status: Status, kind: Kind) -> None:
    """Expired and cancelled tasks carry no error, and need none."""
    seen = GOLDEN_GET.read(golden(name))
    assert isinstance(seen, Failed)
    assert (status, kind) == (seen.status, seen.failure.kind)


def test_an_unknown_state_is_running(reply: Reply) -> None:
    """A word that the contract does not have is never an end."""
    seen = GET.read(reply(200, {**TASK, "status": "paused"}))
    assert (seen.status, seen.vendor_status) == (Status.RUNNING, "paused")


@pytest.mark.parametrize(
    "body",
    [
        {**TASK, "status": "succeeded", "content": {}},
        {**TASK, "status": "succeeded", "content": {"video_url": "ftp://h/v"}},
        {"id": "cgt-2", "status": "running"},
        {"id": "cgt-1"},
        {},
    ],
)
def test_what_the_contract_promises_must_be_there(reply: Reply, body: dict[str, Any]) -> None:
    """A success without a link, or a task without id or state, is malformed."""
    with pytest.raises(MalformedReply):
        GET.read(reply(200, body))


def test_the_list_asks_for_what_was_wanted() -> None:
    """Ids repeat their key; the page size is always sent, because the default would hide results."""
    query = ListQuery(ids=("a", "b"), status=Status.QUEUED, model="m", service_tier="flex", page=2)
    call = LIST(query)
    assert (call.request.method, call.request.path, call.repeatable) == ("GET", TASKS, True)
    assert call.request.query == (
        ("page_num", "2"),
        ("page_size", "100"),
        ("filter.status", "queued"),
        ("filter.model", "m"),
        ("filter.service_tier", "flex"),
        ("filter.task_ids", "a"),
        ("filter.task_ids", "b"),
    )
    assert LIST(ListQuery(page_size=500)).request.query == (("page_num", "1"), ("page_size", "500"))


def test_page(golden: Golden) -> None:
    """A page gives its rows as generations, and the number of all matches."""
    page = LIST(ListQuery()).read(golden("page"))
    assert (page.total, [row.generation_id for row in page.items]) == (1, ["cgt-20260320120147-pqwhc"])


@pytest.mark.parametrize("body", [{"total": 0, "items": []}, {"total": 0, "items": None}, {"total": 0}])
def test_an_empty_page(reply: Reply, body: dict[str, Any]) -> None:
    """No match is an empty page."""
    assert LIST(ListQuery()).read(reply(200, body)).items == ()


@pytest.mark.parametrize("body", [{}, {"total": 3}, {"total": 1, "items": ["x"]}, {"items": [{"id": "a"}]}])
def test_a_page_that_cannot_be_read_is_not_an_empty_page(reply: Reply, body: dict[str, Any]) -> None:
    """ "Could not look" must never be taken for "nothing there"."""
    with pytest.raises(MalformedReply):
        LIST(ListQuery()).read(reply(200, body))


def test_a_row_of_another_modality_does_not_spoil_the_page(reply: Reply) -> None:
    """A finished 3D task has a file and no video; it stays in the page, as if it still ran."""
    other = {"id": "cgt-3d", "status": "succeeded", "content": {"file_url": "https://h/a.glb"}}
    page = LIST(ListQuery()).read(reply(200, {"total": 2, "items": [other, TASK]}))
    assert [(row.generation_id, row.status) for row in page.items] == [
        ("cgt-3d", Status.RUNNING),
        ("cgt-1", Status.RUNNING),
    ]


@pytest.mark.parametrize("status", [200, 204])
def test_cancelled(reply: Reply, status: int) -> None:
    """A cancel is a DELETE that is not repeated; its answer may be empty."""
    call = CANCEL("cgt-1")
    assert ("DELETE", f"{TASKS}/cgt-1", False) == (call.request.method, call.request.path, call.repeatable)
    call.read(reply(status, b"" if status == 204 else {}))


def test_a_running_task_cannot_be_cancelled(reply: Reply) -> None:
    """The vendor refuses with a conflict, which means: it will be billed."""
    body = {
        "error": {
            "code": "InvalidAction.RunningTaskDeletion",
            "message": "Cannot delete task `cgt-1` because it is currently running.",
        }
    }
    with pytest.raises(Conflict):
        CANCEL("cgt-1").read(reply(409, body))


def test_refused(golden: Golden) -> None:
    """The code decides, and the request id at the end of the message is taken out of it."""
    with pytest.raises(ValidationRefused) as caught:
        CREATE.read(golden("refused"))
    assert (
        caught.value.code,
        caught.value.http_status,
        caught.value.maybe_accepted,
    ) == ("InvalidParameter", 400, False)


def test_unknown_task(golden: Golden) -> None:
    """An unknown or removed task is NotFound."""
    with pytest.raises(NotFound):
        GOLDEN_GET.read(golden("unknown task"))


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"message": "no"}', b'{"error": "no"}'])
def test_answers_without_ark_s_error_object(reply: Reply, content: bytes) -> None:
    """They are something's in between: no word about a generation, and a create may have been accepted."""
    with pytest.raises(VendorUnavailable) as caught:
        CREATE.read(reply(502, content))
    assert caught.value.maybe_accepted
    with pytest.raises(IntermediaryReply):
        GET.read(reply(404, content))


def test_an_error_inside_a_success_is_an_error(reply: Reply) -> None:
    """A 200 with an error created nothing that can be waited for."""
    with pytest.raises(AuthenticationRefused):
        CREATE.read(reply(200, {"error": {"code": "ModelNotOpen", "message": "m"}}))


@pytest.mark.parametrize("content", [b"", b"<html>welcome", b"{}"])
def test_a_created_answer_without_an_id_is_malformed(reply: Reply, content: bytes) -> None:
    """Without an id the outcome is unknown: a generation may exist."""
    with pytest.raises(MalformedReply) as caught:
        CREATE.read(reply(200, content))
    assert caught.value.maybe_accepted


def test_probe(golden: Golden, reply: Reply) -> None:
    """The smallest list proves the key; a login page of a proxy does not."""
    call: Call[None] = VENDOR.account.probe()
    assert (call.request.method, call.request.query) == ("GET", (("page_num", "1"), ("page_size", "1")))
    call.read(golden("page"))
    with pytest.raises(AuthenticationRefused):
        call.read(reply(401, {"error": {"code": "AuthenticationError", "message": "m"}}))
    with pytest.raises(MalformedReply):
        call.read(reply(200, b"<html>sign in"))


def test_regions() -> None:
    """Two deployments, one protocol; BytePlus is the default."""
    assert VENDOR.regions[0] == "ap-southeast"
    assert VENDOR.service("api").base_urls["cn-beijing"] == "https://ark.cn-beijing.volces.com"

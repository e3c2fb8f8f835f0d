"""What the receiver answers, and whom it wakes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.core.callbacks.wakeup import LOOK_DELAYS
from airflow_provider_seedance.errors import ConfigurationError, NotSent, SeedanceError
from airflow_provider_seedance.models import Generation
from airflow_provider_seedance.plugins.callbacks import receiver as module
from airflow_provider_seedance.plugins.callbacks.app import make_app
from airflow_provider_seedance.plugins.callbacks.receiver import MAX_BODY_BYTES
from tests.plugins.callbacks.conftest import SECRET, TARGET, TOKEN, TOKENS, Accounts, Scene

DONE = {"id": "g-1", "status": "completed"}
SIGNED_TOKEN = TOKENS.seal(replace(TARGET, seedance_conn_id="toapis"))
EVENT = {"id": "evt_1", "type": "generation.completed", "data": {"task_id": "g-1", "status": "completed"}}


def post(scene: Scene, path: str = TOKEN, **request: Any) -> int:
    """The status of the answer to one callback, once everything that follows from it is done."""

    async def posted() -> int:
        async with scene.client() as client:
            answer = await client.post(f"/{path}", **(request or {"json": DONE}))
        await scene.receiver.drain()
        assert answer.content == b""
        return answer.status_code

    return asyncio.run(posted())


def signed(secret: str = SECRET, *, at: float | None = None, event_id: str = "evt_1") -> dict[str, Any]:
    """A webhook by the contract."""
    body, moment = json.dumps(EVENT).encode(), str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"{event_id}.{moment}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Id": event_id, "Timestamp": moment, "Signature": f"v1={digest}"}
    return {"content": body, "headers": {f"X-ToAPIs-Webhook-{name}": text for name, text in headers.items()}}


def test_a_callback_wakes_its_task(scene: Scene) -> None:
    """After one read at the vendor."""
    assert post(scene) == 202
    assert (scene.tasks.woken, scene.accounts.reads) == (["g-1"], 1)


def test_it_is_answered_before_the_vendor_is_asked(scene: Scene) -> None:
    """Within milliseconds, whatever the read takes."""
    scene.accounts.delay = 5.0

    async def posted() -> tuple[int, list[str]]:
        async with scene.client() as client:
            answer = await client.post(f"/{TOKEN}", json=DONE)
        return answer.status_code, list(scene.tasks.woken)

    assert asyncio.run(posted()) == (202, [])


@pytest.mark.parametrize(
    "request_fields", [{"content": b""}, {"content": b"\xff<html>"}, {"json": {"id": "g-1"}}, {"json": [1]}]
)
def test_a_body_that_nobody_understands_makes_it_look(scene: Scene, request_fields: dict[str, Any]) -> None:
    """The token is good; the vendor tells what is true."""
    assert post(scene, **request_fields) == 202
    assert scene.tasks.woken == ["g-1"]


@pytest.mark.parametrize("status", ["queued", "running", "in_progress"])
def test_news_that_it_goes_on_is_nobodys_concern(scene: Scene, status: str) -> None:
    """Nobody is asked."""
    assert post(scene, json={"id": "g-1", "status": status}) == 202
    assert (scene.tasks.asked, scene.accounts.reads) == (0, 0)


@pytest.mark.parametrize(
    "path", ["x", TOKEN[:-1], TOKEN + "A", "A" * 500, "%00", TOKEN.swapcase(), "%F0%9F%8E%AC", "A" * 5000]
)
def test_who_has_no_token_learns_nothing(scene: Scene, path: str) -> None:
    """One answer for all, and nobody is asked anything."""
    assert post(scene, path) == 404
    assert (scene.tasks.asked, scene.accounts.reads) == (0, 0)


def test_a_task_that_does_not_wait_looks_like_one_that_does(scene: Scene) -> None:
    """To who has a token, too."""
    scene.tasks.waiting = False
    assert post(scene) == 202
    assert post(scene, TOKENS.seal(replace(TARGET, task_id="no such task"))) == 202
    assert (scene.tasks.woken, scene.accounts.reads) == ([], 0)


def test_a_lie_wakes_nobody(scene: Scene) -> None:
    """The vendor says that it runs."""
    scene.accounts.ended = False
    assert post(scene) == 202
    assert (scene.tasks.woken, scene.accounts.reads) == ([], len(LOOK_DELAYS))


def test_a_signed_webhook_wakes_its_task(scene: Scene) -> None:
    """By the connection's secret."""
    assert post(scene, SIGNED_TOKEN, **signed()) == 202
    assert scene.tasks.woken == ["g-1"]


@pytest.mark.parametrize(
    "request_fields",
    [
        signed("whsec-other"),
        signed(at=time.time() - 400),
        {**signed(), "content": b"{}"},
        {"json": EVENT},
        {**signed(), "headers": {**signed()["headers"], "X-ToAPIs-Webhook-Signature": "v1=forged"}},
    ],
)
def test_a_good_token_is_not_enough_where_the_vendor_signs(
    scene: Scene, request_fields: dict[str, Any]
) -> None:
    """Another secret, an old one, another body, none at all."""
    assert post(scene, SIGNED_TOKEN, **request_fields) == 401
    assert (scene.tasks.asked, scene.accounts.reads) == (0, 0)


@pytest.mark.parametrize("age", [0.0, 200.0, 299.0])
def test_an_event_that_was_taken_is_taken_once(scene: Scene, age: float) -> None:
    """Within the window its signature is good. A vendor that did not hear the answer gets it again."""
    webhook = signed()
    assert post(scene, SIGNED_TOKEN, **webhook) == 202
    scene.tasks.waiting, scene.clock.ahead = True, age
    asked = scene.tasks.asked
    assert post(scene, SIGNED_TOKEN, **webhook) == 202
    assert (scene.tasks.woken, scene.tasks.asked) == (["g-1"], asked)


def test_an_event_that_was_not_taken_is_welcome_later(scene: Scene) -> None:
    """The connection could not be read at its first attempt."""
    scene.accounts.error, webhook = NotSent("Airflow does not answer"), signed()
    assert post(scene, SIGNED_TOKEN, **webhook) == 503
    scene.accounts.error = None
    assert post(scene, SIGNED_TOKEN, **webhook) == 202
    assert scene.tasks.woken == ["g-1"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_is_bounded(scene: Scene, announced: bool) -> None:
    """By what it says of itself, and else by what came."""

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (MAX_BODY_BYTES // 10)

    content: Any = b"x" * (MAX_BODY_BYTES + 1) if announced else parts()
    assert post(scene, content=content) == 413
    assert scene.tasks.asked == 0


@pytest.mark.parametrize("length", ["-1", "1e9", "\u0661", "9" * 30, ""])
def test_a_length_that_is_none_is_overlooked(scene: Scene, length: str) -> None:
    """What came counts."""
    assert asyncio.run(scene.receiver.receive(TOKEN, {"content-length": length}, _once(b"{}"))) == 202


def test_a_slow_sender_is_given_up(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """And holds nothing afterwards."""
    monkeypatch.setattr(module, "BODY_SECONDS", 0.05)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.02)

    assert asyncio.run(scene.receiver.receive(TOKEN, {}, endless())) == 408
    assert scene.receiver._being_read == 0


def test_a_sender_that_goes_away_is_none(scene: Scene) -> None:
    """Half a body wakes nobody."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"{"
        raise ConnectionResetError

    assert asyncio.run(scene.receiver.receive(TOKEN, {}, broken())) == 400
    assert scene.tasks.asked == 0


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigurationError("no such connection"), 404), (NotSent("Airflow does not answer"), 503)],
)
def test_a_connection_may_be_gone_or_out_of_reach(scene: Scene, error: SeedanceError, status: int) -> None:
    """The vendor may try again in the second case."""
    scene.accounts.error = error
    assert post(scene) == status


def test_a_vendor_that_has_no_callbacks_has_sent_none(scene: Scene) -> None:
    """The connection was changed since."""
    assert post(scene, TOKENS.seal(replace(TARGET, seedance_conn_id="anyfast"))) == 404


def test_repeats_are_worked_on_once(scene: Scene) -> None:
    """A vendor that did not hear the answer sends again."""
    scene.accounts.delay = 0.1

    async def posted() -> None:
        async with scene.client() as client:
            answers = await asyncio.gather(*(client.post(f"/{TOKEN}", json=DONE) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {202}
        await scene.receiver.drain()

    asyncio.run(posted())
    assert scene.accounts.reads == 1


@dataclass
class LateVendor(Accounts):
    """Its generation ends while the read after so many is under way, and another callback comes then."""

    last: int = len(LOOK_DELAYS)
    told: Callable[[], Awaitable[Any]] | None = None

    async def read(self, seedance_conn_id: str, generation_id: str) -> Generation:
        self.ended = self.reads >= self.last
        answer = await super().read(seedance_conn_id, generation_id)
        if self.reads == self.last and self.told:
            await self.told()
        return answer


@pytest.mark.parametrize("last", [1, 2, len(LOOK_DELAYS)])
@pytest.mark.parametrize("again", [DONE, {"id": "g-1"}])
def test_a_callback_during_a_look_is_worth_another(last: int, again: dict[str, str]) -> None:
    """Also during the last one of a callback that was ahead of the end."""
    vendor = LateVendor(last=last)
    scene = Scene(accounts=vendor)

    async def posted() -> None:
        async with scene.client() as client:
            vendor.told = lambda: client.post(f"/{TOKEN}", json=again)
            assert (await client.post(f"/{TOKEN}", json={"id": "g-1"})).status_code == 202
            await scene.receiver.drain()

    asyncio.run(posted())
    assert scene.tasks.woken == ["g-1"]
    assert (scene.receiver._wakings, scene.receiver._repeats) == ({}, {})


def test_one_token_leaves_the_permits_of_all_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its owner sends."""
    monkeypatch.setattr(module, "CALLBACKS_AT_ONCE", module.TOKEN_CALLBACKS_AT_ONCE + 3)
    monkeypatch.setattr(module, "CALLBACKS_PER_SECOND", 0.0)
    scene = Scene()

    async def posted() -> list[int]:
        others = [TOKENS.seal(replace(TARGET, map_index=number)) for number in range(3)]
        async with scene.client() as client:
            tokens = [TOKEN] * 2 * module.TOKEN_CALLBACKS_AT_ONCE + others
            return [(await client.post(f"/{token}", json=DONE)).status_code for token in tokens]

    half = module.TOKEN_CALLBACKS_AT_ONCE
    assert asyncio.run(posted()) == [202] * half + [429] * half + [202] * 3


@pytest.mark.parametrize(("limit", "status"), [("CALLBACKS_AT_ONCE", 429), ("MAX_UNDER_WAY", 503)])
def test_too_many_are_sent_away(monkeypatch: pytest.MonkeyPatch, limit: str, status: int) -> None:
    """For a while; strangers without a token use none of it up."""
    monkeypatch.setattr(module, limit, 2)
    monkeypatch.setattr(module, "CALLBACKS_PER_SECOND", 0.0 if limit == "CALLBACKS_AT_ONCE" else 50.0)
    scene = Scene()
    scene.accounts.delay = 1.0

    async def posted() -> list[httpx.Response]:
        targets = [replace(TARGET, map_index=number) for number in range(3)]
        async with scene.client() as client:
            for _ in range(5):
                assert (await client.post("/no-token", json=DONE)).status_code == 404
            return [await client.post(f"/{TOKENS.seal(target)}", json=DONE) for target in targets]

    answers = asyncio.run(posted())
    assert [answer.status_code for answer in answers] == [202, 202, status]
    assert int(answers[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize(("on", "status"), [(True, 204), (False, 404)])
def test_it_can_be_seen_that_it_is_reached(scene: Scene, on: bool, status: int) -> None:
    """Without a token; where callbacks are off, nothing is there."""
    scene.app = make_app(lambda: scene.receiver if on else None)
    assert post(scene, "test") == status
    assert post(scene) == (202 if on else 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_a_post_is_a_callback(scene: Scene, method: str) -> None:
    """The same answer, with a token and without."""

    async def asked() -> set[tuple[int, bytes]]:
        async with scene.client() as client:
            answers = [await client.request(method, f"/{path}") for path in (TOKEN, "x")]
            return {(answer.status_code, answer.content) for answer in answers}

    assert [status for status, _ in asyncio.run(asked())] == [405]


@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json"])
def test_it_has_no_pages(scene: Scene, path: str) -> None:
    """Its shape is nobody's business."""

    async def asked() -> int:
        async with scene.client() as client:
            return (await client.get(f"/{path}")).status_code

    assert asyncio.run(asked()) == 405

"""The vendor that benchmarks ask: what comes over a connection, and what goes back."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from benchmarks.polling.stand_in import Answers, generation_id


class Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data


def answers(*pieces: bytes) -> list[Any]:
    """The bodies that go back when these pieces come, one after the other."""

    wire, connection = Wire(), Answers()
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
    sent = wire.written.split(b"HTTP/1.1 200 OK\r\n")[1:]
    return [json.loads(answer.partition(b"\r\n\r\n")[2]) for answer in sent]


def get(path: str, body: bytes = b"") -> bytes:
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return f"GET {path} HTTP/1.1\r\n".encode() + length + b"\r\n" + body


def test_a_request_may_come_in_pieces_and_with_a_body() -> None:
    """One client sends JSON with its GET."""
    request = get("/api/2.2/jobs/runs/get", b'{"run_id": 7}')
    (state,) = answers(request[:30], request[30:70], request[70:])
    assert state["state"]["life_cycle_state"] == "RUNNING"


def test_requests_that_come_together_are_answered_in_order() -> None:
    """As clients that keep a connection need it."""
    first, second = answers(get("/v1/batches/b", b"{}") + get("/api/v2/accounts/1/runs/2/"))
    assert (first["status"], second["data"]["status"]) == ("in_progress", 3)


def test_a_list_shows_those_that_it_is_asked_for() -> None:
    """Each as it stands by the time in its id."""
    over, open_ = generation_id(time.time() - 60, 1), generation_id(time.time() + 3_600, 2)
    ids = f"filter.task_ids={over}&filter.task_ids={open_}"
    path = f"/modelark/api/v3/contents/generations/tasks?{ids}&filter.service_tier=default"
    (page,) = answers(get(path))
    assert [item["status"] for item in page["items"]] == ["succeeded", "running"]

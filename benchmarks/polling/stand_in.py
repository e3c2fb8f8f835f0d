"""A vendor that costs next to nothing: the state of a generation is in its id, so nothing is stored.

An id is ``g-<epoch second of the end>-<number>``. Under ``/modelark`` it lists and reads as ModelArk does, elsewhere it
reads as EvoLink does. ``/count`` tells how many requests have come.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

READY = "listening on "


def generation_id(ends: float, number: int) -> str:
    """The id of a generation that ends at that epoch second."""
    return f"g-{ends:.2f}-{number}"


def ended(generation_id: str) -> bool:
    return time.time() >= float(generation_id.split("-")[1])


def modelark_task(generation_id: str) -> dict[str, object]:
    """As long as a real row."""
    done = ended(generation_id)
    task = {
        "id": generation_id,
        "model": "dreamina-seedance-2-0-260128",
        "status": "succeeded" if done else "running",
        "created_at": 1773979307,
        "updated_at": 1773979410,
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "framespersecond": 24,
        "service_tier": "default",
        "execution_expires_after": 172800,
        "generate_audio": True,
        "draft": False,
    }
    return {**task, "content": {"video_url": "https://files.example.com/v.mp4"}} if done else task


def evolink_task(generation_id: str) -> dict[str, object]:
    done = ended(generation_id)
    return {
        "id": generation_id,
        "object": "video.generation.task",
        "created": 1774857405,
        "model": "seedance-2.0-text-to-video",
        "status": "completed" if done else "processing",
        "progress": 100 if done else 50,
        "type": "video",
        "results": ["https://files.example.com/v.mp4"] if done else None,
        "task_info": {"can_cancel": False, "estimated_time": 165, "video_duration": 5},
    }


class Answers(asyncio.Protocol):
    """One connection."""

    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            body = json.dumps(self._answer(head.split(b" ", 2)[1].decode())).encode()
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self.transport.write(start % len(body) + body)  # type: ignore[attr-defined]

    def _answer(self, target: str) -> object:
        if target == "/count":
            return Answers.count
        Answers.count += 1
        parts = urlsplit(target)
        last = parts.path.rpartition("/")[2]
        if not parts.path.startswith("/modelark"):
            return evolink_task(last)
        if last != "tasks":
            return modelark_task(last)
        query = parse_qs(parts.query)
        wanted = query["filter.task_ids"] if query.get("filter.service_tier") == ["default"] else []
        return {"total": len(wanted), "items": [modelark_task(name) for name in wanted]}


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", 0, backlog=10_000)
    print(f"{READY}http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """Its URL; a process of its own, so that its CPU is not counted."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip().removeprefix(READY)
    finally:
        process.kill()
        process.wait()


def requests_so_far(url: str) -> int:
    """How many requests have come."""
    with urllib.request.urlopen(f"{url}/count") as answer:
        return int(answer.read())


if __name__ == "__main__":
    asyncio.run(main())

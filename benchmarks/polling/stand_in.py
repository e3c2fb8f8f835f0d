"""A vendor that costs next to nothing: the state of a generation is in its id, so nothing is stored.

An id is ``g-<epoch second of the end>-<number>``. Under ``/modelark`` it lists and reads as ModelArk does, under
``/evolink`` it reads as EvoLink does, and under the paths of other services everything is running for ever. ``/count``
tells how many requests have come, ``/advance/<seconds>`` moves its clock.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

#: What other services answer while something runs: dbt Cloud, Databricks, OpenAI. No longer than their clients need.
RUNNING = (
    ("/api/v2/accounts/", {"data": {"status": 3}}),
    ("/api/2.2/jobs/runs/get", {"state": {"life_cycle_state": "RUNNING", "state_message": "In run"}}),
    (
        "/v1/batches/",
        {
            "id": "batch",
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": "file",
            "completion_window": "24h",
            "status": "in_progress",
            "created_at": 1773979307,
        },
    ),
)
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def generation_id(ends: float, number: int) -> str:
    """The id of a generation that ends at that epoch second."""
    return f"g-{ends:.2f}-{number}"


def end_of(generation_id: str) -> float:
    """The epoch second."""
    return float(generation_id.split("-")[1])


def ended(generation_id: str) -> bool:
    return time.time() + Answers.ahead >= end_of(generation_id)


def modelark_task(generation_id: str) -> dict[str, object]:
    """As long as a real row."""
    done = ended(generation_id)
    task: dict[str, object] = {
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
    delay = 0.0
    #: The clock's, seconds.
    ahead = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, rest = self.received.partition(b"\r\n\r\n")
            sent = int(told[1]) if (told := _LENGTH.search(head)) else 0
            if len(rest) < sent:
                return
            self.received = rest[sent:]
            body = json.dumps(self._answer(head.split(b" ", 2)[1].decode())).encode()
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            answer = start % len(body) + body
            if self.delay:
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def _answer(self, target: str) -> object:
        if target == "/count":
            return Answers.count
        if target.startswith("/advance/"):
            Answers.ahead += float(target.rpartition("/")[2])
            return None
        Answers.count += 1
        for path, answer in RUNNING:
            if target.startswith(path):
                return answer
        parts = urlsplit(target)
        last = parts.path.rpartition("/")[2]
        if not parts.path.startswith("/modelark"):
            return evolink_task(last)
        if last != "tasks":
            return modelark_task(last)
        query = parse_qs(parts.query)
        wanted = query["filter.task_ids"] if query.get("filter.service_tier") == ["default"] else []
        return {"total": len(wanted), "items": [modelark_task(name) for name in wanted]}


@dataclass(frozen=True)
class StandIn:
    """One that is running: the same at both addresses, the second one with TLS."""

    url: str
    tls_url: str
    certificate: Path

    def requests_so_far(self) -> int:
        """How many requests have come."""
        return int(self._asked("count"))

    def advance(self, seconds: float) -> None:
        """Move its clock, by which generations end."""
        self._asked(f"advance/{seconds}")

    def _asked(self, control: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/{control}") as answer:
            return bytes(answer.read())

    def connections(self) -> dict[str, dict[str, object]]:
        """Airflow connections to it, by id: with TLS, since two services are never spoken to without."""
        where = urlsplit(self.tls_url)
        services: dict[str, dict[str, object]] = {
            "dbt": {"conn_type": "dbt_cloud", "host": where.netloc, "login": "1"},
            "databricks": {"conn_type": "databricks", "host": where.hostname, "port": where.port},
            "openai": {"conn_type": "openai", "host": f"{self.tls_url}/v1"},
        }
        for vendor in ("modelark", "evolink"):
            host = f"{self.tls_url}/{vendor}"
            services[vendor] = {"conn_type": "seedance", "host": host, "extra": {"vendor": vendor}}
        return {name: {**service, "password": "sk-bench"} for name, service in services.items()}


@contextmanager
def running(delay: float = 0.0) -> Iterator[StandIn]:
    """A process of its own, so that its CPU is not counted.

    :param delay: seconds until it answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        _make_certificate(Path(folder))
        command = [sys.executable, "-m", "benchmarks.polling.stand_in", str(delay), folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            try:
                plain, secure = process.stdout.readline().split()
                host = "127.0.0.1"
                yield StandIn(f"http://{host}:{plain}", f"https://{host}:{secure}", Path(folder, "cert.pem"))
            finally:
                process.kill()


def _make_certificate(folder: Path) -> None:
    extensions = ("subjectAltName=IP:127.0.0.1", "keyUsage=critical,digitalSignature,keyCertSign")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    added = (part for one in extensions for part in ("-addext", one))
    command = ("openssl", "req", "-x509", "-days", "2", "-subj", "/CN=bench", *key, *files, *added)
    subprocess.run(command, check=True, capture_output=True)


async def main() -> None:
    delay, folder = sys.argv[1:]
    Answers.delay = float(delay)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(Path(folder, "cert.pem"), Path(folder, "key.pem"))
    make = asyncio.get_running_loop().create_server
    servers = [await make(Answers, "127.0.0.1", 0, backlog=10_000, ssl=ssl) for ssl in (None, tls)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

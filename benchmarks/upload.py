"""Uploading a reference of 200 MB held against ``curl``, and against flat memory.

A server of this machine plays the vendor's file service. Runs of both sides alternate, and medians are compared. Ours
hashes the file and measures it first, which is told apart. Takes about half a minute, and ``curl``.

Run: ``python -m benchmarks.upload``.
"""

from __future__ import annotations

import json
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK
from airflow_provider_seedance.core.media.content import FileReader, MediaFile
from airflow_provider_seedance.core.media.deliver import MediaDelivery
from airflow_provider_seedance.core.media.uploads import UploadCache
from benchmarks.landing import MIB, make_video, peak, timed
from benchmarks.report import Report, Row, ratio, run

SIZE, ROUNDS = 200_000_000, 9
_ANSWER = json.dumps(
    {"success": True, "code": 200, "data": {"file_id": "file_1", "file_url": "https://h/clip.mp4"}}
).encode()


def serve() -> None:
    """Take whatever is sent, and answer as the file service; runs until it is killed."""
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65_536)
        head, _, body = head.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length
        if b"100-continue" in head:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        remaining, buffer = int(length[1]) - len(body), bytearray(MIB)
        while remaining > 0:
            remaining -= connection.recv_into(buffer)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(_ANSWER) + _ANSWER)


@contextmanager
def server() -> Iterator[str]:
    """The service's address while it runs, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.upload", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def read(path: Path) -> MediaFile:
    return FileReader(Path).read(str(path))


def upload(url: str, file: MediaFile) -> None:
    account = Account.create(vendor="evolink", api_key="sk-benchmark", host=url)
    with SeedanceClient(account) as client:
        MediaDelivery(Path, UploadCache(), SYSTEM_CLOCK).upload(client, file)


def curl(url: str, path: Path) -> None:
    command = ["curl", "--silent", "--fail", "-H", "Expect:", "-T", str(path), "-o", "/dev/null"]
    subprocess.run([*command, f"{url}/clip.mp4"], check=True)


def throughput(url: str, path: Path) -> list[Row]:
    file, ratios, ours, theirs, reading = read(path), [], [], [], []
    for _ in range(ROUNDS):
        reading.append(timed(lambda: read(path)))
        theirs.append(timed(lambda: curl(url, path)))
        ours.append(timed(lambda: upload(url, file)))
        ratios.append(theirs[-1] / ours[-1])
    here, there = (SIZE / MIB / statistics.median(seconds) for seconds in (ours, theirs))
    faster = statistics.median(ratios)
    return [
        Row(
            "upload of 200 MB",
            f"{here:.0f} MiB/s",
            f"{there:.0f} MiB/s (curl -T)",
            f"{faster:.2f}",
            "≥ 0.9",
            faster >= 0.9,
        ),
        Row(
            "hashing and measuring 200 MB before it",
            f"{statistics.median(reading):.2f} s",
            f"{statistics.median(theirs):.2f} s (curl -T)",
            ratio(statistics.median(reading), statistics.median(theirs)),
            "-",
            True,
        ),
    ]


def memory(url: str, folder: Path) -> Row:
    """In a process of its own: what a small file takes, and a large one on top of it."""
    command = [sys.executable, "-m", "benchmarks.upload", "grow", url, str(folder)]
    small, large = map(float, subprocess.run(command, capture_output=True, check=True).stdout.split())
    grown = large - small
    return Row(
        "memory growth hashing and uploading 200 MB",
        f"{grown:.1f} MiB",
        f"{SIZE / MIB:.0f} MiB (the file)",
        ratio(grown, SIZE / MIB),
        "≤ 32 MiB",
        grown <= 32,
    )


def grow(url: str, folder: Path) -> None:
    for name in ("small.mp4", "large.mp4"):
        upload(url, read(folder / name))
        print(peak() / MIB)


def measure() -> Report:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_video(folder / "small.mp4", MIB)
        make_video(folder / "large.mp4", SIZE)
        with server() as url:
            return Report([*throughput(url, folder / "large.mp4"), memory(url, folder)])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["grow", address, place]:
            grow(address, Path(place))
        case _:
            sys.exit(run(measure))

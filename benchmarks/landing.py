"""Landing held against ``curl``, against flat memory, and against starting over when the connection breaks.

A server of this machine plays the vendor's host. Runs of both sides alternate, and medians are compared, since
nobody else keeps still meanwhile. Takes about a minute, ``curl``, and 2 GB of disk.

Run: ``python -m benchmarks.landing``.
"""

from __future__ import annotations

import os
import random
import re
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import av

from airflow_provider_seedance.core.client.download import MediaStream, media_opener, open_media
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK
from airflow_provider_seedance.core.landing.land import VideoSource, land
from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest
from airflow_provider_seedance.errors import NoReply
from benchmarks.report import Report, Row, ratio, run

MIB = 1 << 20
ROUNDS, ROUND_SIZE = 9, 256 * MIB
LARGE = 1024 * MIB
#: Files that are fetched over a bad line, and how often it breaks within each on average.
CUT_FILES, CUT_SIZE, CUTS = 20, 32 * MIB, 2


class Source:
    """The client's way to media, counting what comes."""

    def __init__(self) -> None:
        self._opener = media_opener(ssl.create_default_context())
        self.fetched = 0

    @contextmanager
    def open(self, url: str, *, start: int = 0, etag: str | None = None) -> Iterator[MediaStream]:
        with open_media(self._opener, url, start=start, etag=etag) as stream:
            yield replace(stream, chunks=self._counted(stream.chunks))

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.fetched += len(chunk)
            yield chunk


def make_video(path: Path, size: int) -> None:
    """A film of one second, blown up to ``size`` bytes with a box that players skip."""
    with av.open(str(path), "w", format="mp4") as film:
        pictures = film.add_stream("libx264", rate=24)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        for _ in range(25):
            film.mux(pictures.encode(av.VideoFrame(64, 48, "yuv420p")))
        film.mux(pictures.encode())
    with path.open("ab") as file:
        file.write(struct.pack(">I4sQ", 1, b"free", size - file.tell()))
        file.truncate(size)


def serve(folder: Path) -> None:
    """Answer ``/<name>`` with that file, and ``/<name>?<n>`` breaking off; runs until it is killed."""
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    chance = random.Random(1)
    while True:
        connection, _ = server.accept()
        threading.Thread(target=answer, args=(connection, folder, chance), daemon=True).start()


def answer(connection: socket.socket, folder: Path, chance: random.Random) -> None:
    with connection, suppress(OSError):
        asked = connection.recv(65536).decode()
        name, number = re.match(r"GET /([\w.]+)(\?\d+)? ", asked).groups()  # type: ignore[union-attr]
        part = re.search(r"Range: bytes=(\d+)-", asked)
        with (folder / name).open("rb") as file:
            size, start = os.fstat(file.fileno()).st_size, int(part[1]) if part else 0
            status = f"206 Partial\r\nContent-Range: bytes {start}-{size - 1}/{size}" if part else "200 OK"
            head = f'HTTP/1.1 {status}\r\nETag: "1"\r\nContent-Length: {size - start}\r\n\r\n'
            connection.sendall(head.encode())
            end = min(size, start + int(chance.expovariate(CUTS / size))) if number else size
            while start < end:
                start += os.sendfile(connection.fileno(), file.fileno(), start, end - start)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The host's address while it runs, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.landing", "serve", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


def landed(url: str, target: Path, source: Source) -> Manifest:
    return land(
        VideoSource(url, GenerationReference(vendor="benchmark", generation_id="1")),
        target,
        source,
        fresh_links=lambda: (),
        clock=SYSTEM_CLOCK,
    )


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def curl(url: str, target: Path) -> None:
    """Fetch, and wait until the disk has it: a landing, too, is over only then."""
    subprocess.run(["curl", "--silent", "--fail", "--output", str(target), url], check=True)
    with target.open("rb") as file:
        os.fsync(file.fileno())


def throughput(url: str, folder: Path) -> Row:
    """Landing, with its verification, and curl in turns."""
    ratios, ours, theirs = [], [], []
    for _ in range(ROUNDS):
        theirs.append(timed(lambda: curl(f"{url}/round.mp4", folder / "curl.mp4")))
        ours.append(timed(lambda: landed(f"{url}/round.mp4", folder / "landed.mp4", Source())))
        ratios.append(theirs[-1] / ours[-1])
        for name in ("curl.mp4", "landed.mp4"):
            (folder / name).unlink()
    here, there = (ROUND_SIZE / MIB / statistics.median(seconds) for seconds in (ours, theirs))
    faster = statistics.median(ratios)
    return Row(
        "landing throughput, verified",
        f"{here:.0f} MiB/s",
        f"{there:.0f} MiB/s (curl)",
        f"{faster:.3f}",
        "≥ 0.9",
        faster >= 0.9,
    )


def memory(url: str, folder: Path) -> Row:
    """In a process of its own: what a small landing takes, and a large one on top of it."""
    command = [sys.executable, "-m", "benchmarks.landing", "grow", url, str(folder)]
    small, large = map(float, subprocess.run(command, capture_output=True, check=True).stdout.split())
    grown = large - small
    return Row(
        "memory growth landing 1 GiB",
        f"{grown:.1f} MiB",
        "1024 MiB (the file)",
        ratio(grown, 1024),
        "≤ 32 MiB",
        grown <= 32,
    )


def grow(url: str, folder: Path) -> None:
    for name in ("small.mp4", "large.mp4"):
        landed(f"{url}/{name}", folder / "landed.mp4", Source())
        print(peak() / MIB)


def peak() -> int:
    """Bytes; the system's ``ru_maxrss`` would begin with what the parent process had."""
    told = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert told
    return int(told[1]) * 1024


def twice(url: str, folder: Path) -> Row:
    """Bytes that came more than once, as landing goes about it and as starting over does."""
    source, over = Source(), Source()
    for number in range(CUT_FILES):
        landed(f"{url}/cut.mp4?{number}", folder / f"{number}.mp4", source)
        start_over(f"{url}/cut.mp4?{number}", over)
    whole = CUT_FILES * CUT_SIZE
    here, there = (counted.fetched / whole - 1 for counted in (source, over))
    return Row(
        "bytes fetched twice when the connection is cut",
        f"{here:.2%}",
        f"{there:.0%} (starting over)",
        ratio(here, there),
        "≤ 2 %",
        here <= 0.02,
    )


def start_over(url: str, source: Source) -> None:
    while True:
        with suppress(NoReply), source.open(url) as stream:
            for _ in stream.chunks:
                pass
            return


def measure() -> Report:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, size in (("round", ROUND_SIZE), ("small", MIB), ("large", LARGE), ("cut", CUT_SIZE)):
            make_video(folder / f"{file}.mp4", size)
        with server(folder) as url:
            return Report([throughput(url, folder), memory(url, folder), twice(url, folder)])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", place]:
            serve(Path(place))
        case ["grow", address, place]:
            grow(address, Path(place))
        case _:
            sys.exit(run(measure))

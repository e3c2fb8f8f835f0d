"""A worker that is killed while the bytes of an upload go: its successor uploads once, and makes nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from airflow_provider_seedance.emulator import Emulator, serve
from tests.core.media.killed import run

ROOT = Path(__file__).parents[3]
SIDE = 500


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with serve(rate=0) as running:
        yield running


def _complete(emulator: Emulator, *words: str) -> int:
    """How many requests of a kind have arrived whole and were taken."""
    return sum(
        note["method"] == "POST" and note["status"] == 200 and any(word in note["path"] for word in words)
        for note in emulator.requests()
    )


@pytest.mark.parametrize(
    ("vendor", "what", "sent"),
    [
        ("evolink", "generation", 1),
        ("toapis", "generation", 700_000),
        ("toapis", "asset", 300_000),
    ],
)
def test_the_next_try_uploads_once_and_makes_nothing_twice(vendor, what, sent, emulator, tmp_path) -> None:
    emulator.reset()
    picture = Image.effect_noise((SIDE, 2 * SIDE), 100).convert("RGB").resize((2 * SIDE, SIDE))
    picture.save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > sent
    host = emulator.vendor_url(vendor)
    worker = [sys.executable, "-m", "tests.core.media.killed", vendor, host, str(tmp_path), what, str(sent)]
    assert subprocess.run(worker, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert _complete(emulator, "/upload") == 0
    assert emulator.ledger()["creates_received"] == 0
    made = {run(vendor, host, tmp_path, what) for _ in range(2)}
    assert len(made) == 1
    assert _complete(emulator, "/upload") == 1
    bought = [entry["generation_id"] for entry in emulator.ledger()["generations"]]
    assert bought == (list(made) if what == "generation" else [])
    assert _complete(emulator, "-avatar/assets") == (what == "asset")

"""``make demo``, whole: run as a program in an empty directory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from airflow_provider_seedance.emulator import serve
from dev.demo import failures
from dev.fixtures import AirflowWithEmulator

pytestmark = pytest.mark.xdist_group("airflow")

PROJECT = Path(__file__).resolve().parents[2]
VENDORS = ["anyfast", "evolink", "modelark", "toapis"]


@contextmanager
def demo(folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The demo at work in ``folder``; its output comes line by line."""
    wishes = {name: value for name, value in os.environ.items() if not name.startswith("SEEDANCE_")}
    with subprocess.Popen(
        [sys.executable, "-m", "dev.demo"],
        cwd=folder,
        env={**wishes, "PYTHONPATH": str(PROJECT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process


def left_behind(folder: Path) -> list[str]:
    """Processes that work for a demo in ``folder``."""
    home = str(folder / ".airflow" / "demo")
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AIRFLOW_HOME") == home:
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def test_four_clips(tmp_path: Path) -> None:
    """One clip per vendor and mode is landed, published, listed and put on the page."""
    with demo(tmp_path) as process:
        output, _ = process.communicate(timeout=500)
    assert process.returncode == 0, output
    rows = re.findall(r"^(\w+) +(\w+) +(\d+x\d+) +([\d,]+) +([\d.]+) s +(yes|no) ", output, re.MULTILINE)
    assert {(vendor, mode) for vendor, mode, *_ in rows} == {
        ("modelark", "text"),
        ("evolink", "first_frame"),
        ("anyfast", "first_last_frame"),
        ("toapis", "reference"),
    }
    published = (tmp_path / "demo-output/published").glob("*.mp4")
    assert sorted(file.name.partition("-")[0] for file in published) == VENDORS
    assert len(list((tmp_path / "demo-output/landed").glob("*.mp4"))) == 4
    assert (tmp_path / "demo-output/index.html").read_text().count("<video") == 4
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("moment", ["Starting Airflow", "submitting"])
def test_interrupted(tmp_path: Path, moment: str) -> None:
    """Ctrl-C, early or late, ends the demo in words and leaves no process behind."""
    with demo(tmp_path) as process:
        assert process.stdout
        assert any(moment in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        process.wait(60)
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "Stopped. Nothing is left running on this machine."
    assert left_behind(tmp_path) == []


def test_one_paid_clip(tmp_path: Path) -> None:
    """With a vendor, a key and consent, exactly one clip is bought, and the key stays out of all files."""
    key = "sk-0123456789abcdef"
    with serve() as emulator:
        settings = {
            "SEEDANCE_VENDOR": "modelark",
            "SEEDANCE_API_KEY": key,
            "SEEDANCE_HOST": emulator.vendor_url("modelark"),
        }
        with demo(tmp_path, **settings, SEEDANCE_CONFIRM="yes") as process:
            output, _ = process.communicate(timeout=500)
        bought = emulator.ledger()["generations"]
    assert process.returncode == 0, output
    assert [entry["vendor"] for entry in bought] == ["modelark"]
    (clip,) = (tmp_path / "demo-output/published").glob("paid-*.mp4")
    assert clip.stat().st_size > 10_000
    assert key not in output
    leaks = [file for file in tmp_path.rglob("*") if file.is_file() and key.encode() in file.read_bytes()]
    assert leaks == []


def test_failed_tasks_are_told(airflow_stack: AirflowWithEmulator) -> None:
    """Each failed task is named, with the vendor, its reason and what to do."""
    api = airflow_stack.api
    api.wait_for_dag("seedance_text_to_video")
    run = api.trigger("seedance_text_to_video", {"prompt": "a boat [emulator:moderation]"})
    assert api.finish(run) == "failed"
    (told,) = failures(api, run)
    assert re.match(r"(?s)generate: \w+: modelark generation cgt-.*Change the prompt", told)


def test_a_mistake_is_told_at_once(tmp_path: Path) -> None:
    """A vendor that does not exist ends the demo before anything is started, without a traceback."""
    with demo(tmp_path, SEEDANCE_VENDOR="wonka", SEEDANCE_API_KEY="sk-0123456789abcdef") as process:
        output, _ = process.communicate(timeout=500)
    assert process.returncode == 1
    assert output.startswith("unknown vendor 'wonka'; known vendors: ")
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == []

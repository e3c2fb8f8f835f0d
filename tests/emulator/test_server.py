"""Starting and stopping, as a context manager and as a command."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

import airflow_provider_seedance.emulator as emulator_package
from airflow_provider_seedance.emulator import installation, serve
from airflow_provider_seedance.emulator.__main__ import main

FOLDER = Path(emulator_package.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
ROOT = FOLDER.parent.parent


def test_serve_cleans_up_behind_itself():
    """No thread, no listener, no files are left."""
    before = set(threading.enumerate())
    with serve(rate=0) as emulator:
        assert httpx.get(f"{emulator.url}/_emulator/ledger").status_code == 200
    assert {thread for thread in threading.enumerate() if "seedance" in thread.name} - before == set()
    with pytest.raises(httpx.ConnectError):
        httpx.get(emulator.url)


def test_two_emulators_know_nothing_of_each_other():
    """State is per server."""
    with serve(rate=0) as one, serve(rate=0) as two:
        httpx.post(f"{one.vendor_url('toapis')}/v1/videos/generations", json={})
        assert (one.ledger()["creates_received"], two.ledger()["creates_received"]) == (1, 0)


def test_the_life_of_links_is_a_setting():
    """link_seconds, in vendor time."""
    with serve(rate=0, link_seconds=60) as emulator:
        toapis = httpx.Client(base_url=emulator.vendor_url("toapis"), headers={"Authorization": "Bearer sk"})
        body = {"model": "seedance-2-mini", "prompt": "x", "duration": 4, "resolution": "480p"}
        task_id = toapis.post("/v1/videos/generations", json=body).json()["id"]
        emulator.advance(1000)
        task = toapis.get(f"/v1/videos/generations/{task_id}").json()
        assert task["expires_at"] - task["completed_at"] == 60
        assert httpx.get(task["result"]["data"][0]["url"]).status_code == 403


def start(*arguments):
    """Run the command and read its first line."""
    command = [sys.executable, "-m", "airflow_provider_seedance.emulator", "--port", "0", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd="/"
    )
    return process, process.stdout.readline()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_where_it_is_and_ends_quietly(how):
    """One line with the hosts; Ctrl-C and SIGTERM end it without a traceback."""
    process, line = start("--rate", "0")
    try:
        url = line.split(" at ")[1].split()[0]
        for vendor in ("modelark", "evolink", "anyfast", "toapis"):
            assert f"{vendor}={url}/{vendor}" in line
        assert httpx.get(f"{url}/_emulator/ledger").status_code == 200
    finally:
        process.send_signal(how)
        out, err = process.communicate(timeout=10)
    assert (out, err) == ("", "")


def test_the_command_explains_itself():
    """--help names keys, faults and samples."""
    command = [sys.executable, "-m", "airflow_provider_seedance.emulator", "--help"]
    text = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ).stdout
    for word in ("sk-invalid", "sk-empty", "drop_after_accept", "samples", "--rate"):
        assert word in text


def command(*arguments):
    """The command's exit status and what it writes to stderr."""
    line = [sys.executable, "-m", "airflow_provider_seedance.emulator", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return done.returncode, done.stderr


def test_a_container_is_checked():
    """The health check is the command itself, since a small image has no curl."""
    with serve(rate=0) as emulator:
        assert command("--check", emulator.url) == (0, "")
    status, words = command("--check", emulator.url)
    assert (status, words.startswith(f"no healthy emulator at {emulator.url}")) == (1, True)


def test_others_call_a_container_by_its_name():
    """What it is called may be told; other names stay refused."""
    with serve(rate=0, names=("seedance",)) as emulator:
        asked = f"{emulator.url}/_emulator/health"
        answers = [
            httpx.get(asked, headers={"host": f"{name}:8765"}) for name in ("Seedance", "evil.example")
        ]
    assert [answer.status_code for answer in answers] == [200, 403]


@pytest.mark.parametrize("library", ["av", "PIL", "uvicorn"])
def test_a_missing_extra_is_named(library, monkeypatch, capsys):
    """With the command that installs it, and no traceback on the command line."""
    monkeypatch.setattr(installation, "find_spec", lambda name: None if name == library else object())
    advice = "pip install 'airflow-provider-seedance[emulator]'"
    with pytest.raises(ModuleNotFoundError, match=re.escape(advice)):
        _ = emulator_package.serve
    assert main(["--port", "0"]) == 1
    words = capsys.readouterr().err
    assert (advice in words, words.count("\n")) == (True, 1)


def test_a_taken_port_is_said_plainly():
    """One line on stderr, status 1."""
    with serve(rate=0) as emulator:
        port = emulator.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "airflow_provider_seedance.emulator", "--port", port]
        result = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    assert result.returncode == 1
    assert result.stderr.startswith("cannot listen on")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_module_is_short_and_stands_apart(module):
    """Below 350 lines, and nothing imported from the rest of the package."""
    text = module.read_text()
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            inside = name.startswith("airflow_provider_seedance")
            assert not inside or name.startswith("airflow_provider_seedance.emulator"), name
            assert name.split(".")[0] != "airflow", name


def test_vendor_time_begins_where_it_is_told() -> None:
    """Three days ago, say."""
    with serve(rate=0, start=1_800_000_000) as emulator:
        emulator.advance(60)
        assert emulator.now() == 1_800_000_060

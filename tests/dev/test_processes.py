"""Child processes that surely end with their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from dev.processes import ProcessDied, Processes, signals_end_the_block

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]
PARENT_OF_A_DAEMON = [
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
    "print(child.pid, flush=True); time.sleep(600)",
]
OWNER = """
import sys, time
from pathlib import Path
from dev.processes import Processes, signals_end_the_block
with signals_end_the_block(), Processes(Path(sys.argv[1])) as processes:
    print(processes.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], {}), flush=True)
    time.sleep(600)
"""


def eventually(true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_the_end_of_the_block_ends_a_process(tmp_path: Path) -> None:
    """What was started in the block does not outlive it."""
    with Processes(tmp_path) as processes:
        pid = processes.start("sleeper", SLEEPER, os.environ)
        assert running(pid)
    assert not running(pid)


def test_an_error_ends_a_process(tmp_path: Path) -> None:
    """Leaving the block by an exception is no different."""
    pids: list[int] = []

    def start_and_fail() -> None:
        with Processes(tmp_path) as processes:
            pids.append(processes.start("sleeper", SLEEPER, os.environ))
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        start_and_fail()
    assert not running(pids[0])


def test_a_daemon_of_a_child_is_ended(tmp_path: Path) -> None:
    """A grandchild in a session of its own carries the mark too."""
    with Processes(tmp_path) as processes:
        processes.start("parent", PARENT_OF_A_DAEMON, os.environ)
        eventually(lambda: processes.log("parent").read_text().strip())
        grandchild = int(processes.log("parent").read_text())
        assert running(grandchild)
    assert not running(grandchild)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """Politeness has a limit."""
    with Processes(tmp_path) as processes:
        pid = processes.start("stubborn", STUBBORN, os.environ)
        eventually(lambda: processes.log("stubborn").read_text())
    assert not running(pid)


def test_an_end_too_early_is_told_with_the_log(tmp_path: Path) -> None:
    """The error says which process, with what code, and what it wrote last."""
    with Processes(tmp_path) as processes:
        command = [sys.executable, "-c", "import sys; print('no such table'); sys.exit(3)"]
        pid = processes.start("broken", command, os.environ)
        eventually(lambda: not running(pid))
        with pytest.raises(ProcessDied, match=r"(?s)broken ended with code 3.*no such table"):
            processes.check()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_owner_ends_its_processes(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C, a plain kill and a closed terminal all leave nothing behind."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with owner:
        assert owner.stdout
        pid = int(owner.stdout.readline())
        owner.send_signal(number)
        owner.wait(20)
    assert not running(pid)


def test_the_former_signal_handlers_come_back() -> None:
    """Outside the block the signals do what they did before."""
    before = signal.getsignal(signal.SIGTERM)
    with signals_end_the_block():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_crash_takes_the_children_along_and_can_be_mended(tmp_path: Path) -> None:
    """SIGKILL for a process and all below it; afterwards it is started again as it was."""
    with Processes(tmp_path) as processes:
        processes.start("parent", PARENT_OF_A_DAEMON, os.environ)
        eventually(lambda: processes.log("parent").read_text().strip())
        (below,) = processes.below("parent")
        processes.kill_tree("parent")
        assert not running(below.pid)
        processes.check()
        again = processes.restart("parent")
        assert running(again)
    assert not running(again)

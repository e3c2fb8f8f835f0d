"""Child processes that surely end with their parent.

Rule 1: every process started here, and all that it starts, carries one mark in its environment.
Rule 2: whatever carries the mark is ended by its id, politely first, on every way out of the block.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_MARK = "SEEDANCE_DEV_RUN"
_POLITE = 3.0  # seconds between SIGTERM and SIGKILL
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessDied(RuntimeError):
    """A process that should be running has ended; the message carries the end of its log."""


@dataclass(frozen=True)
class _Order:
    command: Sequence[str]
    environment: Mapping[str, str]
    user: str | None


class Processes:
    """Named child processes, each writing to ``<logs>/<name>.log``; leaving the block ends them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._mark = uuid.uuid4().hex
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, _Order] = {}

    def __enter__(self) -> Processes:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        with _undisturbed():
            self.stop()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, user: str | None = None
    ) -> int:
        """Start a process and return its id.

        :param user: run it as this user, with none of this process's groups; only root can.
        """
        self._started[name] = _Order(command, environment, user)
        # setproctitle, which Airflow uses, would overwrite the environment that the mark is looked up in.
        marked = {**environment, _MARK: self._mark, "SPT_NOENV": "1"}
        with self.log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                env=marked,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                extra_groups=None if user is None else (),
            )
        return self._running[name].pid

    def log(self, name: str) -> Path:
        """Where the process of that name writes."""
        return self._logs / f"{name}.log"

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send one of the processes a signal, as an accident would."""
        self._running[name].send_signal(number)

    def kill_tree(self, name: str) -> None:
        """SIGKILL one of the processes and everything below it, as a machine's crash would; then it is forgotten."""
        process = self._running.pop(name)
        doomed = _tree(process.pid)
        for each in doomed:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        process.wait()
        psutil.wait_procs(doomed[1:], timeout=5)

    def below(self, name: str) -> list[psutil.Process]:
        """All descendants of one of the processes."""
        return _tree(self._running[name].pid)[1:]

    def restart(self, name: str) -> int:
        """Start what was killed again, just as before."""
        order = self._started[name]
        return self.start(name, order.command, order.environment, user=order.user)

    def check(self) -> None:
        """Raise :class:`ProcessDied` for a process that has ended."""
        for name, process in self._running.items():
            if (code := process.poll()) is not None:
                end = "\n".join(self.log(name).read_text(errors="replace").splitlines()[-15:])
                raise ProcessDied(f"{name} ended with code {code}; {self.log(name)} ends with:\n{end}")

    def alive(self) -> list[psutil.Process]:
        """Everything that carries the mark, children's children included."""
        return [process for process in psutil.process_iter() if _mark_of(process) == self._mark]

    def stop(self) -> None:
        """End everything that carries the mark; returns when nothing is left."""
        deadline = time.monotonic() + _POLITE
        for process in self._running.values():
            process.terminate()
        while self._left() and time.monotonic() < deadline:
            time.sleep(0.1)
        while left := self._left():
            for straggler in left:
                with suppress(psutil.NoSuchProcess):
                    straggler.kill()
            psutil.wait_procs(left, timeout=1)
        self._running.clear()

    def _left(self) -> list[psutil.Process]:
        for process in self._running.values():
            process.poll()
        return self.alive()


@contextmanager
def signals_end_the_block() -> Iterator[None]:
    """Let SIGTERM and SIGHUP do what Ctrl-C does, so that ``with`` blocks and ``finally`` clauses run."""
    former = {number: signal.signal(number, signal.default_int_handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C must not stop the cleaning up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _tree(pid: int) -> list[psutil.Process]:
    """The process, if it still is there, and its descendants."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _mark_of(process: psutil.Process) -> str | None:
    if process.pid == os.getpid():
        return None
    try:
        return process.environ().get(_MARK) if process.status() != psutil.STATUS_ZOMBIE else None
    except (psutil.Error, OSError):
        return None

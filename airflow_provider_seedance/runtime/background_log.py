"""Log lines from an event loop, written by a thread: the loop waits neither for a full log nor for a slow one."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from queue import SimpleQueue

#: The pause after each line, seconds. One thread reads the lines of all of Airflow's triggers, and their event loop
#: writes there too: an outage that a thousand waits tell of must not fill that channel.
LINE_PAUSE_SECONDS = 0.01
#: Lines that wait to be written, at most; further ones are counted and left out.
MAX_LINES = 20_000
#: How long the end of the process waits for what is not written yet, seconds.
EXIT_SECONDS = 1.0


class BackgroundLog:
    """Writes lines one after another, each in the context that was handed over with it.

    The context tells Airflow's triggerer whose log a line belongs to. It must be a copy that nothing else runs in.

    :param log: where the lines go.
    """

    def __init__(self, log: logging.Logger, *, max_lines: int = MAX_LINES) -> None:
        self._log = log
        self._max_lines = max_lines
        self._left_out = 0
        self._lines: SimpleQueue[tuple[Context, int, str] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

    def write(self, context: Context, level: int, text: str) -> None:
        """Have a line written soon. Returns at once; call it from one thread only."""
        if self._lines.qsize() >= self._max_lines:
            self._left_out += 1
            return
        self._lines.put((context, level, text))
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="seedance-log", daemon=True)
            self._thread.start()
            atexit.register(self.close, EXIT_SECONDS)

    def close(self, timeout: float | None = None) -> None:
        """Write what is left without pauses, for so many seconds at most. Nothing is written any more after it."""
        if self._thread is not None and self._thread.is_alive():
            self._closing.set()
            self._lines.put(None)
            self._thread.join(timeout)

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            context, level, text = line
            context.run(self._log.log, level, "%s", text)
            if self._lines.empty():
                self._tell_left_out()
            self._closing.wait(LINE_PAUSE_SECONDS)
        self._tell_left_out()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._log.warning("%d lines about waits were left out.", self._left_out)
            self._left_out = 0


_background_log = BackgroundLog(logging.getLogger(__name__))


def background_writer() -> Callable[[int, str], None]:
    """Writes lines of the running trigger or task, by a level of :mod:`logging` and a text; its event loop goes on."""
    return partial(_background_log.write, copy_context())

"""Work on threads of pools, whose results come back as callbacks in one queue, to be worked off by one thread."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from traceback import format_exception
from typing import Any, Protocol

from airflow_provider_seedance.core.redaction import redact
from airflow_provider_seedance.errors import SeedanceError

log = logging.getLogger(__name__)

#: The longest pause between two looks at the clock.
TICK_SECONDS = 1.0

Callback = Callable[[], None]


class CallbackQueue(Protocol):
    """As much of :class:`queue.SimpleQueue` as is used here."""

    def put(self, item: Callback, /) -> None: ...

    def get(self, block: bool = True, timeout: float | None = None) -> Callback: ...

    def get_nowait(self) -> Callback: ...


class Callbacks:
    """The callbacks that wait for the deciding thread.

    :param pending: another queue than the usual one.
    """

    def __init__(self, pending: CallbackQueue | None = None) -> None:
        self._pending: CallbackQueue = pending or queue.SimpleQueue()

    def put(self, callback: Callback) -> None:
        """Have it called by the deciding thread; may be called from any thread."""
        self._pending.put(callback)

    def run_pending(self) -> None:
        """Run the callbacks in the queue; wait for the first until a tick has passed."""
        try:
            self._pending.get(timeout=TICK_SECONDS)()
            while True:
                self._pending.get_nowait()()
        except queue.Empty:
            pass

    def run_in_pool(
        self, pool: Executor, step: str, work: Callable[[], Any], then: Callable[[Any], None]
    ) -> None:
        """Do the work on a thread of the pool, and have ``then`` called with its result, or with its error.

        :param step: what the work is, and for which row, in words for messages.
        """

        def run() -> None:
            try:
                result = work()
            except SeedanceError as error:
                result = error
            except BaseException as fault:  # noqa: BLE001 - whatever it is, only this row fails by it
                # A library's exception may quote a link, and so may its causes.
                log.error("The %s failed unexpectedly:\n%s", step, redact("".join(format_exception(fault))))
                result = SeedanceError(
                    f"the {step} failed within the provider: {type(fault).__name__}: {fault}"
                )
            self.put(partial(then, result))

        pool.submit(run)

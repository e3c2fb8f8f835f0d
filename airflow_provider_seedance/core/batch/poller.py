"""Waiting for the generations of a batch while its task holds a worker: a poller on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import Poller, StatusClient

#: Status requests under way at a time.
CONNECTIONS = 4
#: The longest pause between two looks at a generation while its slot is wanted for the next, seconds.
MAX_LAG = 4.0

OnEnd = Callable[[int, WaitOutcome, WaitState], None]


class BatchPoller:
    """Tells when generations end. A context manager; leaving it ends all waiting.

    :param open_reader: makes a client for the connection with this id, on the poller's own event loop.
    :param connection_of: the id of the connection that submitted a row's generation.
    :param on_end: called with the row, how its wait ended, and the wait; on the watcher's thread.
    """

    def __init__(
        self,
        open_reader: Callable[[str], StatusClient],
        connection_of: Callable[[int], str],
        on_end: OnEnd,
        *,
        clock: Clock,
        connections: int = CONNECTIONS,
    ) -> None:
        self._open_reader = open_reader
        self._connection_of = connection_of
        self._on_end = on_end
        self._clock = clock
        self._connections = connections
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._pollers: dict[str, Poller] = {}
        self._stop = asyncio.Event()
        self._waits: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="seedance-batch-watcher", daemon=True)

    def __enter__(self) -> BatchPoller:
        self._thread.start()
        self._ready.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._ready.result().call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None:
        """Wait for one more."""
        self._ready.result().call_soon_threadsafe(self._begin, row, generation_id, wait)

    def _begin(self, row: int, generation_id: str, wait: WaitState) -> None:
        task = asyncio.get_running_loop().create_task(self._wait(row, generation_id, wait))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def _wait(self, row: int, generation_id: str, wait: WaitState) -> None:
        try:
            outcome = await self._poller_of(self._connection_of(row)).wait_for(generation_id, wait)
        except Exception:  # noqa: BLE001  # the row is then looked at by itself, which tells more
            outcome = WaitOutcome.STATUS_UNKNOWN
        self._on_end(row, outcome, wait)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as fault:
            if self._ready.done():
                raise
            self._ready.set_exception(fault)

    def _poller_of(self, conn_id: str) -> Poller:
        if conn_id not in self._pollers:
            self._pollers[conn_id] = Poller(
                self._open_reader(conn_id),
                latency_model=LatencyModel(),
                clock=self._clock,
                max_lag=MAX_LAG,
                max_concurrency=self._connections,
            )
        return self._pollers[conn_id]

    async def _main(self) -> None:
        self._ready.set_result(asyncio.get_running_loop())
        await self._stop.wait()
        for task in self._waits:
            task.cancel()
        await asyncio.gather(*self._waits, return_exceptions=True)
        for poller in self._pollers.values():
            await poller.close()

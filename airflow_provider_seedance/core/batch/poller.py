"""Waiting for the generations of a batch while its task holds a worker: a poller on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.poller import Poller, StatusClient
from airflow_provider_seedance.core.polling.report import TroubleReport

log = logging.getLogger(__name__)

#: Status requests under way at a time, at most.
MAX_STATUS_REQUESTS = 4
#: The longest pause between two status requests for a generation whose end makes room for the next row, seconds.
MAX_LAG_SECONDS = 4.0

#: Called with the row, how its wait ended, and the wait.
OnEnded = Callable[[int, WaitOutcome, WaitState], None]


class BatchPoller:
    """Reports when generations end. A context manager; leaving it ends all waiting.

    :param open_client: makes the client of a connection, by its id, on the thread's own event loop.
    :param connection_of: the id of the connection that submitted a row's generation.
    :param on_ended: called on the poller's thread.
    :param max_status_requests: status requests under way at a time, at most.
    """

    def __init__(
        self,
        open_client: Callable[[str], StatusClient],
        connection_of: Callable[[int], str],
        on_ended: OnEnded,
        *,
        clock: Clock,
        max_status_requests: int = MAX_STATUS_REQUESTS,
    ) -> None:
        self._open_client = open_client
        self._connection_of = connection_of
        self._on_ended = on_ended
        self._clock = clock
        self._max_status_requests = max_status_requests
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        #: By connection.
        self._pollers: dict[str, Poller] = {}
        self._reports: dict[str, TroubleReport] = {}
        self._stop = asyncio.Event()
        self._waits: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="seedance-batch-poller", daemon=True)

    def __enter__(self) -> BatchPoller:
        self._thread.start()
        self._loop.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.result().call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None:
        """Wait for one more generation; may be called from any thread."""
        self._loop.result().call_soon_threadsafe(self._start_wait, row, generation_id, wait)

    def _start_wait(self, row: int, generation_id: str, wait: WaitState) -> None:
        task = asyncio.get_running_loop().create_task(self._wait(row, generation_id, wait))
        self._waits.add(task)
        task.add_done_callback(self._waits.discard)

    async def _wait(self, row: int, generation_id: str, wait: WaitState) -> None:
        try:
            conn_id = self._connection_of(row)
            poller, report = self._poller_of(conn_id), self._report_of(conn_id)
            outcome = await poller.wait_for(generation_id, wait, report)
        except Exception:  # noqa: BLE001  # collecting the row reads the generation again, and its error says more
            outcome = WaitOutcome.STATUS_UNKNOWN
        self._on_ended(row, outcome, wait)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as fault:
            if self._loop.done():
                raise
            self._loop.set_exception(fault)

    def _report_of(self, seedance_conn_id: str) -> TroubleReport:
        if seedance_conn_id not in self._reports:
            # The thread's event loop serves this batch alone, so it may write.
            self._reports[seedance_conn_id] = TroubleReport(f"Connection {seedance_conn_id}", log.log)
        return self._reports[seedance_conn_id]

    def _poller_of(self, seedance_conn_id: str) -> Poller:
        if seedance_conn_id not in self._pollers:
            self._pollers[seedance_conn_id] = Poller(
                self._open_client(seedance_conn_id),
                latency_model=LatencyModel(),
                clock=self._clock,
                max_lag=MAX_LAG_SECONDS,
                max_concurrency=self._max_status_requests,
            )
        return self._pollers[seedance_conn_id]

    async def _main(self) -> None:
        self._loop.set_result(asyncio.get_running_loop())
        await self._stop.wait()
        for task in self._waits:
            task.cancel()
        await asyncio.gather(*self._waits, return_exceptions=True)
        for poller in self._pollers.values():
            await poller.close()

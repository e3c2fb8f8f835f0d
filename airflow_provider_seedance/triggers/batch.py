"""The trigger that waits for a batch. It only reads: nothing is submitted in a triggerer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.core import clock

if TYPE_CHECKING:
    from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
    from airflow_provider_seedance.core.polling.report import TroubleReport

#: How long the trigger sleeps before it wakes the task, if it cannot read the journal.
UNREADABLE_JOURNAL_SECONDS = 120.0
#: Waits that are begun, or ended, in one turn of the event loop, which other triggers share.
WAITS_PER_TURN = 100

#: By row: the connection that submitted it, its generation's id and its times.
Waits = dict[int, "tuple[str, str, WaitState]"]


class SeedanceBatchTrigger(BaseTrigger):
    """Fires when enough of a batch's generations have ended, or some time after the first of them has.

    What it waits for is in the batch's journal; its arguments, which are stored in clear text, only say where that is.

    :param journal: the folder of the journal, a path or an object-storage URI. A triggerer that cannot read it wakes
        the task every two minutes to look by itself.
    """

    def __init__(self, journal: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.journal = journal

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {"journal": self.journal},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from airflow_provider_seedance.core.batch.event import BatchEvent

        waits = await asyncio.to_thread(self._read_waits)
        ended: Mapping[int, WaitOutcome] | None = None
        if waits is None:
            await clock.SYSTEM_CLOCK.asleep(UNREADABLE_JOURNAL_SECONDS)
        else:
            ended = await self._gather(waits)
        yield TriggerEvent(BatchEvent(ended).to_payload())  # type: ignore[no-untyped-call]

    def _read_waits(self) -> Waits | None:
        """The generations to wait for, by row; ``None`` if the journal cannot be read here."""
        from airflow_provider_seedance.core.batch.journal.store import is_journal_missing, read_states
        from airflow_provider_seedance.core.batch.state import Phase
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.errors import SeedanceError
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        try:
            folder = path_from_uri(self.journal)
            if is_journal_missing(folder):
                self.log.warning(
                    "There is no journal in %s on this machine; the task is woken to look by itself.",
                    self.journal,
                )
                return None
            states = read_states(folder)
        except SeedanceError as error:
            self.log.warning("%s The task is woken to look by itself.", error)
            return None
        in_flight = {row: state.record for row, state in states.items() if state.phase is Phase.IN_FLIGHT}
        return {
            row: (record.seedance_conn_id, record.generation_id, WaitState.from_record(record))
            for row, record in in_flight.items()
            if record and record.generation_id
        }

    async def _gather(self, waits: Waits) -> Mapping[int, WaitOutcome]:
        """The rows whose wait is over, once they are worth waking the task."""
        from airflow_provider_seedance.core.batch.wakeup import gathering_delay, is_worth_waking
        from airflow_provider_seedance.core.polling.report import TroubleReport
        from airflow_provider_seedance.runtime.background_log import background_writer
        from airflow_provider_seedance.runtime.polling import hold_event

        now = clock.SYSTEM_CLOCK.now
        trigger_started = now()
        ended: dict[int, WaitOutcome] = {}
        changed = asyncio.Event()
        tasks: list[asyncio.Task[None]] = []
        fire_at: float | None = None
        write = background_writer()
        reports = {conn_id: TroubleReport(f"Connection {conn_id}", write) for conn_id, _, _ in waits.values()}
        try:
            for row, wait in waits.items():
                waiting = self._wait_for_row(row, *wait, reports[wait[0]], ended, changed)
                tasks.append(asyncio.create_task(waiting))
                if len(tasks) % WAITS_PER_TURN == 0:
                    await asyncio.sleep(0)
            while not is_worth_waking(len(ended), len(waits)) and (fire_at is None or now() < fire_at):
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(changed.wait(), None if fire_at is None else fire_at - now())
                changed.clear()
                if fire_at is None and ended:
                    started = waits[next(iter(ended))][2].started
                    fire_at = now() + gathering_delay(now() - started)
            await hold_event(trigger_started)
        finally:
            await _cancel(tasks)
        return ended

    async def _wait_for_row(
        self,
        row: int,
        seedance_conn_id: str,
        generation_id: str,
        wait: WaitState,
        report: TroubleReport,
        ended: dict[int, WaitOutcome],
        changed: asyncio.Event,
    ) -> None:
        from airflow_provider_seedance.core.polling.decide import WaitOutcome
        from airflow_provider_seedance.runtime.polling import wait_in_poller

        try:
            ended[row] = await wait_in_poller(seedance_conn_id, generation_id, wait, report)
        except Exception:  # noqa: BLE001  # its siblings go on waiting; the task reads it again, and its error says more
            ended[row] = WaitOutcome.STATUS_UNKNOWN
        changed.set()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for first in range(0, len(tasks), WAITS_PER_TURN):
        chunk = tasks[first : first + WAITS_PER_TURN]
        for task in chunk:
            task.cancel()
        await asyncio.gather(*chunk, return_exceptions=True)

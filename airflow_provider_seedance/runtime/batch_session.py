"""Where a batch keeps its files, and its live summary in Airflow's task state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.batch.journal.store import is_journal_missing, read_states
from airflow_provider_seedance.core.batch.paths import (
    RESULTS_FILE_NAME,
    folder_of_batch,
)
from airflow_provider_seedance.core.batch.summary import progress_in_words, to_json_lines
from airflow_provider_seedance.core.lifecycle.result import Totals
from airflow_provider_seedance.core.media.content import FileReader, RequestMedia, named_by
from airflow_provider_seedance.core.storage.files import write_text
from airflow_provider_seedance.core.storage.paths import StoragePath, uri_of
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError, StateUnreadable, StateUnwritable
from airflow_provider_seedance.runtime.object_storage import path_from_uri
from airflow_provider_seedance.runtime.task_state import identity_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.media.deliver import MediaDelivery
    from airflow_provider_seedance.models import GenerationRequest

log = logging.getLogger(__name__)

#: The name under which users see the live summary among a task's state.
KEY = "seedance_batch"

_NO_TASK_STATE_WARNING = (
    "This Airflow has no task state store, so a retry finds this batch's journal only by its destination. If the"
    " destination changes from try to try, or is on a disk that only one worker sees, rows that are paid for are bought"
    " again. Upgrade to Airflow 3.3, or name a folder that all workers share in [seedance] state_folder."
)


@dataclass(frozen=True)
class BatchSession:
    """A batch's files and its entry in Airflow's task state: the same for each try of a task instance.

    :param journal: the folder of the journal.
    :param results: the file of the results.
    :param task_state: Airflow's task state store, where there is one.
    """

    task: TaskIdentity
    journal: StoragePath
    results: StoragePath
    task_state: Any

    @classmethod
    def open(cls, context: Context, destination: str | None) -> BatchSession:
        """The session of this task instance, even if the destination has changed since its first try.

        :raises ConfigurationError: if there is no place for the journal.
        :raises StateUnreadable: if an earlier try began a journal that cannot be seen from this machine, or if that
            cannot be found out.
        """
        state_folder = _state_folder()
        if not (base := state_folder or destination):
            raise ConfigurationError(
                "a batch that lands nothing has no place for its journal",
                advice="Give a destination, or name a folder in [seedance] state_folder.",
            )
        task, task_state = identity_of(context), context.get("task_state_store")
        known = _known_journal(task_state)
        journal = path_from_uri(known or folder_of_batch(base, task))
        if known and is_journal_missing(journal):
            raise StateUnreadable(
                f"an earlier try began this batch's journal in {uri_of(journal)}, which is not there on this machine",
                advice="Nothing was sent. Use a destination, or [seedance] state_folder, that all workers share.",
            )
        results = folder_of_batch(destination or base, task)
        return cls(task, journal, path_from_uri(f"{results}/{RESULTS_FILE_NAME}"), task_state)

    def media_reader(
        self, client: SeedanceClient, delivery: MediaDelivery, *, new_try: bool
    ) -> Callable[[int, GenerationRequest], RequestMedia]:
        """What reads and checks the files of a row's request, by its number.

        Those of a row that has ended in this try are not read again, but named as they are on record.

        :raises StateUnreadable: if the journal cannot be read.
        """
        states, reader = read_states(self.journal), FileReader(path_from_uri)
        records = {row: state.record for row, state in states.items() if state.record}
        known = {key: name for record in records.values() for key, name in record.media.items()}

        def read(row: int, request: GenerationRequest) -> RequestMedia:
            if not new_try and row in records and states[row].outcome:
                return RequestMedia(named_by(request, records[row].media))
            return delivery.read(client, reader, known, request)

        return read

    def register(self, rows: int) -> None:
        """Put the place of the journal into Airflow's task state, before anything is paid.

        Without a task state store and without ``[seedance] state_folder`` a warning says what that means.

        :raises StateUnwritable: if it is not there afterwards.
        """
        if self.task_state is None:
            if not _state_folder():
                log.warning(_NO_TASK_STATE_WARNING)
            return
        summary = self._save(rows, {})
        # Airflow 3.3 does not report a refused write.
        if _read(self.task_state) != summary:
            raise StateUnwritable("Airflow's task state was written and does not hold what was written")

    def report(self, rows: int, limit: str | None, counts: Mapping[str, int], cost: Totals) -> None:
        """Put the counts by status and the cost so far into the log, and the counts into the task state.

        That the task state cannot be written is logged, and no more.

        :param limit: what all rows may cost together.
        """
        log.info("%s Results go to %s.", progress_in_words(rows, counts, cost, limit), uri_of(self.results))
        if self.task_state is None:
            return
        try:
            self._save(rows, counts)
        except StateUnwritable as error:
            log.warning("%s", error)

    def _save(self, rows: int, counts: Mapping[str, int]) -> dict[str, Any]:
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        summary = {
            "journal": uri_of(self.journal),
            "results": uri_of(self.results),
            "rows": rows,
            "counts": dict(counts),
            "updated_at": clock.utc_now(clock.SYSTEM_CLOCK).isoformat(),
        }
        try:
            self.task_state.set(KEY, summary, retention=NEVER_EXPIRE)
        except Exception as fault:
            raise StateUnwritable(f"Airflow's task state cannot be written: {fault}") from fault
        return summary

    def write_results(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Write the file of the results, in place of an earlier one.

        :raises DestinationError: if it cannot be written.
        """
        write_text(self.results, to_json_lines(results))


def _state_folder() -> str | None:
    from airflow.configuration import conf

    folder: str | None = conf.get("seedance", "state_folder", fallback=None)
    return folder


def _known_journal(task_state: Any) -> str | None:
    """Where an earlier try began the journal; ``None`` if none did."""
    if task_state is None or (summary := _read(task_state)) is None:
        return None
    journal = summary.get("journal") if isinstance(summary, Mapping) else None
    if not isinstance(journal, str) or not journal:
        raise StateUnreadable(
            f"the task's state {KEY} is damaged: it does not say where the journal is: {summary!r}"
        )
    return journal


def _read(task_state: Any) -> Any:
    try:
        return task_state.get(KEY)
    except Exception as fault:
        raise StateUnreadable(f"Airflow's task state cannot be read: {fault}") from fault

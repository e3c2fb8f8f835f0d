"""Where a batch keeps its files, and where it tells how it goes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.batch.journal.store import is_there
from airflow_provider_seedance.core.batch.paths import (
    RESULTS,
    check_apart,
    destination_of_row,
    folder_of_batch,
)
from airflow_provider_seedance.core.batch.summary import as_lines
from airflow_provider_seedance.core.lifecycle.deliver import check_destination
from airflow_provider_seedance.core.storage.files import write_text
from airflow_provider_seedance.core.storage.paths import StoragePath, uri_of
from airflow_provider_seedance.core.submission.record import StateUnreadable, StateUnwritable, TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.runtime.object_storage import path_from_uri
from airflow_provider_seedance.runtime.task_state import identity_of

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

#: The name under which users see the live summary among a task's state.
KEY = "seedance_batch"

_UNTOLD = (
    "This Airflow has no task state store, so the place of this batch's journal depends on its destination. If that"
    " changes from try to try, or is on a disk that only one worker sees, rows that are paid for are bought again."
    " Upgrade to Airflow 3.3, or name a folder that all workers share in [seedance] state_folder."
)


@dataclass(frozen=True)
class Site:
    """Where a batch keeps its files, and where it tells how it goes.

    :param journal: the folder of the journal.
    :param results: the file of the results.
    :param accessor: Airflow's task state store, where there is one.
    """

    task: TaskIdentity
    journal: StoragePath
    results: StoragePath
    accessor: Any

    @classmethod
    def open(cls, context: Context, destination: str | None) -> Site:
        """The same for each try of a task instance, even if the destination has changed since.

        :raises ConfigurationError: if there is no place for the journal, or the destination cannot be used.
        :raises StateUnreadable: if there is a journal, and it cannot be seen from here, or that cannot be found out.
        """
        state_folder = _state_folder()
        if destination is not None:
            check_apart(destination)
            check_destination(destination_of_row(destination, 1), path_from_uri)
        if not (base := state_folder or destination):
            raise ConfigurationError(
                "a batch that lands nothing has no place for its journal",
                advice="Give a destination, or name a folder in [seedance] state_folder.",
            )
        task, accessor = identity_of(context), context.get("task_state_store")
        told = _told_journal(accessor)
        journal = path_from_uri(told or folder_of_batch(base, task))
        if told and not is_there(journal):
            raise StateUnreadable(
                f"the journal of this batch is to be in {uri_of(journal)}, and it is not there on this machine",
                advice="Nothing was sent. Use a destination, or [seedance] state_folder, that all workers share.",
            )
        results = folder_of_batch(destination or base, task)
        return cls(task, journal, path_from_uri(f"{results}/{RESULTS}"), accessor)

    def tell(self, rows: int, counts: Mapping[str, int]) -> None:
        """Before anything is paid: put a summary into Airflow's task state, which also says where the journal is.

        Without a task state nothing says so; if nothing else does, a warning tells of it.

        :raises StateUnwritable: if it is not there afterwards.
        """
        if self.accessor is None:
            if not _state_folder():
                log.warning(_UNTOLD)
            return
        value = self._put(rows, counts)
        # Airflow 3.3 does not report a refused write.
        if _told(self.accessor) != value:
            raise StateUnwritable("Airflow's task state was written and does not hold what was written")

    def tell_on_the_way(self, rows: int, counts: Mapping[str, int]) -> None:
        """Put the summary there anew, and into the log. Not being able to is no reason to stop."""
        log.info("%s", ", ".join(f"{count} {name}" for name, count in counts.items() if count))
        if self.accessor is None:
            return
        try:
            self._put(rows, counts)
        except StateUnwritable as error:
            log.warning("%s", error)

    def _put(self, rows: int, counts: Mapping[str, int]) -> dict[str, Any]:
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        value = {
            "journal": uri_of(self.journal),
            "results": uri_of(self.results),
            "rows": rows,
            "counts": dict(counts),
            "updated_at": clock.utc_now(clock.SYSTEM_CLOCK).isoformat(),
        }
        try:
            self.accessor.set(KEY, value, retention=NEVER_EXPIRE)
        except Exception as fault:
            raise StateUnwritable(f"Airflow's task state cannot be written: {fault}") from fault
        return value

    def write_results(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Put the results where they belong, in place of earlier ones.

        :raises DestinationError: if they cannot be written.
        """
        write_text(self.results, as_lines(found))


def _state_folder() -> str | None:
    from airflow.configuration import conf

    folder: str | None = conf.get("seedance", "state_folder", fallback=None)
    return folder


def _told_journal(accessor: Any) -> str | None:
    """Where the journal of a batch that was begun is; ``None`` if none was."""
    if accessor is None or (told := _told(accessor)) is None:
        return None
    journal = told.get("journal") if isinstance(told, Mapping) else None
    if not isinstance(journal, str) or not journal:
        raise StateUnreadable(
            f"{KEY} among the task's state is damaged, it does not say where the journal is: {told!r}"
        )
    return journal


def _told(accessor: Any) -> Any:
    try:
        return accessor.get(KEY)
    except Exception as fault:
        raise StateUnreadable(f"Airflow's task state cannot be read: {fault}") from fault

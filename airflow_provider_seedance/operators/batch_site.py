"""Where a batch keeps its files, and where it tells how it goes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.batch.journal import is_there
from airflow_provider_seedance.batch.places import (
    RESULTS,
    check_apart,
    destination_of_row,
    folder_of_batch,
)
from airflow_provider_seedance.batch.results import as_lines
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.lander import check_destination, utc_now
from airflow_provider_seedance.landing.targets import Target, commit, part_for, uri_of
from airflow_provider_seedance.object_storage import open_target
from airflow_provider_seedance.stores import identity_of
from airflow_provider_seedance.submission.record import (
    StateUnreadable,
    StateUnwritable,
    TaskIdentity,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

#: The name under which users see the live summary among a task's state.
KEY = "seedance_batch"


@dataclass(frozen=True)
class Site:
    """Where a batch keeps its files, and where it tells how it goes.

    :param journal: the folder of the journal.
    :param results: the file of the results.
    :param accessor: Airflow's task state store, where there is one.
    """

    task: TaskIdentity
    journal: Target
    results: Target
    accessor: Any

    @classmethod
    def of(cls, context: Context, destination: str | None) -> Site:
        """The same for each try of a task instance, even if the destination has changed since.

        :raises ConfigurationError: if there is no place for the journal, or the destination cannot be used.
        :raises StateUnreadable: if there is a journal, and it cannot be seen from here.
        """
        from airflow.configuration import conf

        state_folder = conf.get("seedance", "state_folder", fallback=None)
        if destination is not None:
            check_apart(destination)
            check_destination(destination_of_row(destination, 1))
        if not (base := state_folder or destination):
            raise ConfigurationError(
                "a batch that lands nothing has no place for its journal",
                advice="Give a destination, or name a folder in [seedance] state_folder.",
            )
        task, accessor = identity_of(context), context.get("task_state_store")
        told = _told(accessor)
        journal = open_target(told["journal"] if told else folder_of_batch(base, task))
        if told and not is_there(journal):
            raise StateUnreadable(
                f"the journal of this batch is to be in {uri_of(journal)}, and it is not there on this machine",
                advice="Nothing was sent. Use a destination, or [seedance] state_folder, that all workers share.",
            )
        results = folder_of_batch(destination or base, task)
        return cls(task, journal, open_target(f"{results}/{RESULTS}"), accessor)

    def tell(self, rows: int, counts: Mapping[str, int]) -> None:
        """Put a summary into Airflow's task state; it also says where the journal is.

        :raises StateUnwritable: if that cannot be done.
        """
        if self.accessor is None:
            return
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        value = {
            "journal": uri_of(self.journal),
            "results": uri_of(self.results),
            "rows": rows,
            "counts": dict(counts),
            "updated_at": utc_now().isoformat(),
        }
        try:
            self.accessor.set(KEY, value, retention=NEVER_EXPIRE)
        except Exception as fault:
            raise StateUnwritable(f"Airflow's task state cannot be written: {fault}") from fault

    def tell_on_the_way(self, rows: int, counts: Mapping[str, int]) -> None:
        """As :meth:`tell`, and in the log. Not being able to is no reason to stop."""
        log.info("%s", ", ".join(f"{count} {name}" for name, count in counts.items() if count))
        try:
            self.tell(rows, counts)
        except StateUnwritable as error:
            log.warning("%s", error)

    def write_results(self, found: Iterable[Mapping[str, Any]]) -> None:
        """Put the results where they belong, in place of earlier ones."""
        with part_for(self.results) as part:
            part.write_text(as_lines(found), encoding="utf-8")
            commit(part, self.results)


def _told(accessor: Any) -> Mapping[str, Any] | None:
    if accessor is None:
        return None
    try:
        told: Mapping[str, Any] | None = accessor.get(KEY)
    except Exception as fault:
        raise StateUnreadable(f"Airflow's task state cannot be read: {fault}") from fault
    return told

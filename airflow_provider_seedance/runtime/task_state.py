"""Where the record of a task's generation lives: Airflow's task state store, or a folder of small files."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.batch.journal.store import read_states
from airflow_provider_seedance.core.batch.paths import FOLDER_PREFIX
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.core.landing.manifest import Provenance
from airflow_provider_seedance.core.storage.files import read_bytes, write_text
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path, uri_of
from airflow_provider_seedance.core.submission.record import (
    NoRecords,
    RecordStore,
    StoredVideo,
    SubmissionRecord,
    TaskIdentity,
)
from airflow_provider_seedance.errors import (
    ConfigurationError,
    SeedanceError,
    StateUnreadable,
    StateUnwritable,
)
from airflow_provider_seedance.runtime.config import ledger_keeps_prompts
from airflow_provider_seedance.runtime.ledger import open_ledger
from airflow_provider_seedance.runtime.object_storage import path_from_uri

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

#: No vendor's list goes further back, nor does a link to a video live longer.
LONGEST_LIST = timedelta(days=8)
#: A generation runs for two days at most before its link begins to live.
LONGEST_RESCUE = LONGEST_LIST + timedelta(days=2)

#: The name under which users see the record among a task's state.
KEY = "seedance_generation"

_NO_TASK_STATE_WARNING = (
    "This Airflow has no task state store, so a retry cannot find a generation that an earlier try paid for. Upgrade to"
    " Airflow 3.3, name a folder in [seedance] state_folder, or a ledger in [seedance] ledger_conn_id."
)


def identity_of(context: Context) -> TaskIdentity:
    """Whose record it is: the task instance, never one of its tries."""
    ti = context["ti"]
    map_index = -1 if ti.map_index is None else ti.map_index
    started = getattr(context.get("dag_run"), "start_date", None)
    return TaskIdentity(
        ti.dag_id,
        ti.run_id,
        ti.task_id,
        map_index,
        max_tries=getattr(ti, "max_tries", 0),
        run_started=str(started or ""),
    )


def record_store(context: Context, *, durable: bool) -> RecordStore:
    """The store for this task instance.

    The ledger, if ``[seedance] ledger_conn_id`` names one, with a summary in what follows. Without it files, if
    ``[seedance] state_folder`` names a folder; else Airflow's task state store (Airflow 3.3 and later); else nothing
    is remembered, which is said in the log.
    """
    from airflow_provider_seedance.runtime.ledger import ledger_records

    store = _own_store(context) if durable else None
    in_ledger = ledger_records(identity_of(context), store or NoRecords(), durable=durable)
    if durable and not (store or in_ledger):
        log.warning(_NO_TASK_STATE_WARNING)
    return in_ledger or store or NoRecords()


def _own_store(context: Context) -> RecordStore | None:
    """The store without a ledger; ``None`` if there is none."""
    if folder := _state_folder():
        return FileRecords(_state_file(folder, identity_of(context)))
    accessor: Any = context.get("task_state_store")
    if accessor is not None:
        return TaskStateRecords(accessor)
    return None


def recorded_generation_ids(vendor: str, account_id: str) -> list[str]:
    """The ids of an account's generations on record in ``[seedance] state_folder``, and of those in the ledger that may
    still be brought home, oldest intents first.

    Other accounts' ids are not among them: a key has no business with what another one has made.

    :raises ConfigurationError: if there is neither.
    """
    if not _state_folder() and open_ledger() is None:
        raise ConfigurationError(
            "this vendor has no list, and no [seedance] state_folder or ledger holds records",
            vendor=vendor,
            advice="Give generation_ids: they are in the tasks' logs and state.",
        )
    records = sorted(_recorded(vendor, account_id), key=lambda record: record.intended_at)
    return list(dict.fromkeys(known for record in records for known in record.all_generation_ids))


def recorded_videos(vendor: str, account_id: str) -> Iterator[StoredVideo]:
    """Where videos of an account are, by all records and journals in ``[seedance] state_folder``, and the ledger."""
    for record in _recorded(vendor, account_id):
        yield from record.videos
    if (ledger := open_ledger()) is not None:
        since = clock.utc_now(clock.SYSTEM_CLOCK) - LONGEST_LIST
        yield from map(StoredVideo.from_manifest, ledger.landed_since(since))
    if folder := _state_folder():
        for state in _states_of_batches(path_from_uri(folder)):
            yield from state.videos


def _recorded(vendor: str, account_id: str) -> Iterator[SubmissionRecord]:
    if folder := _state_folder():
        place = path_from_uri(folder)
        for record in (*_all_records(place), *_records_of_batches(place)):
            if (record.vendor, record.account_id) == (vendor, account_id):
                yield record
    if (ledger := open_ledger()) is not None:
        since = clock.utc_now(clock.SYSTEM_CLOCK) - LONGEST_RESCUE
        yield from map(SubmissionRecord.parse, ledger.records_to_rescue(vendor, account_id, since))


def _state_folder() -> str | None:
    from airflow.configuration import conf

    folder: str | None = conf.get("seedance", "state_folder", fallback=None)
    return folder


def note_video(manifest: Mapping[str, Any], *, published: bool = False) -> None:
    """Put the place of a video into the ledger, and on the record of its task where that is in ``state_folder``.

    Not being able to is no reason to fail: the video is where it is.

    :param manifest: a manifest, or a publication.
    """
    video = StoredVideo.from_manifest(manifest, published=published)
    if not published:
        _note_in_ledger(manifest)
    task = Provenance.parse(manifest["provenance"]).generated_by
    folder = _state_folder()
    if not folder or task is None:
        return
    try:
        records = FileRecords(
            _state_file(folder, TaskIdentity(task.dag_id, task.run_id, task.task_id, task.map_index))
        )
        record = records.read()
        if record is not None and video.generation_id in record.all_generation_ids:
            records.write(record.with_video(video))
    except SeedanceError as fault:
        log.warning("It is not on record that a video is in %s: %s", video.uri, fault.message)


def _note_in_ledger(manifest: Mapping[str, Any]) -> None:
    from airflow_provider_seedance.core.submission.ledger_records import without_requests

    stored = manifest if ledger_keeps_prompts() else without_requests(dict(manifest))
    try:
        if (ledger := open_ledger()) is not None:
            ledger.note_landed(stored, clock.utc_now(clock.SYSTEM_CLOCK))
    except SeedanceError as fault:
        log.warning("The ledger does not know that a video is in %s: %s", manifest["uri"], fault.message)


def _all_records(folder: StoragePath) -> Iterator[SubmissionRecord]:
    path: Any = local_path(folder) or folder
    for file in path.glob("*/*/*.json"):
        if (record := FileRecords(file).read()) is not None:
            yield record


def _states_of_batches(folder: StoragePath) -> Iterator[RowState]:
    path: Any = local_path(folder) or folder
    for journal in path.glob(f"{FOLDER_PREFIX}*"):
        yield from read_states(journal).values()


def _records_of_batches(folder: StoragePath) -> Iterator[SubmissionRecord]:
    for state in _states_of_batches(folder):
        if state.record is not None:
            yield state.record


class TaskStateRecords:
    """Airflow's task state store. It is private to the task instance and visible in the UI.

    :param accessor: ``context["task_state_store"]``.
    """

    remembers = True

    def __init__(self, accessor: Any) -> None:
        self._accessor = accessor

    def read(self) -> SubmissionRecord | None:
        try:
            stored = self._accessor.get(KEY)
        except Exception as fault:
            raise StateUnreadable(f"Airflow's task state cannot be read ({_reason(fault)})") from fault
        return None if stored is None else SubmissionRecord.parse(stored)

    def write(self, record: SubmissionRecord) -> None:
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        try:
            self._accessor.set(KEY, record.to_dict(), retention=NEVER_EXPIRE)
            # Airflow 3.3 does not report a refused write.
            stored = self._accessor.get(KEY)
        except Exception as fault:
            raise StateUnwritable(f"Airflow's task state cannot be written ({_reason(fault)})") from fault
        if stored != record.to_dict():
            raise StateUnwritable("Airflow's task state was written and does not hold what was written")


class FileRecords:
    """One small JSON file, on local disk or in an object store.

    :param target: the file.
    """

    remembers = True

    def __init__(self, target: StoragePath) -> None:
        self._target = target

    def read(self) -> SubmissionRecord | None:
        try:
            content = read_bytes(self._target)
            fields = None if content is None else json.loads(content)
        except (SeedanceError, ValueError) as fault:
            raise StateUnreadable(f"{uri_of(self._target)} cannot be read ({_reason(fault)})") from fault
        return None if content is None else SubmissionRecord.parse(fields)

    def write(self, record: SubmissionRecord) -> None:
        try:
            write_text(self._target, json.dumps(record.to_dict(), indent=2))
        except SeedanceError as fault:
            raise StateUnwritable(f"{uri_of(self._target)} cannot be written ({_reason(fault)})") from fault


def _state_file(folder: str, task: TaskIdentity) -> StoragePath:
    name = task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"
    place = "/".join(map(_path_segment, (task.dag_id, task.run_id, f"{name}.json")))
    return path_from_uri(f"{folder.rstrip('/')}/{place}")


def _path_segment(name: str) -> str:
    """One harmless segment of a path, different for different names; ``..`` would leave the folder."""
    encoded = quote(name, safe="[]")
    return encoded if encoded.strip(".") else encoded.replace(".", "%2E")


def _reason(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"

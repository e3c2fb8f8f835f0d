"""Where records live."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from airflow_provider_seedance.core.submission.record import RecordStore, SubmissionRecord, TaskIdentity
from airflow_provider_seedance.errors import StateUnreadable, StateUnwritable
from airflow_provider_seedance.runtime.task_state import KEY, FileRecords, TaskStateRecords, _state_file

RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="seedance_default",
    fingerprint="v1:a",
    intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
    max_tries=2,
)


class Accessor:
    """As Airflow's, in memory; ``deaf`` drops writes without a word, as Airflow 3.3 may."""

    def __init__(self, *, deaf: bool = False, broken: bool = False) -> None:
        self.values: dict[str, Any] = {}
        self.deaf, self.broken = deaf, broken

    def get(self, key: str, default: Any = None) -> Any:
        if self.broken:
            raise RuntimeError("API server is down")
        return self.values.get(key, default)

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        if not self.deaf:
            self.values[key] = json.loads(json.dumps(value))


@pytest.fixture(params=["task state", "file", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RecordStore:
    """Each store."""
    if request.param == "task state":
        return TaskStateRecords(Accessor())
    if request.param == "file":
        return FileRecords(tmp_path / "a" / "b.json")
    return FileRecords(UPath(f"memory://{tmp_path.name}/state/record.json"))


def test_there_is_no_record_at_first(store: RecordStore) -> None:
    """And that is certain."""
    assert store.read() is None


def test_what_is_written_is_read(store: RecordStore) -> None:
    """Also what is written over it."""
    store.write(RECORD)
    assert store.read() == RECORD
    changed = RECORD.replace(generation_id="task-unified-1")
    store.write(changed)
    assert store.read() == changed


def test_users_can_read_it() -> None:
    """One key with plain names and times."""
    accessor = Accessor()
    TaskStateRecords(accessor).write(RECORD.replace(generation_id="task-unified-1"))
    assert accessor.values[KEY]["generation_id"] == "task-unified-1"
    assert accessor.values[KEY]["intended_at"] == "2026-11-21T00:00:00Z"


def test_task_state_that_cannot_be_read_is_not_no_record() -> None:
    """Nothing may be paid then."""
    with pytest.raises(StateUnreadable, match="API server is down"):
        TaskStateRecords(Accessor(broken=True)).read()


def test_a_write_that_did_not_take_is_noticed() -> None:
    """Airflow does not report it."""
    with pytest.raises(StateUnwritable):
        TaskStateRecords(Accessor(deaf=True)).write(RECORD)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"version": 1}'])
def test_a_damaged_file_is_not_no_record(tmp_path: Path, text: str) -> None:
    """It says which file."""
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(StateUnreadable):
        FileRecords(path).read()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Before anything is paid."""
    (tmp_path / "a").write_text("a file, not a folder")
    with pytest.raises(StateUnwritable):
        FileRecords(tmp_path / "a" / "record.json").write(RECORD)


def test_a_later_versions_record_is_understood(tmp_path: Path) -> None:
    """What it adds is no reason to pay again."""
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**RECORD.to_dict(), "version": 2, "added": [1]}))
    assert FileRecords(path).read() == RECORD.replace(version=2)


@pytest.mark.parametrize(
    ("dag_id", "run_id"),
    [("..", "run"), ("dag", ".."), ("a/b", "../../run"), (".", "manual__2026-03-01T00:00")],
)
def test_no_name_leads_out_of_the_state_folder(tmp_path: Path, dag_id: str, run_id: str) -> None:
    file = _state_file(str(tmp_path / "state"), TaskIdentity(dag_id, run_id, "task", -1))
    assert Path(str(file)).resolve().is_relative_to(tmp_path / "state")
    assert len(Path(str(file)).resolve().relative_to(tmp_path / "state").parts) == 3

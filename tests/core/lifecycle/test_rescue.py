"""Rescue: what was paid for and never landed is landed, and what cannot be is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.task_state import FileRecords

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=4, resolution="480p", aspect_ratio="16:9")


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve(port=0, rate=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The emulator, empty, with a connection to each vendor that the tests use."""
    server.reset()
    server.clear_faults()
    for vendor in ("modelark", "evolink"):
        connection = {
            "conn_type": "seedance",
            "password": "sk-test-0123456789",
            "host": server.vendor_url(vendor),
            "extra": {"vendor": vendor},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_RESCUE_{vendor.upper()}", json.dumps(connection))
    return server


def outcomes(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["generation_id"]: row["outcome"] for row in rows}


def test_what_was_never_landed_is_landed(emulator: Any, tmp_path: Path) -> None:
    """Found in the vendor's list; a second run finds it present."""
    hook = SeedanceHook("rescue_modelark")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600)
    pending = hook.create_generation(REQUEST).generation_id
    destination = f"{tmp_path}/{{generation_id}}.mp4"
    rows = hook.rescue(destination)
    assert outcomes(rows) == {made: "landed", pending: "pending"}
    assert (tmp_path / f"{made}.mp4").stat().st_size > 10_000
    assert outcomes(hook.rescue(destination))[made] == "present"


def test_what_is_past_its_link_is_reported_with_its_cost(emulator: Any, tmp_path: Path) -> None:
    """A loss is never silent."""
    hook = SeedanceHook("rescue_modelark")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600 + 86_400)
    (row,) = hook.rescue(f"{tmp_path}/")
    assert (row["generation_id"], row["outcome"]) == (made, "lost")
    assert row["cost"]["currency"] == "USD"
    assert float(row["cost"]["amount"]) > 0
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_video_is_reported_with_its_reason(emulator: Any, tmp_path: Path) -> None:
    """Nothing is landed, and nothing was billed."""
    hook = SeedanceHook("rescue_modelark")
    refused = REQUEST.model_copy(update={"prompt": "[emulator:moderation] A kitten yawns"})
    made = hook.create_generation(refused).generation_id
    emulator.advance(3600)
    (row,) = hook.rescue(f"{tmp_path}/", generation_ids=[made])
    assert (row["generation_id"], row["outcome"], row["cost"]) == (made, "no_video", None)
    assert row["reason"]


def test_what_cannot_be_landed_now_is_reported(emulator: Any, tmp_path: Path) -> None:
    """Its siblings are landed all the same."""
    hook = SeedanceHook("rescue_modelark")
    first, second = (hook.create_generation(REQUEST).generation_id for _ in range(2))
    emulator.advance(3600)
    (tmp_path / first).write_text("a file where a folder is needed")
    rows = hook.rescue(f"{tmp_path}/{{generation_id}}/v.mp4", generation_ids=[first, second])
    assert outcomes(rows) == {first: "failed", second: "landed"}
    assert "NotADirectoryError" in rows[0]["reason"]


def test_what_is_older_is_left_out(emulator: Any, tmp_path: Path) -> None:
    """As far as the vendor tells when it was made."""
    hook = SeedanceHook("rescue_modelark")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600)
    created = hook.get_generation(made).created_at
    assert created
    assert hook.rescue(f"{tmp_path}/", since=created + timedelta(seconds=1)) == []
    assert outcomes(hook.rescue(f"{tmp_path}/", since=created)) == {made: "landed"}


def test_a_vendor_without_a_list_is_asked_for_what_is_on_record(
    emulator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the folder of records, and only for those of its own account: others' ids are not sent with this key."""
    hook = SeedanceHook("rescue_evolink")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600)
    state = tmp_path / "state"
    record = SubmissionRecord(
        intent_number=1,
        intent_id="sd-1-1",
        vendor="evolink",
        seedance_conn_id="rescue_evolink",
        account_id=hook.get_account().account_id,
        fingerprint="v1:a",
        intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
        max_tries=0,
        generation_id=made,
        earlier_generation_ids=("task-unified-1-forgotten",),
    )
    FileRecords(state / "dag" / "run" / "task.json").write(record)
    foreign = record.replace(account_id="another", generation_id="task-unified-1-theirs")
    FileRecords(state / "dag" / "run" / "another.json").write(foreign)
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(state))
    rows = hook.rescue(f"{tmp_path}/videos/")
    assert outcomes(rows) == {"task-unified-1-forgotten": "unknown", made: "landed"}


def test_without_list_and_records_the_ids_must_be_given(emulator: Any, tmp_path: Path) -> None:
    """And the error says where to find them."""
    with pytest.raises(ConfigurationError, match="Give generation_ids"):
        SeedanceHook("rescue_evolink").rescue(f"{tmp_path}/")


def test_an_id_that_cannot_be_read_is_a_row_of_the_report(emulator: Any, tmp_path: Path) -> None:
    """The others are landed all the same."""
    hook = SeedanceHook("rescue_evolink")
    one, other = (hook.create_generation(REQUEST).generation_id for _ in range(2))
    emulator.advance(3600)
    emulator.add_fault(on="get", kind="status", status=401, times=1)
    rows = hook.rescue(f"{tmp_path}/", generation_ids=[one, other])
    assert outcomes(rows) == {one: "failed", other: "landed"}
    assert rows[0]["reason"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "404 page not found"), (403, "<html>Access denied</html>"), (200, "<html>Log in</html>")],
)
def test_what_stands_between_says_nothing_of_a_generation(
    status: int, body: str, emulator: Any, tmp_path: Path
) -> None:
    """It is neither unknown to the vendor nor lost; a later run finds it."""
    hook = SeedanceHook("rescue_evolink")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600)
    emulator.add_fault(on="get", kind="reply", status=status, headers={}, body=body, times=None)
    assert outcomes(hook.rescue(f"{tmp_path}/", generation_ids=[made])) == {made: "failed"}
    emulator.clear_faults()
    assert outcomes(hook.rescue(f"{tmp_path}/", generation_ids=[made])) == {made: "landed"}

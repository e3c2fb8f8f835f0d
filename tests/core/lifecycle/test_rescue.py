"""Rescue: what was paid for and never landed is landed, and what cannot be is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Template

from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.paths import destination_of_row
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK
from airflow_provider_seedance.core.lifecycle.deliver import land_generation
from airflow_provider_seedance.core.submission.outcome import Ended
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest, Succeeded
from airflow_provider_seedance.runtime.object_storage import path_from_uri
from airflow_provider_seedance.runtime.task_state import FileRecords, note_video
from tests.airflow.home import EXAMPLES

BY = {"dag_id": "dag", "run_id": "run", "task_id": "generate", "map_index": -1}
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
    _connect(server, monkeypatch)
    return server


@pytest.fixture
def three_days_ago(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emulator whose clock is three days behind ours, so that a link may have died by both."""
    with serve(port=0, rate=0, start=SYSTEM_CLOCK.now() - 3 * 86_400) as emulator:
        _connect(emulator, monkeypatch)
        yield emulator


def _connect(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in ("modelark", "evolink"):
        connection = {
            "conn_type": "seedance",
            "password": "sk-test-0123456789",
            "host": server.vendor_url(vendor),
            "extra": {"vendor": vendor},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_RESCUE_{vendor.upper()}", json.dumps(connection))


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


def test_what_is_past_its_link_is_reported_with_its_cost(three_days_ago: Any, tmp_path: Path) -> None:
    """A loss is never silent."""
    hook = SeedanceHook("rescue_modelark")
    made = hook.create_generation(REQUEST).generation_id
    three_days_ago.advance(3600 + 86_400)
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


def _landed(hook: SeedanceHook, made: str, destination: str) -> dict[str, Any]:
    """What a task of ours does at the end."""
    with hook.get_conn() as client:
        generation = client.generations.get(made)
        assert isinstance(generation, Succeeded)
        return land_generation(
            client, generation, destination, path_from_uri=path_from_uri, clock=SYSTEM_CLOCK, mode="text"
        )


def example_destinations() -> list[str]:
    """Where the example DAGs land and publish, as templates of a run of theirs."""
    from tests.airflow.dag_test import dag_bag

    bag = dag_bag(EXAMPLES)
    assert not bag.import_errors
    given = [
        getattr(task, name)
        for dag in bag.dags.values()
        for task in dag.tasks
        for name in ("destination", "publish_destination")
        if isinstance(getattr(task, name, None), str)
    ]
    assert len(given) >= 10
    return sorted(set(given))


def test_nothing_that_the_examples_land_is_lost_two_days_later(emulator: Any, tmp_path: Path) -> None:
    """Wherever in the folder it is, and though each link is dead by then."""
    hook = SeedanceHook("rescue_modelark")
    params = {name: str(tmp_path) for name in ("output", "landing", "public")}
    places: dict[str, str] = {}
    for number, template in enumerate(example_destinations(), 1):
        rendered = Template(template).render(
            params=params, run_id=f"manual__{number}", ti={"map_index": number}
        )
        made = hook.create_generation(REQUEST).generation_id
        emulator.advance(3600)
        places[made] = _landed(hook, made, destination_of_row(rendered, 7, {"sku": number}))["uri"]
    emulator.advance(2 * 86_400)
    rows = hook.rescue(f"{tmp_path}/{{generation_id}}.mp4")
    assert {row["generation_id"]: row["outcome"] for row in rows} == dict.fromkeys(places, "present")
    assert {row["generation_id"]: row["uri"] for row in rows} == places


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of records."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    return tmp_path / "state"


def _record(hook: SeedanceHook, made: str) -> SubmissionRecord:
    return SubmissionRecord(
        intent_number=1,
        intent_id="sd-1-1",
        vendor=hook.get_account().vendor.name,
        seedance_conn_id=hook.seedance_conn_id,
        account_id=hook.get_account().account_id,
        fingerprint="v1:x",
        intended_at=datetime(2026, 3, 1, tzinfo=timezone.utc),
        max_tries=0,
        generation_id=made,
    )


@pytest.mark.parametrize("known_from", ["a record", "a journal"])
def test_what_is_on_record_is_not_landed_again(
    emulator: Any, tmp_path: Path, state: Path, known_from: str
) -> None:
    """Far from the template, at a vendor without a list, and when the vendor knows nothing of it any more."""
    hook = SeedanceHook("rescue_evolink")
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(3600)
    manifest = _landed(hook, made, f"{tmp_path}/far/{{generation_id}}.mp4")
    record = _record(hook, made).replace(outcome=Ended(status="succeeded"))
    if known_from == "a record":
        FileRecords(state / "dag" / "run" / "generate.json").write(record)
        note_video({**manifest, "provenance": {"generated_by": BY}})
    else:
        with open_journal(state / "seedance-batch-0123") as journal:
            outcome = RowOutcome(status="succeeded", manifest=manifest)
            journal.write(RowState(row=1, record=record, outcome=outcome))
    for days in (0, 2, 30):
        emulator.advance(days * 86_400)
        (row,) = hook.rescue(f"{tmp_path}/near/{{generation_id}}.mp4")
        assert (row["generation_id"], row["outcome"], row["uri"]) == (made, "present", manifest["uri"])


def test_what_was_landed_and_is_gone_is_lost_and_said_so(
    three_days_ago: Any, tmp_path: Path, state: Path
) -> None:
    """Somebody removed the file, and its link is dead."""
    hook = SeedanceHook("rescue_evolink")
    made = hook.create_generation(REQUEST).generation_id
    three_days_ago.advance(3600)
    manifest = _landed(hook, made, f"{tmp_path}/far/{{generation_id}}.mp4")
    FileRecords(state / "dag" / "run" / "generate.json").write(_record(hook, made))
    note_video({**manifest, "provenance": {"generated_by": BY}})
    Path(manifest["uri"]).unlink()
    three_days_ago.advance(2 * 86_400)
    (row,) = hook.rescue(f"{tmp_path}/near/{{generation_id}}.mp4")
    assert row["outcome"] == "lost"
    assert f"It was in {manifest['uri']}, and is not there any more." in row["reason"]


def test_a_constant_place_holds_one_generation(emulator: Any, tmp_path: Path) -> None:
    """What another one left there is not this one's."""
    hook = SeedanceHook("rescue_modelark")
    first, second = (hook.create_generation(REQUEST).generation_id for _ in range(2))
    emulator.advance(3600)
    _landed(hook, first, f"{tmp_path}/hero.mp4")
    rows = hook.rescue(f"{tmp_path}/hero.mp4")
    assert outcomes(rows) == {first: "present", second: "failed"}
    assert first in next(row["reason"] for row in rows if row["generation_id"] == second)

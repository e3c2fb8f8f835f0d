"""The trigger of an asset watcher: an event for each video that finishes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG, Asset, AssetWatcher
from airflow.triggers.base import BaseEventTrigger
from sqlalchemy import URL

from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.errors import LedgerUnavailable
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime import finished_videos
from airflow_provider_seedance.triggers.finished import SeedanceVideoFinishedTrigger
from tests.airflow.running import by_way_of_the_database
from tests.ledgers import intent

LONG = 20_000.0


class AssetState:
    """The store of a watched asset, which outlives a triggerer."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.fault: Exception | None = None

    async def aget(self, key: str, default: Any = None) -> Any:
        if self.fault:
            raise self.fault
        return self.values.get(key, default)

    async def aset(self, key: str, value: Any) -> None:
        self.values[key] = json.loads(json.dumps(value))


Watch = Callable[..., list[str]]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the triggerer's log says."""
    lines: list[str] = []
    monkeypatch.setattr(finished_videos, "background_writer", lambda: lambda level, text: lines.append(text))
    return lines


@pytest.fixture
def watch(passing: Any, written: list[str], connect: Any) -> Watch:
    """Runs a watcher until it has looked so many times, and tells which generations it has told."""
    connect()

    def run(state: AssetState | None = None, looks: int = 3, conn_id: str = "seedance_tested") -> list[str]:
        trigger = by_way_of_the_database(SeedanceVideoFinishedTrigger(conn_id))
        trigger.asset_state_store = state
        return [event["generation_id"] for event in asyncio.run(events_of(trigger, passing, looks))]

    return run


async def events_of(trigger: Any, passing: Any, looks: int) -> list[dict[str, Any]]:
    """Its events until the triggerer dies, which is in a pause."""
    found: list[dict[str, Any]] = []

    async def listen() -> None:
        async for event in trigger.run():
            found.append(event.payload)

    slept, asleep = 0, passing.asleep

    async def counted(seconds: float) -> None:
        nonlocal slept
        slept += 1
        if slept >= looks:
            raise asyncio.CancelledError
        await asleep(seconds)

    passing.asleep = counted
    try:
        await listen()
    except asyncio.CancelledError:
        pass
    finally:
        passing.asleep = asleep
    return found


@pytest.fixture
def buy(connect: Any) -> Callable[..., str]:
    """Buys a small video."""

    def bought(prompt: str = "A fox", vendor: str = "modelark") -> str:
        request = GenerationRequest(prompt=prompt, duration=4, resolution="480p")
        return SeedanceHook(connect(vendor)).create_generation(request).generation_id

    return bought


def test_it_is_an_event_trigger_that_survives_a_dag_file(connect: Any) -> None:
    """As Airflow stores the watcher of an asset."""
    from airflow.serialization.encoders import encode_trigger

    trigger = SeedanceVideoFinishedTrigger("seedance_studio", poll_interval=60)
    asset = Asset("seedance_videos", watchers=[AssetWatcher(name="finished", trigger=trigger)])
    DAG("on_video", schedule=[asset])
    encoded = json.loads(json.dumps(encode_trigger(asset.watchers[0].trigger)))
    assert encoded == {
        "classpath": "airflow_provider_seedance.triggers.finished.SeedanceVideoFinishedTrigger",
        "kwargs": {"seedance_conn_id": "seedance_studio", "poll_interval": 60},
    }
    made = SeedanceVideoFinishedTrigger(**encoded["kwargs"])
    assert isinstance(made, BaseEventTrigger)
    assert made.serialize() == trigger.serialize()


@pytest.mark.parametrize("interval", [0, 4.9, -1, float("nan"), float("inf")])
def test_it_does_not_hammer_the_vendor(interval: float) -> None:
    """Nor sleep for ever."""
    with pytest.raises(ValueError, match="5 seconds or more"):
        SeedanceVideoFinishedTrigger(poll_interval=interval)


def test_each_video_of_the_account_is_told_once(buy: Any, watch: Watch, emulator: Any) -> None:
    """From the vendor's list; those that finished before the watcher began are not, and failures never are."""
    buy("An old one")
    emulator.advance(LONG)
    state = AssetState()
    assert watch(state) == []
    fresh = [buy(), buy("[emulator:moderation] A hare"), buy("A cat")]
    emulator.advance(LONG)
    assert sorted(watch(state)) == sorted([fresh[0], fresh[2]])
    assert watch(state) == []


def test_what_finishes_while_no_triggerer_runs_is_told(
    buy: Any, watch: Watch, emulator: Any, passing: Any
) -> None:
    """The place is kept with the asset; what a dying triggerer has just told is told again."""
    state = AssetState()
    watch(state)
    one = buy()
    passing.moment += LONG
    emulator.advance(LONG)
    assert watch(state, looks=1) == [one]
    assert watch(state, looks=3) == [one]
    assert watch(state, looks=3) == []
    assert watch(None) == []


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    made = Ledger.open(make_engine(URL.create("sqlite", database=str(tmp_path / "ledger.db"))))
    monkeypatch.setattr(finished_videos, "open_ledger", lambda: made)
    yield made
    made.engine.dispose()


def test_with_a_ledger_each_vendor_has_a_source(ledger: Ledger, watch: Watch, passing: Any) -> None:
    """Of this connection alone, and of videos alone."""
    state = AssetState()
    assert watch(state, conn_id="seedance_any") == []
    now = datetime.fromtimestamp(passing.moment, timezone.utc) + timedelta(seconds=1)
    for number, (conn_id, status) in enumerate(
        [("seedance_any", "succeeded"), ("seedance_any", "failed"), ("other", "succeeded")], start=1
    ):
        ledger.insert(intent(f"t{number}", vendor="evolink", seedance_conn_id=conn_id))
        ended = Progress(status, {}, generation_id=f"g-{number}", settlement=Settlement.free())
        ledger.progress(number, replace(ended), now)
    passing.moment += 5
    assert watch(state, conn_id="seedance_any") == ["g-1"]


def test_without_ledger_and_list_the_log_says_what_is_missing(
    connect: Any, watch: Watch, written: list[str]
) -> None:
    """Once, and the watcher goes on: Airflow would start one that fails anew each second."""
    connect("evolink")
    assert watch(looks=4) == []
    (line,) = written
    assert "evolink has no list of generations, and there is no ledger" in line
    assert "[seedance] ledger_conn_id" in line


@pytest.mark.parametrize("trouble", ["state", "ledger", "vendor"])
def test_trouble_is_told_once_and_loses_nothing(
    trouble: str, buy: Any, watch: Watch, written: list[str], emulator: Any, passing: Any, monkeypatch: Any
) -> None:
    """Of Airflow's store, of the ledger, and of the vendor."""
    state = AssetState()
    watch(state)
    one = buy()
    passing.moment += LONG
    emulator.advance(LONG)

    def fail() -> None:
        raise LedgerUnavailable("the ledger is not reachable")

    with monkeypatch.context() as patch:
        if trouble == "state":
            state.fault = RuntimeError("API server")
        elif trouble == "ledger":
            patch.setattr(finished_videos, "open_ledger", fail)
        else:
            emulator.add_fault(vendor="modelark", on="list", kind="status", status=403, times=None)
        assert watch(state, looks=6) == []
    assert len(written) == 1
    state.fault = None
    emulator.clear_faults()
    assert watch(state) == [one]


def test_assets_that_share_a_watcher_are_told_of_and_warned(
    buy: Any, watch: Watch, written: list[str], emulator: Any
) -> None:
    """Airflow runs one trigger for equal watchers, and has no one store for it then."""
    state = AssetState()
    state.fault = ValueError("2 assets")
    buy()
    assert watch(state) == []
    assert "share an equal watcher" in written[0]
    assert state.values == {}

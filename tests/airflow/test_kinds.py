"""The kinds of DAG that teams write, each run whole; the others are among the examples and in the real stack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from tests.airflow.film import frames_of, measured
from tests.airflow.fixtures import Time
from tests.airflow.home import XCOMS

CONN = "seedance_modelark"


@pytest.fixture
def ran(run_dag, tmp_path):
    """Runs a DAG through one vendor to success, and gives what its tasks returned."""

    def run(dag_id: str, **conf):
        outcome = run_dag(dag_id, seedance_conn_id=CONN, output=str(tmp_path), **conf)
        assert outcome.state == "success", outcome.states
        return outcome

    return run


def test_taskflow_and_mapping(ran, tmp_path) -> None:
    """Functions give the prompts, and take the results, as plain values."""
    outcome = ran("tested_taskflow")
    total = outcome.returned["total"]
    ids = [Path(file).stem for file in total["files"]]
    assert outcome.returned["by_key"] == [ids, [None, None], outcome.returned["poster"]["width"]]
    assert total["vendor"] == "modelark"
    assert {Path(file) for file in total["files"]} == set(tmp_path.glob("*.mp4"))
    assert len(total["files"]) == 2


def test_native_rendering(ran, hurried_emulator, tmp_path) -> None:
    """Templates give numbers, booleans and dicts."""
    result = ran("tested_native").returned["generate"]
    assert (result["duration"], result["seed"]) == (4, 42)
    (landed,) = tmp_path.glob("*.mp4")
    assert measured(landed).sound


@pytest.mark.parametrize(("wanted", "skipped", "seconds"), [("short", "long", 4), ("long", "short", 8)])
def test_groups_and_branches(wanted, skipped, seconds, ran, hurried_emulator, tmp_path) -> None:
    """What is skipped costs nothing."""
    outcome = ran("tested_groups", wanted=wanted)
    assert outcome.states[f"{skipped}.generate"] == "skipped"
    assert outcome.returned["report"] == [outcome.returned[f"{wanted}.generate"]["generation_id"]]
    assert hurried_emulator.ledger()["creates_received"] == 1
    (landed,) = tmp_path.glob("*.mp4")
    assert measured(landed).frames == frames_of(seconds)


def test_another_systems_generation(ran, hurried_emulator, tmp_path) -> None:
    """It is waited for and landed, and nothing is bought."""
    request = GenerationRequest(prompt="A fox", duration=4, resolution="480p")
    bought = SeedanceHook(CONN).create_generation(request).generation_id
    result = ran("tested_adopted", generation_id=bought).returned["generate"]
    assert result["generation_id"] == bought
    assert (tmp_path / f"{bought}.mp4").exists()
    assert hurried_emulator.ledger()["creates_received"] == 1


def test_default_args(ran, tmp_path) -> None:
    """Each operator takes those that it knows."""
    outcome = ran("tested_default_args")
    assert outcome.returned["publish"]["uri"] == str(tmp_path / "public.mp4")


@pytest.fixture
def xcoms_in_files(dags, monkeypatch):
    """An XCom backend of the team's own: Airflow's database has the names of files."""
    from airflow.providers.common.io.xcom import backend

    monkeypatch.setattr(backend, "_get_threshold", lambda: 0)


def test_a_custom_xcom_backend(xcoms_in_files, ran, tmp_path) -> None:
    """Results go through it from task to task."""
    outcome = ran("tested_default_args")
    assert outcome.returned["publish"].startswith(XCOMS.as_uri())
    assert (tmp_path / "public.mp4").exists()


def test_an_object_store(bucket, ran) -> None:
    """Rows, results, landed and published files lie in it; URIs name the connection, assets do not."""
    bucket.put("in/rows.csv", b"prompt\nA fox\nAn otter\n")
    outcome = ran("tested_object_store")
    summary, record = outcome.returned["batch"], outcome.returned["publish"]
    assert summary["counts"]["succeeded"] == 2
    lines = bucket.read(summary["results"]).splitlines()
    assert all(len(bucket.read(json.loads(line)["uri"])) > 1_000 for line in lines)
    assert record["uri"].startswith("s3://minio@bucket/发布/")
    assert len(bucket.read(record["uri"])) == record["bytes"]


def test_worker_mode(ran, hurried_emulator, monkeypatch, tmp_path) -> None:
    """Nothing is deferred: it is waited for in the worker."""
    time = Time(hurried_emulator)
    monkeypatch.setattr(clock, "SYSTEM_CLOCK", time)
    outcome = ran("tested_worker_mode")
    assert time.pauses
    assert outcome.returned["batch"]["counts"]["succeeded"] == 2
    assert len(list(tmp_path.glob("*.mp4"))) == 3
    assert hurried_emulator.ledger()["creates_received"] == 3

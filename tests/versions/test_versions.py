"""What each supported Airflow must do; ``make test-all`` runs it on all of them."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from pathlib import Path

import pytest

import airflow_provider_seedance
from dev.airflow_features import FEATURES, Feature
from dev.versions import PAGE, VERSIONS, told

AIRFLOW = ".".join(version("apache-airflow-core").split(".")[:2])
PACKAGE = Path(airflow_provider_seedance.__file__).parent
ROOMS = ("decorators", "hooks", "operators", "plugins", "sensors", "triggers")
MODULES = ["notifications", "task_groups", *(f"{room}.{file.stem}" for room in ROOMS
           for file in sorted((PACKAGE / room).glob("[!_]*.py")))]  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_the_docs_tell_what_this_airflow_has(feature: Feature) -> None:
    """The table of ``versions.md`` is what is found out here."""
    assert told(PAGE.read_text("utf-8"), AIRFLOW)[feature.name] == feature.is_present()


def test_the_airflow_is_one_of_the_supported() -> None:
    """A newer one gets a line of its own in dev/versions.py, and is then tried by everybody."""
    assert AIRFLOW in {entry.airflow.rpartition(".")[0] for entry in VERSIONS}


def test_airflow_finds_the_provider() -> None:
    """Under its name, with a connection type that leads to the hook."""
    from airflow.providers_manager import ProvidersManager

    found = ProvidersManager()
    assert found.providers["airflow-provider-seedance"].data["name"] == "Seedance"
    assert "seedance" in found.hooks


@pytest.mark.parametrize("module", MODULES)
def test_what_dags_import_is_there(module: str) -> None:
    """On each Airflow."""
    assert importlib.import_module(f"airflow_provider_seedance.{module}")


def test_the_retry_policy_is_there_or_says_what_it_needs() -> None:
    """An import that fails names the version, and what to do on an older one."""
    name = "airflow_provider_seedance.policies.retry"
    if told(PAGE.read_text("utf-8"), AIRFLOW)["`SeedanceRetryPolicy`"]:
        assert importlib.import_module(name).SeedanceRetryPolicy
    else:
        with pytest.raises(ImportError, match=r"Airflow 3\.3 or later; before that, set retries"):
            importlib.import_module(name)


def test_a_whole_run(run_dag, tmp_path) -> None:
    """From a request over a deferral and a landing to a published video."""
    outcome = run_dag(
        "seedance_full_pipeline", landing=str(tmp_path / "landing"), public=str(tmp_path / "public")
    )
    assert set(outcome.states.values()) == {"success"}
    assert Path(outcome.returned["publish"]["uri"]).stat().st_size > 0


def test_a_run_through_a_second_connection(run_dag, hurried_emulator, tmp_path, monkeypatch) -> None:
    """With a state folder, which is what each Airflow without a task state store is to have."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__STATE_FOLDER", str(tmp_path / "state"))
    hurried_emulator.add_fault(vendor="modelark", on="create", kind="status", status=403, times=None)
    outcome = run_dag("seedance_second_chance", output=str(tmp_path))
    assert outcome.returned["generate"]["vendor"] == "evolink"


@pytest.mark.parametrize("entry", VERSIONS, ids=lambda entry: entry.name)
def test_pins_have_no_addresses(entry) -> None:
    """Only names, versions and markers; and the Airflow is the one that is meant."""
    lines = Path(entry.constraints).read_text("utf-8").splitlines()
    assert f"apache-airflow=={entry.airflow}" in lines
    assert not [line for line in lines if "/" in line or "==" not in line or line.startswith("-")]

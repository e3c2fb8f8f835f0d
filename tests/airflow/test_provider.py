"""What Airflow learns about the package: the connection type, its form, and where the classes are."""

from __future__ import annotations

import importlib
import json
from importlib.metadata import distribution
from pathlib import Path

import airflow
import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from airflow_provider_seedance.core.catalog.names import vendor_names
from airflow_provider_seedance.get_provider_info import get_provider_info
from airflow_provider_seedance.hooks.seedance import SeedanceHook


@pytest.fixture(scope="module")
def form():
    """The connection form as the API serves it to Airflow's web UI."""
    from airflow.api_fastapi.core_api.services.ui.connections import HookMetaService

    served = {meta.connection_type: meta for meta in HookMetaService.hook_meta_data()}
    return served["seedance"]


def test_it_fits_airflows_schema() -> None:
    """The one that this version of Airflow checks it against."""
    schema = json.loads(Path(airflow.__file__).with_name("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_airflow_finds_the_package() -> None:
    """Under the name of the distribution, or no provider would be found at all."""
    found = ProvidersManager().providers["airflow-provider-seedance"]
    assert found.version == distribution("airflow-provider-seedance").version
    assert found.data["name"] == "Seedance"


def test_the_connection_type_leads_to_the_hook() -> None:
    """Hook and metadata say the same."""
    hook = ProvidersManagerTaskRuntime().hooks["seedance"]
    assert hook.hook_class_name == f"{SeedanceHook.__module__}.{SeedanceHook.__name__}"
    assert hook.connection_id_attribute_name == SeedanceHook.conn_name_attr
    assert hook.hook_name == SeedanceHook.hook_name
    assert hook.connection_testable


def test_the_decorator_is_registered() -> None:
    """As ``@task.seedance``."""
    from airflow_provider_seedance.decorators.generate import seedance_task

    assert ProvidersManagerTaskRuntime().taskflow_decorators["seedance"] is seedance_task


def test_every_module_that_is_named_exists() -> None:
    """A misspelt name would show in the UI only."""
    info = get_provider_info()
    for section in ("hooks", "operators", "sensors", "triggers"):
        for entry in info.get(section, ()):
            for module in entry["python-modules"]:
                importlib.import_module(module)


def test_the_form_offers_the_vendors_of_the_catalog(form) -> None:
    """As a choice, so that nobody has to spell one."""
    assert sorted(form.extra_fields["vendor"]["schema"]["enum"]) == list(vendor_names())


def test_the_form_names_its_fields_in_our_words(form) -> None:
    """What the type does not use is hidden."""
    fields = form.standard_fields
    assert fields.password.title == "API key"
    assert fields.host.title == "Base URL"
    assert fields.login.hidden
    assert fields.port.hidden
    assert fields.url_schema.hidden


def test_each_further_field_is_described(form) -> None:
    """With a word on what it is; none is red before anything is typed, and none offers a null."""
    for name, field in form.extra_fields.items():
        assert field["description"], name
        assert "null" in field["schema"]["type"], name
        assert None not in field["schema"].get("enum", []), name
    assert "Required" in form.extra_fields["vendor"]["description"]


def test_the_fields_are_grouped(form) -> None:
    """The account first, and what few need last."""
    groups = list(dict.fromkeys(field["schema"]["section"] for field in form.extra_fields.values()))
    assert groups[0] == "Account"
    assert len(groups) == 5


def test_each_option_of_the_configuration_can_be_read() -> None:
    """With its default, without any import of ours."""
    from airflow.configuration import conf

    for name, option in get_provider_info()["config"]["seedance"]["options"].items():
        assert conf.get("seedance", name) == option["default"]

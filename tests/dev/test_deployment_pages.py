"""Manifests and settings on the pages name what this package, its commands and Airflow have."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.emulator.__main__ import parser
from airflow_provider_seedance.get_provider_info import get_provider_info
from dev.versions import VERSIONS
from tests.dev.test_docs import BLOCKS, PAGES, PROJECT, Block, named, of

PAGE = (PROJECT / "docs" / "celery-kubernetes.md").read_text("utf-8")
YAML = [block for block in BLOCKS if block.language == "yaml"]
EMULATOR = ["python", "-m", "airflow_provider_seedance.emulator"]


@cache
def option_names() -> dict[str, set[str]]:
    """Section -> options, of Airflow itself and of this package; read from its file, without importing Airflow."""
    spec = find_spec("airflow")
    (folder,) = (spec and spec.submodule_search_locations) or ()
    file = Path(folder, "config_templates", "config.yml")
    sections = {**yaml.safe_load(file.read_text("utf-8")), **get_provider_info()["config"]}
    return {section: set(found["options"]) for section, found in sections.items()}


def manifest(file: str) -> Any:
    (found,) = [yaml.safe_load(block.text) for block in YAML if block.file == file]
    return found


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_options_exist(page: Path) -> None:
    """Every ``AIRFLOW__SECTION__OPTION`` and ``[section] option`` of a page; sections of other providers apart."""
    text, options = page.read_text("utf-8"), option_names()
    found = re.findall(r"AIRFLOW__([A-Z_]+?)__([A-Z0-9_]+?)(?:_CMD|_SECRET(?==))?\b", text)
    found += re.findall(r"`\[(\w+)\] (\w+)", text)
    assert [
        (section, option)
        for section, option in ((section.lower(), option.lower()) for section, option in found)
        if section in options and option not in options[section]
    ] == []


@pytest.mark.parametrize("block", named(YAML))
def test_yaml_is_yaml(block: Block) -> None:
    """Every YAML block can be pasted."""
    assert yaml.safe_load(block.text)


def test_the_pod_runs_tasks() -> None:
    """Its first container has the name that the executor looks for, and room for the largest video."""
    spec = manifest("large.yaml")["spec"]
    (container,) = spec["containers"]
    assert container["name"] == "base"
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in spec["volumes"]
    }
    largest = int(get_provider_info()["config"]["seedance"]["options"]["max_video_bytes"]["default"])
    assert int(spec["volumes"][0]["emptyDir"]["sizeLimit"].removesuffix("Gi")) << 30 > largest


def emulator_commands() -> list[list[str]]:
    """Every command line of the emulator in the manifests and shell blocks of all pages."""
    service = manifest("compose.yaml")["services"]["seedance-emulator"]
    (container,) = manifest("emulator.yaml")["spec"]["containers"]
    probe = container["readinessProbe"]["exec"]["command"]
    shown = [service["command"], service["healthcheck"]["test"][1:], container["command"], probe]
    lines = [
        line for block in BLOCKS if block.language in ("sh", "shell") for line in block.text.splitlines()
    ]
    return shown + [words for line in lines if (words := line.split())[:3] == EMULATOR]


@pytest.mark.parametrize(
    "command", [pytest.param(command, id=" ".join(command[3:])) for command in emulator_commands()]
)
def test_the_emulator_takes_its_arguments(command: list[str]) -> None:
    """As its own command line reads them."""
    assert command[:3] == EMULATOR
    parser().parse_args([word for word in command[3:] if word != "&"])


@pytest.mark.parametrize("vendor", ["modelark", "evolink", "anyfast", "toapis"])
def test_hosts_are_the_vendors(vendor: str) -> None:
    """A firewall that lets these through lets every call through."""
    (row,) = re.findall(rf"^\| `{vendor}` \| (.*) \|$", PAGE, re.MULTILINE)
    services = load_vendor(vendor).services
    hosts = {urlsplit(url).hostname for service in services for url in service.base_urls.values()}
    assert {name for name in re.findall(r"`([\w.-]+)`", row) if "." in name} == hosts


def test_images_install_extras_that_there_are() -> None:
    """Wherever a page installs this package with extras."""
    extras = metadata("airflow-provider-seedance").get_all("Provides-Extra") or []
    shown = re.findall(
        r"airflow-provider-seedance\[([\w,]+)\]", "".join(page.read_text("utf-8") for page in PAGES)
    )
    assert shown
    assert {extra for group in shown for extra in group.split(",")} <= set(extras)


def test_the_image_is_of_a_supported_airflow() -> None:
    """It is one that the suite runs on."""
    (block,) = of("celery-kubernetes.md", "dockerfile")
    assert block.text.split()[1].removeprefix("apache/airflow:") in {version.airflow for version in VERSIONS}

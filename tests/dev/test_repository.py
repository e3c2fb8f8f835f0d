"""The repository's own files: workflows call make, and pins agree."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.package import PackageError, check_tag, missing_from, strangers

PROJECT = Path(__file__).resolve().parents[2]
YAML_FILES = [*PROJECT.glob(".github/**/*.yml"), PROJECT / ".pre-commit-config.yaml"]
WORKFLOWS = sorted(PROJECT.glob(".github/workflows/*.yml"))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_it_is_yaml(path: Path) -> None:
    """Each file can be read."""
    assert _read(path)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_make(path: Path) -> None:
    """What they run is a target that everybody can run."""
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    called = re.findall(r"run: .*\bmake ((?:[a-z-]+ ?)+)", path.read_text("utf-8"))
    assert called
    assert {target for line in called for target in line.split()} <= targets


def test_hooks_use_the_pinned_versions() -> None:
    """Before a commit and in CI, the same version judges."""
    pins = "\n".join((PROJECT / name).read_text() for name in ("constraints.txt", "constraints/docs.txt"))
    (local,) = _read(PROJECT / ".pre-commit-config.yaml")["repos"]
    used = {pin for hook in local["hooks"] for pin in hook.get("additional_dependencies", ())}
    assert used
    assert used <= set(pins.splitlines())


@pytest.mark.parametrize(
    ("tag", "heading", "wrong"),
    [
        ("v1.2.3", "## [1.2.3] - 2026-12-01", None),
        ("v1.2.4", "## [1.2.3] - 2026-12-01", "the tag is v1.2.4"),
        ("v1.2.3", "## [1.2.3] - unreleased", "CHANGELOG"),
        ("1.2.3", "## [1.2.3] - 2026-12-01", "the tag is 1.2.3"),
    ],
)
def test_a_release_is_what_its_tag_says(tag: str, heading: str, wrong: str | None) -> None:
    """Tag, package and changelog agree before anything is published."""
    if wrong is None:
        return check_tag(tag, "1.2.3", heading)
    with pytest.raises(PackageError, match=wrong):
        check_tag(tag, "1.2.3", heading)


def test_a_wheel_has_no_strangers() -> None:
    """Only the package and what describes it."""
    good = ["airflow_provider_seedance/models.py", "airflow_provider_seedance-0.1.0.dist-info/METADATA"]
    bad = ["tests/test_main.py", "airflow_provider_seedance/.env", "dev/demo.py"]
    assert strangers([*good, *bad]) == bad


def test_what_airflow_must_show_is_looked_for() -> None:
    """Names and values, in Airflow's YAML."""
    shown = "package_name: x\nversion: 0.1.0\nconnection-type: seedance\n"
    assert missing_from(shown, {"version": "0.1.0", "connection-type": "other"}) == ["connection-type: other"]

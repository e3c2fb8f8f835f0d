"""A vendor that another distribution registers: found, used, and named when it is broken, without an edit here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator import serve

ROOT = Path(__file__).parents[3]
BUILT_IN = ("anyfast", "evolink", "modelark", "toapis")
OUTSIDE = Path(__file__).parent / "outside"


def install(folder: Path, name: str, module: str) -> None:
    """What ``pip install`` leaves of a distribution that registers a vendor."""
    metadata = folder / f"{name}_vendor-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-vendor\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[airflow_provider_seedance.vendors]\n{name} = {module}\n")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python, with the distributions in ``folder`` installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder in which the vendor ``wonka`` is installed."""
    folder = tmp_path / "site"
    install(folder, "wonka", "wonka_vendor")
    shutil.copytree(OUTSIDE / "wonka_vendor", folder / "wonka_vendor")
    return folder


def test_a_fifth_vendor_makes_a_video(site: Path, tmp_path: Path) -> None:
    """A connection names it; the operators generate, land and publish, by its dialect and its own catalog."""
    with serve(rate=300) as emulator:
        ended = run(
            site, "-m", "tests.core.vendors.outside.film", emulator.vendor_url("evolink"), str(tmp_path)
        )
        assert ended.returncode == 0, ended.stderr
        assert emulator.ledger()["creates_received"] == 1
    told = json.loads(ended.stdout.splitlines()[-1])
    assert (told["video"]["vendor"], told["video"]["status"]) == ("wonka", "succeeded")
    assert told["video"]["cost"] == {"amount": "0.4", "currency": "USD", "basis": "estimated"}
    assert told["video"]["manifest"]["mismatches"] == []
    assert (tmp_path / "published.mp4").read_bytes() == (tmp_path / "landed.mp4").read_bytes()


def test_it_stands_in_every_list_of_vendors(site: Path) -> None:
    """In refusals, and in the connection form."""
    code = (
        "from airflow_provider_seedance.core.catalog import Catalog, vendor_names\n"
        "from airflow_provider_seedance.get_provider_info import get_provider_info\n"
        "fields = get_provider_info()['connection-types'][0]['conn-fields']\n"
        "print(*vendor_names(), *fields['vendor']['schema']['enum'])\n"
    )
    ended = run(site, "-c", code)
    assert ended.stdout.split() == [*BUILT_IN, "wonka", "modelark", "evolink", "anyfast", "toapis", "wonka"]


BROKEN = {
    "no_such_module": "ModuleNotFoundError",
    "json": "has no attribute 'VENDOR'",
    "other_vendor": "not a Vendor",
    "airflow_provider_seedance.core.vendors.evolink": "VENDOR is called 'evolink'",
}


@pytest.mark.parametrize("module", BROKEN)
def test_a_broken_one_is_named(module: str, tmp_path: Path) -> None:
    """With its entry point, its distribution and the reason; the vendors of this package work all the same."""
    install(tmp_path, "broken", module)
    (tmp_path / "other_vendor.py").write_text("VENDOR = 'nothing of the kind'\n")
    code = (
        "from airflow_provider_seedance.core.client.account import Account\n"
        "from airflow_provider_seedance.models import GenerationRequest\n"
        "catalog = Account.create(vendor='evolink', api_key='k').catalog()\n"
        "catalog.prepare(GenerationRequest(prompt='x', model='unknown-to-all'))\n"
        "Account.create(vendor='broken', api_key='k')\n"
    )
    ended = run(tmp_path, "-c", code)
    assert "ConfigurationError: vendor 'broken' cannot be used" in ended.stderr
    assert (
        f"broken = {module} in the group airflow_provider_seedance.vendors of broken-vendor" in ended.stderr
    )
    assert BROKEN[module] in ended.stderr


def test_a_vendor_of_this_package_cannot_be_replaced(tmp_path: Path) -> None:
    """Its key would go to another host."""
    install(tmp_path, "evolink", "no_such_module")
    code = "from airflow_provider_seedance.core.vendors import load_vendor; print(load_vendor('evolink').regions)"
    assert run(tmp_path, "-c", code).stdout.strip() == "('global',)"

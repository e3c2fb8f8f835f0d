"""Builds the distribution as a release does, and checks it: ``make package``.

Two builds must be the same to the byte. What is built is installed into an environment of its own, beside the pinned
Airflow, where pip and Airflow must find nothing amiss. The software bill of materials is that of this environment.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DIST = PROJECT / "dist"
SCRATCH = PROJECT / "build" / "package"
NAME = "airflow-provider-seedance"
#: What a wheel may consist of, beside Python: the catalog, and what a browser is served.
SHIPPED = (".py", ".json", "py.typed", ".html", ".css", ".js", ".svg")


class PackageError(Exception):
    """What is built must not be released."""


def run(*command: str | Path, **environment: str) -> str:
    """What the command prints; :raises PackageError: with all of it, if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"{' '.join(map(str, command[:4]))} failed:\n{done.stdout}")
    return done.stdout


def build(folder: Path, epoch: str) -> dict[str, str]:
    """Build sdist and wheel into the folder; the hash of each, by file name."""
    run(sys.executable, "-m", "build", "--outdir", folder, PROJECT, SOURCE_DATE_EPOCH=epoch)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def version() -> str:
    """The version that the package tells."""
    text = (PROJECT / "airflow_provider_seedance" / "__init__.py").read_text("utf-8")
    found: str = re.findall(r'__version__ = "(.+)"', text)[0]
    return found


def check_tag(tag: str, version: str, changelog: str) -> None:
    """:raises PackageError: unless the tag is that of the version, and the changelog has its day."""
    if tag != f"v{version}":
        raise PackageError(f"the tag is {tag}, and the package's version {version}")
    if not re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        raise PackageError(f"CHANGELOG.md has no heading '## [{version}] - YYYY-MM-DD'")


def strangers(files: Iterable[str]) -> list[str]:
    """Files of a wheel that it should not have."""
    return [
        name
        for name in files
        if not re.match(r"airflow_provider_seedance-[^/]+\.dist-info/", name)
        and not (name.startswith("airflow_provider_seedance/") and name.endswith(SHIPPED))
    ]


def check_contents(wheel: Path, sdist: Path) -> None:
    """:raises PackageError: if something is in the wheel that does not belong there, or the licence is missing."""
    files = zipfile.ZipFile(wheel).namelist()
    if found := strangers(files):
        raise PackageError(f"the wheel has {', '.join(found)}")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    if "LICENSE" not in names or not any(name.endswith("licenses/LICENSE") for name in files):
        raise PackageError("LICENSE is missing")


def install(version: str) -> Path:
    """The Python of a new environment with what was built, as a user would install it beside the pinned Airflow."""
    folder = SCRATCH / "installed"
    run(sys.executable, "-m", "venv", "--clear", folder)
    python = folder / "bin" / "python"
    run(
        *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *("--find-links", DIST, "--constraint", PROJECT / "constraints.txt", f"{NAME}[all]=={version}"),
    )
    return python


def check_installed(python: Path) -> None:
    """:raises PackageError: if a requirement is not met, or Airflow does not show the provider."""
    run(python, "-m", "pip", "check")
    home = {
        "AIRFLOW_HOME": str(SCRATCH / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "COLUMNS": "200",
    }
    shown = run(python, "-m", "airflow", "providers", "get", NAME, "--full", "--output", "yaml", **home)
    missing = missing_from(shown, {"connection-type": "seedance", "name": "Seedance"})
    if missing:
        raise PackageError(f"airflow providers get does not show {missing}:\n{shown}")


def missing_from(shown: str, wanted: Mapping[str, str]) -> list[str]:
    """What the text does not tell of ``name: value``."""
    return [
        f"{name}: {value}"
        for name, value in wanted.items()
        if not re.search(rf"\b{name}['\"]?: ['\"]?{re.escape(value)}\b", shown)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="", help="the tag that is released, such as v0.1.0")
    options = parser.parse_args()
    try:
        package(options.tag)
    except PackageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def package(tag: str) -> None:
    """Build and check; :raises PackageError: with what is wrong."""
    number = version()
    if tag:
        check_tag(tag, number, (PROJECT / "CHANGELOG.md").read_text("utf-8"))
    for folder in (DIST, SCRATCH):
        run("rm", "-rf", folder)
    epoch = run("git", "log", "-1", "--format=%ct").strip()
    built, again = build(DIST, epoch), build(SCRATCH / "again", epoch)
    if built != again:
        raise PackageError(f"two builds differ: {built} and {again}")
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    check_contents(wheel, sdist)
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    python = install(number)
    check_installed(python)
    bill = DIST / f"{NAME}-{number}.cdx.json"
    run(sys.executable, "-m", "cyclonedx_py", "environment", python, "--output-file", bill)
    for name, digest in built.items():
        print(f"{digest}  {name}")
    print(
        f"Built twice alike, installed, found by Airflow; the bill of materials is {bill.relative_to(PROJECT)}."
    )


if __name__ == "__main__":
    sys.exit(main())

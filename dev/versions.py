"""Runs what concerns Airflow on each supported version of it: ``make test-all``.

Each pair of an Airflow and a Python has an environment in ``build/versions``, with the pins of ``constraints/``: what
that Airflow ran with at its release. ``lowest`` has our own requirements in their oldest versions. What each Airflow
has makes the table in ``docs/versions.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dev.airflow_features import FEATURES
from dev.generated import with_generated

PROJECT = Path(__file__).resolve().parent.parent
PAGE = PROJECT / "docs" / "versions.md"
COMMAND = "make test-all"
#: What of the suite is run: the rest does not import Airflow, or looks into its newest version.
PART = ("tests/versions", "tests/examples/test_parse.py")
PYTHONS = ("python3.10", "python3.13")


@dataclass(frozen=True)
class Version:
    """A supported Airflow at its newest patch, and the day of its release; ``lowest``: with our oldest requirements."""

    name: str
    airflow: str
    released: str
    lowest: bool = False

    @property
    def constraints(self) -> Path:
        """The pins, which hold for each supported Python."""
        return PROJECT / "constraints" / f"{self.name}.txt"


VERSIONS = (
    Version("airflow-3.1", "3.1.8", "2026-03-11"),
    Version("airflow-3.2", "3.2.2", "2026-05-29"),
    Version("airflow-3.3", "3.3.2", "2026-09-17"),
    Version("lowest", "3.1.8", "2026-03-11", lowest=True),
)


@dataclass(frozen=True)
class Outcome:
    """What became of one environment."""

    version: Version
    python: str
    summary: str
    passed: bool
    features: Mapping[str, bool]

    def line(self) -> str:
        """What is told about it."""
        name, python = self.version.name, Path(self.python).name
        return f"{name:12} Airflow {self.version.airflow}  {python:11} {self.summary}"


def pairs(names: Sequence[str], pythons: Sequence[str]) -> list[tuple[Version, str]]:
    """What is run: each version on each Python, and the lowest versions on the first one alone."""
    return [
        (version, python)
        for version in VERSIONS
        if version.name in names
        for python in (pythons[:1] if version.lowest else pythons)
    ]


def number_of(python: str) -> str:
    """The number of a Python, such as ``3.10``.

    :raises SystemExit: if it does not start.
    """
    try:
        return _run(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    except (OSError, subprocess.CalledProcessError):
        sys.exit(f"{python} does not start; name Pythons of this machine with PYTHONS='...', paths too.")


def environment(version: Version, python: str) -> Path:
    """The Python of the environment, which is made unless it has these pins already."""
    number = number_of(python)
    folder = PROJECT / "build" / "versions" / f"{version.name}-py{number}"
    inside, mark = folder / "bin" / "python", folder / "installed.txt"
    pins = version.constraints.read_text("utf-8")
    if not mark.exists() or mark.read_text("utf-8") != pins:
        _run(python, "-m", "venv", "--clear", str(folder))
        pip = (str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _run(*pip, "--requirement", str(version.constraints))
        _run(*pip, "--no-deps", "--editable", str(PROJECT))
        mark.write_text(pins, "utf-8")
    return inside


def check(version: Version, python: str) -> Outcome:
    """Run the part of the suite in the environment of that pair."""
    inside = str(environment(version, python))
    features = json.loads(_run(inside, "-m", "dev.airflow_features").splitlines()[-1])
    done = subprocess.run(
        [inside, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PART],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(done.stdout, file=sys.stderr)
    return Outcome(version, python, done.stdout.splitlines()[-1].strip("= "), done.returncode == 0, features)


def _run(*command: str) -> str:
    done = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ)
    )
    return done.stdout


def table(found: Mapping[str, Mapping[str, bool]]) -> str:
    """The features as a Markdown table, with a column for each Airflow that was asked, by its name."""
    names = sorted(found)
    lines = ["| | " + " | ".join(names) + " | without it |", "|---" * (len(names) + 2) + "|"]
    for feature in FEATURES:
        cells = ["yes" if found[name][feature.name] else "no" for name in names]
        lines.append(f"| {feature.name} | {' | '.join(cells)} | {feature.without} |")
    return "\n".join(lines)


def told(page: str, name: str) -> dict[str, bool]:
    """What the page says that an Airflow has, such as ``3.1``."""
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in page.splitlines() if line.startswith("| ")]
    heads = next(row for row in rows if row[-1] == "without it")
    # The first head is empty, and so is not in the row.
    column = heads.index(name) + 1
    return {row[0]: row[column] == "yes" for row in rows if row[0] in {feature.name for feature in FEATURES}}


def pin(version: Version, uv: str) -> None:
    """Write the constraints: what there was on the day of the release, or our oldest requirements of that day."""
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--no-python-downloads",
        "--python-version",
        "3.10",
    ]
    command += ["--exclude-newer", f"{version.released}T23:59:59Z", "pyproject.toml", "--constraint", "-"]
    command += ["--extra", "emulator", "--extra", "probe", "--group", "versions"]
    command += ["--no-annotate", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    command += ["--resolution", "lowest-direct"] if version.lowest else []
    command += ["--output-file", str(version.constraints)]
    subprocess.run(command, cwd=PROJECT, input=f"apache-airflow=={version.airflow}\n", text=True, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [version.name for version in VERSIONS]
    parser.add_argument("--versions", nargs="+", choices=names, default=names)
    parser.add_argument("--pythons", nargs="+", default=PYTHONS)
    parser.add_argument("--pin", metavar="UV", help="write the constraints with that uv, and run nothing")
    options = parser.parse_args()
    chosen = pairs(options.versions, options.pythons)
    if options.pin:
        for version, _ in chosen:
            pin(version, options.pin)
        return 0
    for python in options.pythons:
        number_of(python)
    outcomes = [check(version, python) for version, python in chosen]
    for outcome in outcomes:
        print(outcome.line())
    found = {
        outcome.version.name.removeprefix("airflow-"): outcome.features
        for outcome in outcomes
        if not outcome.version.lowest
    }
    if set(options.versions) == set(names):
        PAGE.write_text(with_generated(PAGE.read_text("utf-8"), COMMAND, table(found)), "utf-8")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

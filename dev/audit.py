"""Checks what the project installs: known vulnerabilities of pins and floors, and licences of installed packages.

Vulnerabilities come from the package index's advisories, which not every mirror of the index serves. Pins that it
does not tell about are named, and fail the check only where ``AUDIT_STRICT=1`` is set, as a release does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
#: Seconds for the index to answer about all pins.
TIMEOUT = 300

#: Words of licences that can be depended on by Apache-2.0 software.
PERMITTED = re.compile(
    r"apache|\bmit\b|mit[- ]cmu|mit-0|bsd|\bisc\b|iscl|python software foundation|psf|mozilla|mpl|unlicense|zlib|hpnd",
    re.IGNORECASE,
)
#: Package -> why it may be used all the same.
EXCEPTIONS = {
    "openlineage_sql": "Apache-2.0 by its repository, which its wheel does not say; OpenLineage's own dependency",
    "psycopg2-binary": "LGPL with exceptions, unmodified, for tests alone; Airflow's own driver of PostgreSQL",
    "text-unidecode": "dual-licensed, used under the Artistic License; Airflow's own dependency",
}
#: Package -> why its oldest version may be one with known vulnerabilities.
HELD_BACK = {
    "starlette": "Airflow 3.1 allows no newer one, and only the emulator uses it, for tests on one machine"
}


@dataclass(frozen=True)
class Findings:
    """What the index says about the pins."""

    vulnerable: tuple[str, ...]
    unchecked: tuple[str, ...]
    total: int


def read_report(report: Mapping[str, Any]) -> Findings:
    """The findings in the JSON that ``pip-audit`` writes."""
    packages = report["dependencies"]
    vulnerable = tuple(
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for package in packages
        for hole in package.get("vulns", ())
    )
    unchecked = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Findings(vulnerable, unchecked, len(packages))


def pins() -> list[str]:
    """All exact versions that ``make`` installs."""
    return [line for line in CONSTRAINTS.read_text("utf-8").splitlines() if "==" in line]


def floors(pyproject: str) -> list[str]:
    """The oldest versions that the package and its extras allow, as pins."""
    named = re.findall(r'"([\w.-]+)>=([\d.]+)"', pyproject.partition("[dependency-groups]")[0])
    return [f"{name}=={version}" for name, version in named if name not in ("hatchling", *HELD_BACK)]


def ask_index(requirements: Sequence[str]) -> Findings:
    """What the index says about these pins; all of them are unchecked if it does not answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(requirements))
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", file.name]
        command += ["--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
            return read_report(json.loads(answer.stdout))
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return Findings((), tuple(requirements), len(requirements))


def licence_of(package: Distribution) -> str:
    """What the package says of its licence, from whichever field it uses."""
    fields = {
        name: package.metadata.get_all(name) or [] for name in ("License-Expression", "Classifier", "License")
    }
    words = [line.rpartition("::")[2].strip() for line in fields["Classifier"] if line.startswith("License")]
    return (
        next(iter(fields["License-Expression"]), "") or " / ".join(words) or "".join(fields["License"])[:80]
    )


def unfit_licences(packages: Iterable[tuple[str, str]]) -> list[str]:
    """Packages, with their licences, that are neither permitted nor an exception."""
    return [
        f"{name}: {licence or 'no licence named'}"
        for name, licence in packages
        if name.lower() not in EXCEPTIONS and (not PERMITTED.search(licence) or "gpl" in licence.lower())
    ]


def report_vulnerabilities(what: str, findings: Findings) -> None:
    """Print what is known, and what is not."""
    checked = findings.total - len(findings.unchecked)
    print(
        f"{what}: {len(findings.vulnerable)} known vulnerabilities; {checked} of {findings.total} could be checked."
    )
    for line in findings.vulnerable:
        print(f"  {line}")
    if findings.unchecked:
        print(
            f"  The index does not tell about {len(findings.unchecked)} of them, {findings.unchecked[0]} among them."
        )


def main() -> int:
    oldest = floors((CONSTRAINTS.parent / "pyproject.toml").read_text("utf-8"))
    audits = {"Pins": ask_index(pins()), "Oldest versions allowed": ask_index(oldest)}
    for what, findings in audits.items():
        report_vulnerabilities(what, findings)
    installed = [(package.metadata["Name"], licence_of(package)) for package in distributions()]
    unfit = unfit_licences(installed)
    print(f"Licences: {len(unfit)} of {len(installed)} packages are not permitted.")
    for line in unfit:
        print(f"  {line}")
    strict = os.environ.get("AUDIT_STRICT") == "1"
    vulnerable = any(findings.vulnerable for findings in audits.values())
    unchecked = any(findings.unchecked for findings in audits.values())
    return int(vulnerable or bool(unfit) or (strict and unchecked))


if __name__ == "__main__":
    sys.exit(main())

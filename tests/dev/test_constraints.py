"""The pins that make installs with."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.requirements import Requirement

from dev.constraints import pins

PROJECT = Path(__file__).resolve().parents[2]
LINES = [line for line in (PROJECT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def test_every_line_is_a_plain_pin() -> None:
    """A name and a version, and never an address."""
    assert [line for line in LINES if not re.fullmatch(r"[a-z0-9-]+==[\w.+!]+", line)] == []


def test_what_the_project_asks_for_is_pinned_as_it_asks() -> None:
    """No requirement of ``pyproject.toml`` is without a pin, and no pin is outside of what it allows."""
    pinned = dict(line.split("==") for line in LINES)
    asked = re.findall(
        r'^\s*"([a-z0-9-]+[<>=][\d.,<>=]+)",', (PROJECT / "pyproject.toml").read_text(), re.MULTILINE
    )
    wrong = [
        text for text in asked if not Requirement(text).specifier.contains(pinned[Requirement(text).name])
    ]
    assert asked
    assert wrong == []


def test_pins_come_from_pips_report() -> None:
    """Sorted, in the index's spelling, and without the package itself."""
    installed = [("Zope.Interface", "7.1"), ("airflow-provider-seedance", "0.1.0"), ("a_b", "2")]
    report = {"install": [{"metadata": {"name": name, "version": version}} for name, version in installed]}
    assert pins(report, without="airflow-provider-seedance") == "a-b==2\nzope-interface==7.1\n"

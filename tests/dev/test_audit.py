"""The check of pins and licences."""

from __future__ import annotations

import pytest

from dev.audit import Findings, floors, read_report, unfit_licences


def test_a_known_hole_is_named_with_its_remedy() -> None:
    report = {
        "dependencies": [
            {"name": "a", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1", "2.0"]}]},
            {"name": "b", "version": "2.0", "vulns": []},
        ]
    }
    assert read_report(report) == Findings(("a 1.0: CVE-1, mended in 1.1, 2.0",), (), 2)


def test_what_the_index_does_not_tell_about_is_not_called_safe() -> None:
    report = {"dependencies": [{"name": "a", "skip_reason": "not found"}]}
    assert read_report(report) == Findings((), ("a",), 1)


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 OR BSD-2-Clause", "BSD License", "MPL-2.0", "Python Software Foundation License"],
)
def test_permissive_licences_pass(licence: str) -> None:
    assert unfit_licences([("a", licence)]) == []


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND GPL-2.0", "AGPLv3", "Proprietary", ""])
def test_other_licences_are_named(licence: str) -> None:
    assert len(unfit_licences([("a", licence)])) == 1


def test_an_exception_has_its_reason_in_the_table() -> None:
    assert unfit_licences([("text-unidecode", "Artistic License / GPL")]) == []


def test_floors_are_read_from_the_package_and_its_extras() -> None:
    text = '[project]\ndependencies = ["httpx>=0.28"]\nx = ["av>=16", "b"]\n[dependency-groups]\ndev = ["mypy>=1"]'
    assert floors(text) == ["httpx==0.28", "av==16"]

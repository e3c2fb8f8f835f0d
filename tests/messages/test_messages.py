"""Every message that a user can meet, provoked, as ``docs/errors.md`` shows it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import airflow_provider_seedance
from airflow_provider_seedance.core.landing.boxes import TooComplex
from airflow_provider_seedance.core.ledger.ledger import IntentTaken
from airflow_provider_seedance.errors import RequestInvalid, SeedanceError
from dev.errors import PAGE, message_of, row
from tests.messages.provocations import MESSAGES
from tests.messages.scene import Scene

#: Characters of the first line, which a window or a notification shows whole.
SHORT = 100
SAID = PAGE.read_text(encoding="utf-8").partition("<!-- made by python -m dev.errors -->")[2]
ALL = {what: provoke for part in MESSAGES.values() for what, provoke in part.items()}
#: What nobody meets: the other try's intent is followed, and a file with too many boxes is taken as it is.
NEVER_MET = {IntentTaken, TooComplex}


@pytest.mark.parametrize("what", ALL)
def test_the_page_shows_it(what: str, scene: Scene) -> None:
    """Whoever changes a message runs ``python -m dev.errors``."""
    error = message_of(ALL[what], scene)
    assert row(what, error, scene) in SAID.splitlines(), row(what, error, scene)
    assert str(error).endswith(".")
    if isinstance(error, RequestInvalid):
        assert len(str(error).split("\n")[0]) <= SHORT


def test_the_page_shows_no_others() -> None:
    """In the order of the table, part by part."""
    shown = re.findall(r"^\| (.+?) \| `\w+` \| ", SAID, re.MULTILINE)
    assert shown == list(ALL)
    assert re.findall(r"^### (.+)$", SAID, re.MULTILINE) == list(MESSAGES)


def _classes(base: type[SeedanceError] = SeedanceError) -> Iterator[type[SeedanceError]]:
    for found in base.__subclasses__():
        if found.__module__.startswith(airflow_provider_seedance.__name__):
            yield found
            yield from _classes(found)


def test_each_class_of_errors_is_among_them() -> None:
    """Those of every module of the core; a new class needs a row."""
    for module in pkgutil.walk_packages(
        airflow_provider_seedance.core.__path__, "airflow_provider_seedance.core."
    ):
        importlib.import_module(module.name)
    shown = set(re.findall(r"^\| .+? \| `(\w+)` \| ", SAID, re.MULTILINE))
    named = {found.__name__ for found in set(_classes()) - NEVER_MET}
    assert named - shown == set()

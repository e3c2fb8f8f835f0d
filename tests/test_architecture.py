"""The shape of the package as a test: who may know whom, and who may touch what."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from dev.architecture import EMULATOR, LAYERS, TESTING

PACKAGE = "airflow_provider_seedance"
ROOT = Path(__file__).parents[1] / PACKAGE
LONGEST_MODULE = 400

#: What a vendor's folder of the emulator may consist of: who knows one vendor knows them all.
VENDOR_FILES = ("vendor", "requests", "responses", "models", "assets", "files")
#: What the emulator's vendors share, beside their folders.
SHARED_BY_VENDORS = ("ark", "base", "limits", "multipart", "values")

#: Library -> where it may be imported. Time, chance and event loops are arguments everywhere else.
LIBRARIES = {
    "airflow": (
        "runtime",
        "hooks",
        "operators",
        "triggers",
        "policies",
        "decorators",
        "sensors",
        "task_groups",
        "notifications",
        "plugins",
    ),
    "httpx": ("core.client.http", "core.client.transport", "core.client.httpx_client", "core.client.errors"),
    "aiohttp": ("core.client.aiohttp_client", "core.client.errors"),
    "http.client": ("core.client.media_connections", "core.client.download", "core.client.errors"),
    "urllib.request": ("core.client.proxies", "core.client.media_connections", "core.client.download"),
    "socket": ("core.client.addresses", "core.client.media_connections", "core.client.httpx_client"),
    "av": ("core.landing.samples", "core.landing.verify", "core.media.probe"),
    "PIL": ("core.landing.pictures", "core.landing.quality", "core.media.probe"),
    "fastapi": ("plugins",),
    "jinja2": ("plugins", "operators._mapping"),
    "cryptography": ("core.callbacks.token",),
    "sqlalchemy": ("core.ledger", "runtime.ledger", "runtime.waiting_tasks", "plugins.gallery"),
    "asyncio": (
        "core.clock",
        "core.polling.poller",
        "core.polling.progress",
        "core.polling.registry",
        "core.batch.poller",
        "core.lifecycle.cancel",
        "hooks",
        "triggers",
        "plugins.callbacks",
        "plugins.seedance",
        "runtime.callback_accounts",
    ),
    "time": ("core.clock",),
    "random": ("core.clock",),
}
#: Where a vendor's name may stand in the code.
VENDOR_WORDS = ("core.vendors", "get_provider_info")
#: Where a service tier may be named: how long we wait for which is ours to say, and the operators' docs say it.
SERVICE_TIERS = ("core.polling.decide",)
#: The edges, which hand the clock of the process to all below them.
EDGES = (
    "__main__",
    "decorators",
    "sensors",
    "task_groups",
    "operators",
    "triggers",
    "hooks",
    "policies",
    "runtime",
    "plugins",
)
#: Where the wall clock may be read.
CLOCKS = ("core.clock",)

Modules = dict[str, ast.Module]


def _read(paths: Iterator[Path]) -> Modules:
    found = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


ALL = _read(ROOT.rglob("*.py"))
MODULES = {
    name: tree for name, tree in ALL.items() if name not in ("", TESTING) and not name.startswith(EMULATOR)
}


def within(module: str, place: str) -> bool:
    """Whether the module is that one, or in that folder."""
    return module == place or module.startswith(f"{place}.") or fnmatchcase(module, place)


def place_of(module: str) -> tuple[int, str] | None:
    """A module's layer, and its name there; the first line that fits counts."""
    for height, layer in enumerate(LAYERS):
        for name in layer:
            if within(module, name):
                return height, module if "*" in name else name
    return None


def imports(tree: ast.Module) -> Iterator[str]:
    """Full names of all that is imported, at the top, in functions and for type checkers alike."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def known(tree: ast.Module) -> Iterator[str]:
    """The modules of this package that a module imports, without the package's name."""
    for name in imports(tree):
        if name.startswith(f"{PACKAGE}."):
            inner = name.removeprefix(f"{PACKAGE}.")
            yield inner if inner in ALL else inner.rpartition(".")[0]


def wrong_imports(modules: Modules) -> list[str]:
    """Imports that run upward or sideways."""
    found = []
    for module, tree in modules.items():
        here = place_of(module)
        for other in known(tree):
            there = place_of(other) if other else (-1, "")
            allowed = here and there and (there == here or there[0] < here[0])
            if not allowed:
                found.append(f"{module} imports {other}")
    return found


def cycles(modules: Modules) -> list[str]:
    """Modules that import themselves by way of others."""
    edges = {name: {other for other in known(tree) if other != name} for name, tree in modules.items()}

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            todo += (fresh := edges.get(todo.pop(), set()) - seen)
            seen |= fresh
        return seen

    return [name for name in modules if name in reach(name)]


def wrong_libraries(modules: Modules) -> list[str]:
    """Libraries outside the modules that they are fenced into."""
    return [
        f"{module} imports {library}"
        for module, tree in modules.items()
        for library, places in LIBRARIES.items()
        if any(within(name, library) for name in imports(tree))
        and not any(within(module, place) for place in places)
    ]


def clock_readings(modules: Modules) -> list[str]:
    """``datetime.now()`` and its like outside the drivers."""
    return [
        f"{module} calls {node.func.attr}()"
        for module, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("now", "utcnow", "today")
        and ast.unparse(node.func.value) in ("datetime", "date", "datetime.datetime", "datetime.date")
        and not any(within(module, place) for place in CLOCKS)
    ]


def system_clock_readings(modules: Modules) -> list[str]:
    """``SYSTEM_CLOCK`` below the edges."""
    return [
        f"{module} reads the clock of the process"
        for module, tree in modules.items()
        if not any(within(module, edge) for edge in EDGES)
        and (
            f"{PACKAGE}.core.clock.SYSTEM_CLOCK" in imports(tree)
            or any(isinstance(node, ast.Attribute) and node.attr == "SYSTEM_CLOCK" for node in ast.walk(tree))
        )
    ]


def vendor_words(modules: Modules) -> list[str]:
    """Vendors named in code; docstrings and comments may speak of them."""
    names = "|".join(path.stem for path in (ROOT / "core" / "catalog" / "data").glob("*.json"))
    return [
        f"{module} says {literal!r}"
        for module, tree in modules.items()
        if not any(within(module, place) for place in VENDOR_WORDS)
        for literal in _literals(tree)
        if re.search(rf"\b({names})\b", literal)
    ]


def neighbouring_vendors(modules: Modules) -> list[str]:
    """Imports of one vendor's package by another's."""
    return [
        f"{module} imports {other}"
        for module, tree in modules.items()
        for other in known(tree)
        if (mine := vendor_package(module)) and (theirs := vendor_package(other)) and mine != theirs
    ]


def vendor_package(module: str) -> str | None:
    """The vendor's package that a module is in; what vendors share is in none."""
    name = module.removeprefix("core.vendors.").partition(".")[0]
    return name if (ROOT / "core" / "vendors" / name).is_dir() else None


def vendor_facts(modules: Modules) -> list[str]:
    """Service tiers and sizes of pages in neutral code; they are the vendor's to state."""
    found = []
    for module, tree in modules.items():
        if any(within(module, place) for place in VENDOR_WORDS):
            continue
        if not any(within(module, place) for place in SERVICE_TIERS):
            found += [f"{module} says {literal!r}" for literal in _literals(tree) if literal == "flex"]
        found += [
            f"{module} defines {name}"
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for name in re.findall(r"\w+", ast.unparse(node).partition("=")[0])
            if re.search(r"TIERS|PAGE\b|PAGE_SIZE|IDS_PER", name)
        ]
    return found


def _literals(tree: ast.Module) -> Iterator[str]:
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def strangers_of_the_emulator(modules: Modules) -> list[str]:
    """Imports between the emulator and the rest, in either direction, and of the fixtures for users' tests."""
    return [
        f"{module} imports {other}"
        for module, tree in modules.items()
        for other in known(tree)
        if module != TESTING and (other == TESTING or within(module, EMULATOR) != within(other, EMULATOR))
    ]


def strange_vendor_files(modules: Modules) -> list[str]:
    """Modules of the emulator's vendors that lie beside the folders, or have a name of their own inside one."""
    found = []
    for module in modules:
        folder, _, file = module.removeprefix(f"{EMULATOR}.vendors.").partition(".")
        if not module.startswith(f"{EMULATOR}.vendors.") or folder in SHARED_BY_VENDORS:
            continue
        if file not in VENDOR_FILES if file else f"{module}.vendor" not in modules:
            found.append(module)
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_its_place(module: str) -> None:
    """A new module is given one in LAYERS, which is the architecture."""
    assert place_of(module) is not None


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_knows_only_what_lies_below_it(module: str) -> None:
    """No arrow runs upward, and neighbours do not know each other."""
    assert wrong_imports({module: MODULES[module]}) == []


def test_no_import_runs_in_a_circle() -> None:
    """Not in the package, and not in the emulator either."""
    assert cycles(ALL) == []


def test_libraries_stay_where_they_belong() -> None:
    """HTTP in one file, Airflow above its line, time and chance in the drivers."""
    assert wrong_libraries(MODULES) == []


def test_the_wall_clock_is_read_in_the_drivers_only() -> None:
    """Elsewhere the time is an argument, so that every decision can be tested without waiting."""
    assert clock_readings(MODULES) == []


def test_the_clock_of_the_process_is_read_at_the_edges_only() -> None:
    """Everything below them is given a clock, so that a test gives it another one."""
    assert system_clock_readings(MODULES) == []


def test_vendors_are_named_in_their_own_modules_only() -> None:
    """A fifth vendor is one package, one catalog file, and no edit elsewhere."""
    assert vendor_words(MODULES) == []


def test_vendors_do_not_know_each_other() -> None:
    """What two of them share is a module beside them."""
    assert neighbouring_vendors(MODULES) == []


def test_a_vendors_facts_stand_in_its_package() -> None:
    """Neutral code reads them there."""
    assert vendor_facts(MODULES) == []


def test_the_emulator_and_the_rest_do_not_know_each_other() -> None:
    """Else the emulator would prove only that the code agrees with itself."""
    assert strangers_of_the_emulator(ALL) == []


def test_the_emulators_vendors_are_alike() -> None:
    """Each is one folder with the same few file names."""
    assert strange_vendor_files(ALL) == []


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_short(path: Path) -> None:
    """Longer ones have more than one reason to change."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize(
    ("rule", "module", "source"),
    [
        (wrong_imports, "models", f"from {PACKAGE}.core.catalog import Catalog"),
        (wrong_imports, "core.polling.wait", f"import {PACKAGE}.core.landing.land"),
        (wrong_imports, "core.vendors.toapis", f"from {PACKAGE}.core.vendors import modelark"),
        (wrong_imports, "core.vendors.contract", f"from {PACKAGE}.core.vendors.ark import options"),
        (wrong_imports, "core.client.http", f"def f():\n from {PACKAGE}.hooks.seedance import SeedanceHook"),
        (wrong_imports, "hooks.seedance", f"if TYPE_CHECKING:\n from {PACKAGE}.operators import generate"),
        (wrong_imports, "core.batch.worker", f"from {PACKAGE}.core.batch.scheduler import BatchScheduler"),
        (
            neighbouring_vendors,
            "core.vendors.toapis.account",
            f"from {PACKAGE}.core.vendors.evolink import errors",
        ),
        (vendor_facts, "core.polling.poller", "tier = 'flex'"),
        (vendor_facts, "core.client.flows", "LARGEST_PAGE, LAST_PAGE = 500, 500"),
        (wrong_imports, "core.client.flows", f"from {PACKAGE}.core.client.http import SeedanceClient"),
        (
            wrong_imports,
            "core.vendors.toapis.errors",
            f"from {PACKAGE}.core.vendors.toapis.generations import TASKS",
        ),
        (wrong_libraries, "core.client.flows", "import httpx"),
        (wrong_libraries, "core.client.http", "import asyncio"),
        (cycles, "errors", f"from {PACKAGE}.models import Mode"),
        (wrong_libraries, "core.landing.transfer", "import httpx"),
        (wrong_libraries, "core.submission.submit", "from airflow.sdk import Variable"),
        (wrong_libraries, "core.polling.decide", "from time import time"),
        (wrong_libraries, "core.client.retry", "import random"),
        (clock_readings, "core.lifecycle.result", "stamp = datetime.now(timezone.utc)"),
        (system_clock_readings, "core.polling.wait", f"from {PACKAGE}.core.clock import SYSTEM_CLOCK"),
        (
            system_clock_readings,
            "core.batch.worker",
            f"from {PACKAGE}.core import clock\nnow = clock.SYSTEM_CLOCK.now()",
        ),
        (vendor_words, "operators.generate", "cancels = vendor == 'modelark'"),
        (strangers_of_the_emulator, "core.client.http", f"from {PACKAGE}.emulator.server import serve"),
        (strangers_of_the_emulator, "emulator.simulation.state", f"from {PACKAGE}.models import Status"),
        (strangers_of_the_emulator, "hooks.seedance", f"from {PACKAGE}.testing import VendorLedger"),
        (strangers_of_the_emulator, "emulator.app", f"from {PACKAGE}.testing import VendorLedger"),
        (strange_vendor_files, "emulator.vendors.evolink.credits", ""),
        (strange_vendor_files, "emulator.vendors.evolink_credits", ""),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_rules_have_teeth(rule: Callable[[Modules], list[str]], module: str, source: str) -> None:
    """Each one sees a planted violation."""
    planted = {module: ast.parse(source)}
    # Most see it by itself, in a fraction of the time.
    assert rule(planted) or rule({**MODULES, **planted})


#: What a DAG file, or Airflow itself, imports.
PUBLIC = (
    "decorators.generate",
    "get_provider_info",
    "hooks.seedance",
    "operators.batch",
    "operators.generate",
    "operators.download",
    "operators.publish",
    "plugins.seedance",
    "policies.retry",
    "sensors.generation",
    "task_groups",
    "triggers.batch",
    "triggers.generation",
)


def test_importing_what_dags_import_loads_nothing_heavy() -> None:
    """A DAG file parses as fast as one without us: no client, no catalog, no model classes, no codec."""
    names = ", ".join(f"{PACKAGE}.{module}" for module in PUBLIC)
    answer = subprocess.run(
        [sys.executable, "-c", f"import json, sys, {names}; print(json.dumps([*sys.modules]))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT.parent,
    )
    loaded = json.loads(answer.stdout.splitlines()[-1])
    assert not {"av", "PIL", "starlette", "uvicorn"} & set(loaded)
    ours = {name.split(".")[1] for name in loaded if name.startswith(f"{PACKAGE}.")}
    assert ours <= {
        "decorators",
        "get_provider_info",
        "hooks",
        "operators",
        "plugins",
        "policies",
        "runtime",
        "errors",
        "sensors",
        "task_groups",
        "triggers",
        "core",
    }

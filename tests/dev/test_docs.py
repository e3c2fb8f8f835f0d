"""README and docs: what they say is tried."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from airflow_provider_seedance import errors
from dev.environment import free_port, plain_environment
from dev.fixtures import AirflowWithEmulator

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]
ON_AIRFLOW = pytest.mark.xdist_group("airflow")


class Block(NamedTuple):
    """A fenced block; ``file`` is the name that its title gives it."""

    page: str
    language: str
    file: str
    text: str


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for language, title, text in re.findall(
            r"^```(\w*)(?: title=(\S+))?\n(.*?)^```$",
            page.read_text(encoding="utf-8"),
            re.MULTILINE | re.DOTALL,
        ):
            yield Block(page.name, language, title, text)


BLOCKS = list(blocks())
#: Those with a file name are run by the page that names it.
DAGS = [
    block for block in BLOCKS if block.language == "python" and "with DAG(" in block.text and not block.file
]


def of(page: str, language: str) -> list[Block]:
    return [block for block in BLOCKS if (block.page, block.language) == (page, language)]


def elsewhere(block: Block, folder: Path) -> str:
    """The block, with its files coming to ``folder``."""
    return block.text.replace("/tmp/seedance", str(folder / "seedance"))


def named(found: list[Block]) -> list[object]:
    return [pytest.param(block, id=f"{block.page}-{number}") for number, block in enumerate(found)]


@pytest.mark.parametrize("block", named([block for block in BLOCKS if block.language == "json"]))
def test_json_is_json(block: Block) -> None:
    """Every JSON block can be pasted."""
    json.loads(block.text)


@pytest.mark.parametrize("block", named([block for block in BLOCKS if block.language == "python"]))
def test_python_is_python(block: Block) -> None:
    """Every Python block compiles."""
    compile(block.text, block.page, "exec")


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """No link between the pages is dead."""
    targets = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def _anchors(page: Path) -> set[str]:
    """What GitHub and the documentation's generator call the headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _dead_anchors(page: Path) -> list[str]:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text("utf-8"))
    return [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in _anchors(page.parent / target if target else page)
    ]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_anchors_are_headings(page: Path) -> None:
    """No link leads to a heading that is not there."""
    assert _dead_anchors(page) == []


@pytest.mark.parametrize(
    ("link", "dead"),
    [("[x](#a-head)", 0), ("[x](other.md#not-there)", 1), ("[x](other.md#a-fault-3)", 0), ("[x](#code)", 1)],
)
def test_a_dead_anchor_is_found(link: str, dead: int, tmp_path: Path) -> None:
    """On the same page and on others; a comment in a block of code is no heading."""
    (tmp_path / "other.md").write_text("## A `fault`: 3\n")
    (tmp_path / "page.md").write_text(f"# A head\n\n```sh\n# code\n```\n\n{link}\n")
    assert len(_dead_anchors(tmp_path / "page.md")) == dead


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_make_targets_exist(page: Path) -> None:
    """Every ``make ...`` that a page names is in the Makefile."""
    named = set(re.findall(r"(?:^|`|\s)make ([a-z-]+)(?=[`\s]|$)", "\n".join(_code_of(page)), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


def _code_of(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"`([^`\n]+)`", text) + [block.text for block in BLOCKS if block.page == page.name]


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_files_named_exist(page: Path) -> None:
    """What a page calls by its path in the repository is there."""
    paths = re.findall(
        r"`((?:dev|docs|tests|example_dags|airflow_provider_seedance)/[\w./]+)`", page.read_text("utf-8")
    )
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_every_error_is_explained() -> None:
    """``errors.md`` lists each class, and says of a retry what the class says."""
    page = (PROJECT / "docs/errors.md").read_text(encoding="utf-8")
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    }
    classes = {
        name: found
        for name, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.SeedanceError) and found is not errors.SeedanceError
    }
    assert set(rows) == set(classes)
    del classes["RequestInvalid"], classes["GenerationFailed"], classes["BatchIncomplete"]
    for name, found in classes.items():
        _, money, retry = rows[name]
        example = found("x")
        assert (name, retry.startswith("yes")) == (name, example.retryable)
        assert (name, "maybe" in money) == (name, example.maybe_accepted)


@ON_AIRFLOW
@pytest.mark.parametrize("block", named(DAGS))
def test_dag_runs(airflow_stack: AirflowWithEmulator, block: Block, tmp_path: Path) -> None:
    """Every DAG of the pages, as it stands there, succeeds in a real Airflow before the emulator."""
    (dag_id,) = re.findall(r'with DAG\("(\w+)"', block.text)
    (airflow_stack.more_dags / f"{dag_id}.py").write_text(elsewhere(block, tmp_path), encoding="utf-8")
    airflow_stack.api.wait_for_dag(dag_id)
    run = airflow_stack.api.trigger(dag_id)
    state = airflow_stack.api.finish(run)
    failed = [task for task in airflow_stack.api.tasks(run) if task.state == "failed"]
    assert state == "success", [airflow_stack.api.error(run, task) for task in failed]


@ON_AIRFLOW
def test_the_result_is_as_the_readme_shows_it(airflow_stack: AirflowWithEmulator, tmp_path: Path) -> None:
    """The keys of the JSON in the README are those of a real result."""
    shown = next(json.loads(block.text) for block in of("README.md", "json") if '"manifest"' in block.text)
    (first,) = of("README.md", "python")
    (airflow_stack.more_dags / "first_clip.py").write_text(elsewhere(first, tmp_path), encoding="utf-8")
    airflow_stack.api.wait_for_dag("first_clip")
    run = airflow_stack.api.trigger("first_clip")
    assert airflow_stack.api.finish(run) == "success"
    assert _keys(airflow_stack.api.xcom(run, "clip")) == _keys(shown)


def _keys(value: object) -> object:
    """The value's nested keys, but for what depends on the vendor: its count, and the currencies paid in."""
    if not isinstance(value, dict):
        return None
    return {key: None if key in ("usage", "paid") else _keys(inner) for key, inner in value.items()}


def run_as_the_page_says(page: str, script: str, folder: Path) -> str:
    """Put the page's blocks into the files that they name, run one of these, and return what it prints."""
    port = str(free_port())
    for block in [block for block in BLOCKS if block.page == page and block.file]:
        file = folder / block.file
        file.parent.mkdir(exist_ok=True)
        with file.open("a", encoding="utf-8") as text:
            text.write(elsewhere(block, folder).replace("8765", port))
    environment = {
        name: value
        for name, value in {**plain_environment(), "PYTHONPATH": str(PROJECT)}.items()
        if not name.startswith("PYTEST_")
    }
    done = subprocess.run(
        ["bash", "-e", "-c", f"trap 'kill $(jobs -p) || true' EXIT; source {script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@ON_AIRFLOW
def test_a_users_tests_pass(tmp_path: Path) -> None:
    """The blocks of ``testing.md`` are a passing test suite."""
    assert "4 passed" in run_as_the_page_says("testing.md", "run.sh", tmp_path)


@ON_AIRFLOW
def test_the_start_makes_a_video(tmp_path: Path) -> None:
    """Who follows ``start.md`` has a video, from the emulator that the page starts."""
    told = run_as_the_page_says("start.md", "start.sh", tmp_path)
    assert len(list((tmp_path / "seedance").glob("*.mp4"))) == 1, told


@ON_AIRFLOW
def test_the_test_that_development_shows_works(airflow_stack: AirflowWithEmulator, tmp_path: Path) -> None:
    """The test in ``development.md`` passes."""
    (block,) = of("development.md", "python")
    space: dict[str, Callable[..., None]] = {}
    exec(compile(block.text, "development.md", "exec"), space)
    space["test_a_clip_is_landed"](airflow_stack, tmp_path)

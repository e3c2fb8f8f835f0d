"""Check the types of what users copy: the example DAGs and the Python blocks of README and docs.

``python -m dev.usage_types`` writes each block to a module of its own, and runs mypy and pyright over all of them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parents[1]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
EXAMPLES = PROJECT / "example_dags"
#: A user's own code and its libraries need not be fully annotated; what it calls of this package must fit.
OPTIONS = (
    "--config-file=",
    "--check-untyped-defs",
    "--no-error-summary",
    "--disable-error-code=import-untyped",
)
CACHE = PROJECT / ".mypy_cache" / "usage"
#: In what pyright says of Airflow's own types: ``params`` is declared as what becomes of it, a context argument is
#: ``None`` until Airflow fills it in, and what a task group's function returns is narrower than what it may return.
AIRFLOWS_OWN = (
    'parameter "params" of type "ParamsDict"',
    'of "None"',
    'of type "None"',
    '"task_group"',
    'for class "FunctionType"',
)


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Each Python block of a page, with a name for its module: that of its title, or page and line."""
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(r"^```python([^\n]*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        title = re.search(r"title=(\S+)\.py", block[1])
        line = text.count("\n", 0, block.start()) + 1
        name = Path(title[1]).name if title else f"{page.stem.replace('-', '_').lower()}_line_{line}"
        yield name, block[2]


def write_modules(folder: Path) -> list[Path]:
    """A module for each block."""
    written = []
    for page in PAGES:
        for name, text in blocks(page):
            module = folder / f"{name}.py"
            module.write_text(text, encoding="utf-8")
            written.append(module)
    return written


def mypy(modules: list[Path]) -> int:
    """Returns mypy's exit code."""
    command = [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={CACHE}", *map(str, modules)]
    return subprocess.call(command)


def pyright(folder: Path, modules: list[Path]) -> list[str]:
    """What pyright, as editors run it, finds wrong with modules in their use of this package.

    :param folder: where its configuration is written.
    """
    config = {
        "include": [str(module) for module in modules],
        "extraPaths": [str(PROJECT)],
        "typeCheckingMode": "standard",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", str(folder)]
    done = subprocess.run(
        [*command, "--level", "error", "--pythonpath", sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == len(modules), done.stderr
    return [
        f"{found['file']}:{found['range']['start']['line'] + 1}: {found['message']}"
        for found in report["generalDiagnostics"]
        if not any(words in found["message"] for words in AIRFLOWS_OWN)
    ]


def main() -> int:
    """Returns 1 if a checker has found anything.

    mypy sees the pages and the examples apart, since two of their modules may have one name.
    """
    with TemporaryDirectory() as name:
        pages, examples = write_modules(Path(name)), sorted(EXAMPLES.glob("*.py"))
        failed = [mypy(modules) for modules in (pages, examples)]
        found = pyright(Path(name), pages + examples)
    print(*found, sep="\n", end="\n" if found else "")
    return int(any(failed) or bool(found))


if __name__ == "__main__":
    sys.exit(main())

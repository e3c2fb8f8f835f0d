"""Check the types of what users copy: the example DAGs and the Python blocks of README and docs.

``python -m dev.usage_types`` writes each block to a module of its own, and runs mypy over all of them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parents[1]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
EXAMPLES = PROJECT / "example_dags"
#: A user's own code need not be fully annotated; what it calls of this package must fit.
OPTIONS = ("--config-file=", "--check-untyped-defs", "--no-error-summary")
CACHE = PROJECT / ".mypy_cache" / "usage"


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


def check(modules: list[Path]) -> int:
    """Returns mypy's exit code."""
    command = [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={CACHE}", *map(str, modules)]
    return subprocess.call(command)


def main() -> int:
    """Returns the greater of mypy's exit codes for the pages and for the examples, which may have a name in common."""
    with TemporaryDirectory() as folder:
        return max(check(write_modules(Path(folder))), check(sorted(EXAMPLES.glob("*.py"))))


if __name__ == "__main__":
    sys.exit(main())

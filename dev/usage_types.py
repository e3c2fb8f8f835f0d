"""Check the types of what users copy: the example DAGs and the Python blocks of README and docs.

``python -m dev.usage_types`` writes each block to a module of its own, and runs mypy over all of them at once.
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


def blocks(page: Path) -> Iterator[tuple[int, str]]:
    """Each Python block of a page, with the line on which it begins."""
    text = page.read_text(encoding="utf-8")
    for block in re.finditer(r"^```python[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, block.start()) + 1, block[1]


def write_modules(folder: Path) -> list[Path]:
    """A module for each block, named like its page and line."""
    written = []
    for page in PAGES:
        for line, text in blocks(page):
            module = folder / f"{page.stem.replace('-', '_').lower()}_line_{line}.py"
            module.write_text(text, encoding="utf-8")
            written.append(module)
    return written


def main() -> int:
    """Returns mypy's exit code."""
    with TemporaryDirectory() as folder:
        modules = [*write_modules(Path(folder)), *sorted(EXAMPLES.glob("*.py"))]
        return subprocess.call(
            [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={CACHE}", *map(str, modules)]
        )


if __name__ == "__main__":
    sys.exit(main())

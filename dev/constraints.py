"""Turns pip's report of an installation (standard input) into the lines of ``constraints.txt`` (standard output)."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

_HEAD = """\
# Exact versions of everything that `make` installs. Made by `make constraints`, with the oldest Python that is
# supported, because what supports that one supports the newer ones too.
"""


def pins(report: dict[str, Any], *, without: str) -> str:
    """One ``name==version`` line a package, sorted.

    :param report: what ``pip install --report`` writes.
    :param without: the package that is being developed.
    """
    found = {_canonical(item["metadata"]["name"]): item["metadata"]["version"] for item in report["install"]}
    return "".join(f"{name}=={found[name]}\n" for name in sorted(found) if name != without)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.stdout.write(_HEAD + pins(json.load(sys.stdin), without="airflow-provider-seedance"))

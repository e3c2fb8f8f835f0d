"""What importing all operators costs on top of ``airflow.sdk``: a DAG file pays it at each parse.

Each side is imported in fresh processes, in turns, so that a busy machine slows both. To reach: 20 ms.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

from airflow_provider_seedance.get_provider_info import get_provider_info

#: What any DAG file imports.
BASELINE = "from airflow.sdk import DAG, Asset, AssetAlias, BaseHook, BaseOperator"
LIMIT = 20.0


def operator_modules() -> list[str]:
    """All modules with operators, sensors or decorators."""
    info = get_provider_info()
    return [
        module
        for section in ("operators", "sensors")
        for entry in info.get(section, ())
        for module in entry["python-modules"]
    ]


def milliseconds(*, with_operators: bool) -> float:
    """How long the imports take in a fresh process."""
    imports = [f"import {module}" for module in operator_modules()] if with_operators else []
    program = "\n".join(
        ["import time", "start = time.perf_counter()", BASELINE, *imports, "print(time.perf_counter() - start)"]
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1]) * 1000


def main() -> int:
    """Print both medians and their difference; the exit code says whether the limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="fresh processes for each side")
    runs = parser.parse_args().runs
    milliseconds(with_operators=True)  # the first one reads the disk
    pairs = [(milliseconds(with_operators=False), milliseconds(with_operators=True)) for _ in range(runs)]
    without, with_ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    added = statistics.median(ours - base for base, ours in pairs)
    print(f"airflow.sdk                    {without:8.1f} ms")
    print(f"airflow.sdk and all operators  {with_ours:8.1f} ms")
    print(f"added, median of {runs:2d} pairs      {added:8.1f} ms   (to reach: at most {LIMIT:g})")
    return int(added > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

"""What importing all operators costs on top of ``airflow.sdk``: a DAG file pays it at each parse.

Each fresh process imports first the one, then the other, and tells the CPU time of both, which a busy machine does
not change as it does the wall clock. To reach: 20 ms.
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


def import_times() -> tuple[float, float]:
    """CPU milliseconds of ``airflow.sdk`` and of the operators after it, in a fresh process."""
    program = [
        "from time import process_time as now",
        "start = now()",
        BASELINE,
        "between = now()",
        *(f"import {module}" for module in operator_modules()),
        "print((between - start) * 1000, (now() - between) * 1000)",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(program)], capture_output=True, text=True, check=True
    )
    airflow, ours = done.stdout.splitlines()[-1].split()
    return float(airflow), float(ours)


def main() -> int:
    """Print the medians; the exit code says whether the limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="fresh processes")
    runs = parser.parse_args().runs
    import_times()  # the first one reads the disk
    airflow, ours = (
        statistics.median(side) for side in zip(*(import_times() for _ in range(runs)), strict=True)
    )
    print(f"{'airflow.sdk':24}{airflow:9.1f} ms")
    print(f"{'all operators after it':24}{ours:9.1f} ms   (to reach: at most {LIMIT:g} ms)")
    print(f"{'together':24}{airflow + ours:9.1f} ms   (medians of {runs} processes)")
    return int(ours > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

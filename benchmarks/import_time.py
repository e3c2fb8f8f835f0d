"""What importing all operators costs on top of ``airflow.sdk``: a DAG file pays it at each parse.

Each fresh process imports ``airflow.sdk``, then Airflow's own human-in-the-loop operators, which two of ours extend and
which only a DAG file with an approval imports, then all operators, and tells the CPU time of each, which a busy machine
does not change as it does the wall clock. Other providers are imported in the same way: all their modules with
operators and sensors, but those that need a package which is not there.

Run: ``python -m benchmarks.import_time``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.report import Report, Row, Table, ratio, run
from dev.environment import plain_environment

OURS = "airflow_provider_seedance"
OTHERS = ("dbt.cloud", "databricks", "openai", "common.ai")
RUNS, LIMIT = 5, 20.0

PROGRAM = """
import importlib, sys
from time import process_time as now
start = now()
from airflow.sdk import DAG, Asset, AssetAlias, BaseHook, BaseOperator
sdk = now()
from airflow.providers.standard.operators.hitl import ApprovalOperator
approval = now()
info = importlib.import_module(sys.argv[1] + ".get_provider_info").get_provider_info()
told = now()
for section in ("operators", "sensors"):
    for entry in info.get(section, ()):
        for module in entry["python-modules"]:
            try:
                importlib.import_module(module)
            except Exception as fault:
                if "No module named" not in str(fault):
                    raise
print((sdk - start) * 1000, (approval - sdk) * 1000, (now() - told) * 1000)
"""


def import_times(package: str) -> tuple[float, float, float]:
    """CPU milliseconds of ``airflow.sdk``, Airflow's approval operators and the package's operators after them."""
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, package]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain_environment())
    airflow, approval, operators = map(float, done.stdout.splitlines()[-1].split())
    return airflow, approval, operators


def measure() -> Report:
    packages = (OURS, *(f"airflow.providers.{name}" for name in OTHERS))
    for package in packages:
        import_times(package)  # the first one reads the disk
    rounds = [[import_times(package) for package in packages] for _ in range(RUNS)]
    sdk = statistics.median(found[0] for one in rounds for found in one)
    approval = statistics.median(found[1] for one in rounds for found in one)
    ours, *theirs = (statistics.median(one[place][2] for one in rounds) for place in range(len(packages)))
    least = min(range(len(OTHERS)), key=theirs.__getitem__)
    row = Row(
        "import of all operators on top of airflow.sdk",
        f"{ours:.1f} ms",
        f"{theirs[least]:.0f} ms ({OTHERS[least]})",
        ratio(ours, theirs[least]),
        "≤ 20 ms",
        ours <= LIMIT,
    )
    lines = [
        (name, f"{cost:.1f} ms") for name, cost in zip(("seedance", *OTHERS), (ours, *theirs), strict=True)
    ]
    title = (
        f"CPU time on top of the {sdk:.0f} ms of airflow.sdk and {approval:.1f} ms of Airflow's approval operators; "
        f"medians of {RUNS} fresh processes."
    )
    return Report([row], [Table(title, ("provider", "all operators and sensors"), lines)])


if __name__ == "__main__":
    sys.exit(run(measure))

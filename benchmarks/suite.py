"""Every benchmark in turn, and what they found in ``benchmarks/RESULTS.md``: ``python -m benchmarks.suite``.

With names, such as ``landing polling.cpu``, only those, and the file stays as it is.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.report import Report, Row, Table, markdown, summary

ORDER = (
    "import_time",
    "lost_replies",
    "ledger",
    "gallery",
    "landing",
    "upload",
    "polling.simulate",
    "polling.loop",
    "polling.cpu",
    "hostile",
    "triggerer.peers",
    "triggerer.growth",
    "webhooks",
    "batch.limit",
    "batch.ledger",
    "batch.mapped",
)
VERSIONS = (
    "apache-airflow",
    "apache-airflow-providers-dbt-cloud",
    "apache-airflow-providers-databricks",
    "apache-airflow-providers-openai",
    "apache-airflow-providers-common-ai",
    "byteplus-python-sdk-v2",
    "aiohttp",
    "httpx",
)
RESULTS = Path(__file__).with_name("RESULTS.md")


def measured(name: str) -> Report:
    """What that benchmark finds; one that breaks off is a row that says so."""
    try:
        report: Report = importlib.import_module(f"benchmarks.{name}").measure()
    except Exception as fault:  # noqa: BLE001  # the others are still worth their time
        why = f"{type(fault).__name__}: {fault}".partition("\n")[0]
        return Report([Row(name, f"broke off: {why}", "", "", "", False)])
    return report


def machine() -> Table:
    """Where and with what."""
    memory = psutil.virtual_memory().total / 2**30
    facts = {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in VERSIONS},
    }
    return Table("", ("", ""), list(facts.items()))


def main(chosen: list[str]) -> int:
    reports, began = {}, time.monotonic()
    for name in chosen or ORDER:
        print(f"\n## {name}, after {(time.monotonic() - began) / 60:.0f} minutes\n", flush=True)
        # Each in a fresh process: settings, event loops and memory are its own.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            reports[name] = process.submit(measured, name).result()
        for table in (*reports[name].tables, summary(reports[name].rows)):
            print(markdown(table), flush=True)
    rows = [row for report in reports.values() for row in report.rows]
    print(markdown(summary(rows)))
    if not chosen:
        RESULTS.write_text(_page(reports, summary(rows)), encoding="utf-8")
    return int(not all(row.reached for row in rows))


def _page(reports: dict[str, Report], rows: Table) -> str:
    parts = ["# Results\n", "`make bench` writes this page.\n", markdown(machine()), markdown(rows)]
    for name, report in reports.items():
        if report.tables:
            parts += [f"## {name}\n", *map(markdown, report.tables)]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

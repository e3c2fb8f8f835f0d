"""``make cluster``: Airflow as it runs in production, on this machine, to try things on by hand.

Two Celery workers and two triggerers, PostgreSQL and Redis, a ledger, and the emulator in the place of the vendors.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from airflow_provider_seedance.emulator import serve
from dev.emulator import connections
from dev.ledger import SETTINGS, postgres_ledger
from dev.processes import ProcessDied, signals_end_the_block
from dev.services import services
from dev.stack import Stack, StackError, airflow

PROJECT = Path(__file__).resolve().parent.parent
HOME = PROJECT / ".airflow" / "cluster"

WORKERS = ("worker-1", "worker-2")
#: The first is the one that every stack has.
TRIGGERERS = ("triggerer", "triggerer-2")


@contextmanager
def cluster(
    home: Path,
    *,
    dags: Sequence[Path],
    connections: Mapping[str, Mapping[str, Any]],
    settings: Mapping[str, str] | None = None,
    concurrency: int = 4,
) -> Iterator[Stack]:
    """Run :func:`dev.stack.airflow` with Celery, PostgreSQL, Redis, two workers, a second triggerer and a ledger.

    :param settings: further Airflow settings, as ``SECTION__KEY``.
    :param concurrency: tasks that one worker runs at a time.
    :raises StackError: if it does not come up.
    """
    with services(home / "logs") as found:
        celery = {
            "CELERY__BROKER_URL": found.broker,
            "CELERY__WORKER_CONCURRENCY": str(concurrency),
            "CELERY__SYNC_PARALLELISM": "1",
            # What is queued has a worker soon, so that one which does not start can be told from one that waits.
            "CORE__PARALLELISM": str(concurrency * len(WORKERS)),
        }
        with airflow(
            home,
            dags=dags,
            connections={**connections, **postgres_ledger(found.ledger)},
            database=found.database,
            executor="CeleryExecutor",
            settings={**celery, **SETTINGS, **(settings or {})},
        ) as stack:
            stack.start(TRIGGERERS[1], "triggerer", "--skip-serve-logs")
            for name in WORKERS:
                options = (
                    "--celery-hostname",
                    name,
                    "--skip-serve-logs",
                    "--without-gossip",
                    "--without-mingle",
                )
                stack.start(name, "celery", "worker", *options)
            yield stack


def main() -> int:
    """Run until Ctrl-C; 1 if something ended on its own."""
    shutil.rmtree(HOME, ignore_errors=True)
    print(
        "Starting PostgreSQL, Redis, Airflow with two workers and two triggerers, and the emulator ...",
        flush=True,
    )
    try:
        with signals_end_the_block(), serve() as emulator:
            found = connections(emulator.url)
            with cluster(HOME, dags=[PROJECT / "example_dags"], connections=found) as stack:
                print(f"\nAirflow:     {stack.url}  (no password)")
                print(f"Database:    {stack.environment['AIRFLOW__DATABASE__SQL_ALCHEMY_CONN']}")
                print(f"Ledger:      {stack.environment['AIRFLOW_CONN_SEEDANCE_LEDGER']}")
                print(f"Broker:      {stack.environment['AIRFLOW__CELERY__BROKER_URL']}")
                print(f"Emulator:    {emulator.url}/_emulator/ledger")
                print(f"Connections: {', '.join(found)}")
                print(f"Logs:        {HOME.relative_to(PROJECT)}/logs")
                print(
                    f"Also up:     {', '.join((*TRIGGERERS, *WORKERS))}. Ctrl-C ends everything.", flush=True
                )
                while True:
                    stack.processes.check()
                    time.sleep(1)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 0
    except (ProcessDied, StackError, OSError) as fault:
        print(f"\nThe cluster stopped: {fault}\nLogs: {HOME.relative_to(PROJECT)}/logs")
        return 1


if __name__ == "__main__":
    sys.exit(main())

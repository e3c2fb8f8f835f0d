"""``make airflow``: Airflow's web UI with the example DAGs and the emulator, to look around in."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from airflow_provider_seedance.emulator import serve
from dev.emulator import connections
from dev.ledger import SETTINGS, sqlite_ledger
from dev.processes import ProcessDied, signals_end_the_block
from dev.stack import StackError, airflow

EXAMPLE_DAGS = Path(__file__).resolve().parent.parent / "example_dags"
HOME = Path(".airflow", "look")


def main() -> int:
    """Run until Ctrl-C; 1 if something ended on its own."""
    shutil.rmtree(HOME, ignore_errors=True)
    print("Starting Airflow and the emulator ...", flush=True)
    try:
        with signals_end_the_block(), serve() as emulator:
            found = {**connections(emulator.url), **sqlite_ledger(HOME)}
            with airflow(HOME, dags=[EXAMPLE_DAGS], connections=found, settings=SETTINGS) as stack:
                print(f"\nAirflow:     {stack.url}  (no password)")
                print(f"Emulator:    {emulator.url}/_emulator/ledger")
                print(f"Connections: {', '.join(found)}")
                print("Trigger a DAG; its files come to /tmp/seedance. Ctrl-C ends everything.", flush=True)
                while True:
                    stack.processes.check()
                    time.sleep(1)
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 0
    except (ProcessDied, StackError, OSError) as fault:
        print(f"\nAirflow stopped: {fault}\nLogs: {HOME}/logs")
        return 1


if __name__ == "__main__":
    sys.exit(main())

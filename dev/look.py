"""``make airflow``: Airflow's web UI with the example DAGs and the emulator, to look around in."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow_provider_seedance.emulator import serve
from dev.api import AirflowApi
from dev.emulator import connections
from dev.ledger import SETTINGS, sqlite_ledger
from dev.processes import ProcessDied, signals_end_the_block
from dev.stack import StackError, airflow

EXAMPLE_DAGS = Path(__file__).resolve().parent.parent / "example_dags"
HOME = Path(".airflow", "look")
#: Vendor seconds in a second: a video takes some 10 s, in which one can see its task wait.
RATE = 12


def main() -> int:
    """Run until Ctrl-C; 1 if something ended on its own."""
    shutil.rmtree(HOME, ignore_errors=True)
    port = int(os.environ.get("AIRFLOW_PORT", "0")) or None
    print("Starting Airflow and the emulator ...", flush=True)
    try:
        with signals_end_the_block(), serve(rate=RATE) as emulator:
            found = connections(emulator.url)
            ledger = sqlite_ledger(HOME)
            with airflow(
                HOME, dags=[EXAMPLE_DAGS], port=port, connections=ledger, settings=SETTINGS
            ) as stack:
                store(stack.api, found)
                print(f"\nAirflow:     {stack.url}  (no password)")
                print(f"Emulator:    {emulator.url}/_emulator/ledger")
                print(f"Connections: {', '.join(found)}; see Admin -> Connections")
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


def store(api: AirflowApi, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Put connections into Airflow's database, where the UI shows, edits and tests them.

    The UI of Airflow 3.3.2 sends port 0 for an empty one, and the API tests a stored connection only at its own port.
    """
    for conn_id, connection in found.items():
        stored = {"connection_id": conn_id, "port": 0, "extra": json.dumps(connection["extra"])}
        api.call("POST", "/connections", json={**connection, **stored})


if __name__ == "__main__":
    sys.exit(main())

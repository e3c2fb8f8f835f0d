"""One AIRFLOW_HOME for each test process.

Airflow reads its settings when it is first imported, so a ``conftest.py`` whose tests use Airflow imports this first.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from dev.environment import airflow_environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "example_dags"
#: DAGs that only the tests need.
DAGS = ROOT / "tests" / "airflow" / "dags"

#: Where XComs are kept, below the home.
XCOM_FOLDER = "xcom"


def _settle_in() -> Path:
    home = Path(tempfile.mkdtemp(prefix="seedance-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "airflow.cfg").touch()
    settings = airflow_environment(
        home,
        dags=[EXAMPLES, DAGS],
        port=1,  # nobody listens there: what is tested in this process needs no API server
        database=f"sqlite:///{home / 'airflow.db'}",
        executor="LocalExecutor",
        connections={},
        settings={
            # As Airflow's own, until a test sets the threshold: then XComs lie in files.
            "CORE__XCOM_BACKEND": "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
            "COMMON_IO__XCOM_OBJECTSTORAGE_PATH": f"file://{home / XCOM_FOLDER}",
        },
    )
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    os.environ.update({name: value for name, value in settings.items() if name.startswith("AIRFLOW")})
    return home


#: ``None`` if Airflow had been imported before, by tests that do not care where its home is.
HOME = None if "airflow" in sys.modules else _settle_in()
XCOMS = (HOME or Path()) / XCOM_FOLDER

"""One video with the real operators, in a process of its own.

``python -m tests.core.vendors.outside.film HOST FOLDER``
"""

from __future__ import annotations

import json
import os
import sys

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator
from tests.airflow.running import TaskRun


def main(host: str, folder: str) -> None:
    """Generate, land and publish, and print what became of it."""
    connection = {
        "conn_type": "seedance",
        "password": "sk-wonka-0123",
        "host": host,
        "extra": {"vendor": "wonka"},
    }
    os.environ["AIRFLOW_CONN_WONKA"] = json.dumps(connection)
    generate = SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="wonka",
        prompt="A river of chocolate",
        duration=4,
        resolution="480p",
        aspect_ratio="16:9",
        max_cost="1 USD",
        destination=f"{folder}/landed.mp4",
    )
    video = TaskRun(generate)()
    publish = SeedancePublishVideoOperator(
        task_id="publish", video=video, destination=f"{folder}/published.mp4"
    )
    print(json.dumps({"video": video, "published": TaskRun(publish)()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

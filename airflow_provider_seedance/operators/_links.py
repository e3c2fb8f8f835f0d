"""Links on a task's page in Airflow's UI."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink


class GalleryLink(BaseOperatorLink):
    """Leads to the task's videos in the gallery, from the moment at which the task defers or ends."""

    name = "Seedance gallery"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The gallery's tab of the task instance.

        :param ti_key: names the task instance; a running one does as well.
        """
        from airflow.configuration import conf

        parts = ["dags", ti_key.dag_id, "runs", ti_key.run_id, "tasks", ti_key.task_id]
        if ti_key.map_index is not None and ti_key.map_index >= 0:
            parts += ["mapped", str(ti_key.map_index)]
        path = "/".join(quote(part, safe="") for part in (*parts, "plugin", "seedance-task"))
        return f"{conf.get('api', 'base_url', fallback='').rstrip('/')}/{path}"

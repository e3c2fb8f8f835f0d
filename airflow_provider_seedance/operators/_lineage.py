"""What a task has read and written, for those who draw lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow_provider_seedance.core.lifecycle.lineage import Lineage


class LineageMixin(BaseOperator):
    """Base of operators that tell where a video comes from and goes to."""

    _lineage: Lineage | None = None

    def _report_lineage(self, lineage: Lineage) -> None:
        """Tell it; what cannot be told costs no video."""
        from airflow_provider_seedance.runtime.lineage import collect

        self._lineage = lineage
        try:
            collect(self, lineage)
        except Exception as fault:  # noqa: BLE001 - whatever a reader or a handler of URIs raises
            self.log.warning("Airflow's lineage collector took nothing: %s", type(fault).__name__)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """The datasets and facets of this task, for the OpenLineage provider, which calls this."""
        from airflow_provider_seedance.runtime.lineage import openlineage_of

        return openlineage_of(self._lineage)

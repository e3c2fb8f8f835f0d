"""Lineage for Airflow: its own collector, and OpenLineage's facets where that provider is installed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from airflow_provider_seedance.core.lifecycle.lineage import Lineage


def collect(operator: BaseOperator, lineage: Lineage) -> None:
    """Tell Airflow's lineage collector, which hands it to the readers that are installed, if any."""
    from airflow.sdk.lineage import get_hook_lineage_collector

    from airflow_provider_seedance.runtime.asset_events import asset_uri

    collector: Any = get_hook_lineage_collector()
    for uri in lineage.inputs:
        collector.add_input_asset(operator, uri=asset_uri(uri))
    for uri in lineage.outputs:
        collector.add_output_asset(operator, uri=asset_uri(uri))


def openlineage_of(lineage: Lineage | None) -> Any:
    """An ``OperatorLineage``: datasets for what was read and written, and the run facet ``seedance``."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset

    from airflow_provider_seedance.core.lifecycle.lineage import dataset_name

    if lineage is None:
        return OperatorLineage()
    return OperatorLineage(
        inputs=[InputDataset(*dataset_name(uri)) for uri in lineage.inputs],
        outputs=[OutputDataset(*dataset_name(uri)) for uri in lineage.outputs],
        run_facets={"seedance": _facet_class(*lineage.facts)(**lineage.facts)},
    )


@cache
def _facet_class(*names: str) -> Any:
    """The run facet with these fields: which generation it was, or how many there were, and what that cost."""
    import attr
    from openlineage.client.facet_v2 import RunFacet

    fields = {name: attr.field(default=None) for name in names}
    return attr.make_class("SeedanceRunFacet", fields, bases=(RunFacet,))

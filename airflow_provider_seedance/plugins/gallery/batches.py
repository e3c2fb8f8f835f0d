"""The latest batches and how far each of them is, by what their tasks returned or keep in their state."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import and_, null, select

from airflow_provider_seedance.core.gallery.batches import Batch, batch_of
from airflow_provider_seedance.core.gallery.cards import TaskKey
from airflow_provider_seedance.core.gallery.filters import Filters
from airflow_provider_seedance.plugins.gallery.task_instances import (
    KEY_COLUMNS,
    TASK_STATE_TABLE,
    plain,
    same_task,
)
from airflow_provider_seedance.runtime.batch_session import KEY

#: Batches that a page shows.
LIMIT = 6
_OPERATOR = "SeedanceGenerateBatchOperator"


def latest_batches(filters: Filters, dag_ids: Collection[str]) -> list[Batch]:
    """The latest batches of the DAG, run and task that are filtered by."""
    ti, returned = TaskInstance, XComModel
    query = (
        select(
            ti.dag_id,
            ti.run_id,
            ti.task_id,
            ti.map_index,
            ti.state,
            returned.value.label("result"),
            (TASK_STATE_TABLE.value if TASK_STATE_TABLE else null()).label("progress"),
        )
        .outerjoin(returned, and_(same_task(returned), returned.key == "return_value"))
        .where(ti.operator == _OPERATOR, ti.dag_id.in_(sorted(dag_ids)))
    )
    if TASK_STATE_TABLE:
        query = query.outerjoin(
            TASK_STATE_TABLE, and_(same_task(TASK_STATE_TABLE), TASK_STATE_TABLE.key == KEY)
        )
    for name in KEY_COLUMNS:
        if (value := getattr(filters, name)) is not None:
            query = query.where(getattr(ti, name) == value)
    with create_session() as session:
        found = session.execute(query.order_by(ti.id.desc()).limit(LIMIT)).all()
    return [_batch(row) for row in found]


def _batch(row: Any) -> Batch:
    told = plain(row.result) or plain(row.progress)
    return batch_of(
        TaskKey(row.dag_id, row.run_id, row.task_id, row.map_index),
        row.state,
        told if isinstance(told, Mapping) else {},
    )

"""Whose videos a user may see: those of the DAGs whose task instances and XComs Airflow lets the user read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from airflow.models.dag import DagModel
from fastapi import Depends

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.batch_apis import IsAuthorizedDagRequest

#: A card shows the DAG's name, states of its task instances, and what they returned.
_ENTITIES = (None, DagAccessEntity.TASK_INSTANCE, DagAccessEntity.XCOM)


def readable_dag_ids(user: GetUserDep) -> set[str]:
    """The DAGs that the user may read."""
    listed = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    teams = _teams(listed)
    # One question for all first: most users may read the same of each DAG.
    if not listed or _may_read(listed, teams, user):
        return listed
    return {dag_id for dag_id in listed if _may_read([dag_id], teams, user)}


def dag_reader(user: GetUserDep) -> Callable[[str], bool]:
    """Tells of one DAG whether the user may read it."""
    return lambda dag_id: _may_read([dag_id], _teams([dag_id]), user)


def _may_read(dag_ids: Collection[str], teams: Mapping[str, str | None], user: Any) -> bool:
    requests: list[IsAuthorizedDagRequest] = [
        {"method": "GET", "access_entity": entity, "details": _details(dag_id, teams.get(dag_id))}
        for dag_id in dag_ids
        for entity in _ENTITIES
    ]
    return get_auth_manager().batch_is_authorized_dag(requests, user=user)


def _details(dag_id: str, team: str | None) -> DagDetails:
    return DagDetails(id=dag_id) if team is None else DagDetails(id=dag_id, team_name=team)


def _teams(dag_ids: Collection[str]) -> Mapping[str, str | None]:
    """The teams of DAGs; none where Airflow has no teams."""
    if not conf.getboolean("core", "multi_team", fallback=False):
        return {}
    return DagModel.get_dag_id_to_team_name_mapping(list(dag_ids))


ReadableDagIds = Annotated[set[str], Depends(readable_dag_ids)]
DagReader = Annotated[Callable[[str], bool], Depends(dag_reader)]

"""The gallery's routes. Each is for users who are logged in, and shows them DAGs that they may read."""

from __future__ import annotations

from html import escape

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep, get_user
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from fastapi import Depends, FastAPI
from fastapi.responses import HTMLResponse
from sqlalchemy import select

app = FastAPI(dependencies=[Depends(get_user)], openapi_url=None)


@app.get("/", response_class=HTMLResponse)
def gallery(user: GetUserDep) -> str:
    """The latest videos."""
    readable = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    ti = TaskInstance
    found = (
        select(ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state)
        .where(ti.operator == "SeedanceGenerateVideoOperator", ti.dag_id.in_(readable))
        .order_by(ti.queued_dttm.desc())
        .limit(48)
    )
    with create_session() as session:
        rows = session.execute(found).all()
    cards = "".join(f"<li>{' '.join(escape(str(value)) for value in row)}</li>" for row in rows)
    return f"<!DOCTYPE html><html lang=en><title>Seedance</title><h1>Seedance</h1><ul>{cards}</ul></html>"

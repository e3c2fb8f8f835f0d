"""Airflow's own tables as a gallery: task instances, what they returned, their rendered fields and their state."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session
from sqlalchemy import Select, String, and_, cast, func, null, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from airflow_provider_seedance.core.gallery.batches import Batch, batch_of
from airflow_provider_seedance.core.gallery.cards import (
    Card,
    GenerateTask,
    TaskKey,
    card_of_task,
    generation_of,
    manifest_in,
)
from airflow_provider_seedance.core.gallery.filters import CARDS_SHOWN, Filters
from airflow_provider_seedance.core.gallery.page import Page
from airflow_provider_seedance.core.gallery.states import TASK_STATES
from airflow_provider_seedance.core.gallery.wording import total
from airflow_provider_seedance.runtime.batch_session import KEY as BATCH_KEY
from airflow_provider_seedance.runtime.task_state import KEY
from airflow_provider_seedance.runtime.xcom import GENERATION_ID, REQUEST


def _task_states() -> Any:
    """The table of task states; ``None`` before Airflow 3.3."""
    try:
        from airflow.models.task_state_store import TaskStateStoreModel
    except ImportError:
        return None
    return TaskStateStoreModel


TASK_STATE_TABLE = _task_states()

#: Class names of operators that make one video or many, and of those that land or publish one.
GENERATING = ("SeedanceGenerateVideoOperator", "SeedanceDecoratedOperator")
BATCH = "SeedanceGenerateBatchOperator"
LANDING = ("SeedanceDownloadVideoOperator", "SeedancePublishVideoOperator")

#: What tells task instances apart, in every table here.
KEY_COLUMNS = ("dag_id", "run_id", "task_id", "map_index")


def page(filters: Filters, dag_ids: Collection[str], *, made_since: datetime | None = None) -> Page:
    """The cards and batches of these DAGs that the filters choose, the latest first.

    :param made_since: older task instances are not looked at, which saves going through all there are.
    """
    query = _chosen(select(TaskInstance.id).where(*_are_ours(dag_ids)), filters)
    if made_since is not None:
        query = query.where(TaskInstance.id >= _first_id(made_since))
    with create_session() as session:
        # The ids are made in the order of time. They are sorted alone: rows with all their JSON take seconds, and joins
        # with the tables that hold it as long as all else.
        latest = query.order_by(TaskInstance.id.desc())
        ids = latest.offset(filters.offset).limit(CARDS_SHOWN + 1).subquery()
        rows = _tasks(dag_ids).where(TaskInstance.id.in_(ids.select()))
        found = session.execute(rows.order_by(TaskInstance.id.desc())).all()
        shown = found[:CARDS_SHOWN]
        cards = _cards(session, [_generate_task(row) for row in shown if row.operator != BATCH])
    return Page(
        cards=cards,
        has_next=len(found) > CARDS_SHOWN,
        count=None,
        sums=total(card.cost for card in cards),
        choices={"dag_id": sorted({row.dag_id for row in shown})},
        batches=[_batch(row) for row in shown if row.operator == BATCH],
    )


def find(key: Mapping[str, str]) -> Card | None:
    """The card of a task instance, whoever may read it; one that downloads or publishes a video has a card too."""
    task = Filters.parse(key).task
    if task is None:
        return None
    query = _tasks({task.dag_id}, (*GENERATING, *LANDING)).where(
        *(getattr(TaskInstance, name) == value for name, value in vars(task).items()),
    )
    with create_session() as session:
        row = session.execute(query).first()
        if row is None:
            return None
        if row.operator in LANDING:
            found = _generate_task(row)
            return replace(card_of_task(found), manifest=manifest_in(found.result))
        return _cards(session, [_generate_task(row)])[0]


def _first_id(moment: datetime) -> Any:
    """The lowest id of a task instance made at a moment or later: the first 48 bits of a UUIDv7 are milliseconds."""
    lowest = UUID(int=int(moment.timestamp() * 1000) << 80)
    # A text before Airflow 3.3.
    python_type: Any = TaskInstance.id.type.python_type
    return python_type(str(lowest))


def batches_of(tasks: Collection[TaskKey]) -> list[Batch]:
    """How far the batches of these task instances are, the latest first."""
    if not tasks:
        return []
    keys = tuple_(*(getattr(TaskInstance, name) for name in KEY_COLUMNS))
    query = _tasks({task.dag_id for task in tasks}).where(
        TaskInstance.operator == BATCH, keys.in_([tuple(vars(task).values()) for task in tasks])
    )
    with create_session() as session:
        return [_batch(row) for row in session.execute(query.order_by(TaskInstance.id.desc()))]


def _same_task(table: Any) -> Any:
    """Whether a row of another table is about the task instance."""
    return and_(*(getattr(table, name) == getattr(TaskInstance, name) for name in KEY_COLUMNS))


def _are_ours(dag_ids: Collection[str], operators: Collection[str] = (*GENERATING, BATCH)) -> tuple[Any, ...]:
    """Whether a task instance is one that makes a video, of these DAGs.

    :param operators: class names.
    """
    # Not the bare column: its index would have all of the user's task instances sorted for each page.
    return (
        TaskInstance.operator.in_(operators),
        TaskInstance.dag_id.concat("").in_(sorted(dag_ids)),
    )


def _with_words(query: Select[Any]) -> Select[Any]:
    """The query, with what the task instances returned and were given."""
    returned, rendered = XComModel, RenderedTaskInstanceFields
    return query.outerjoin(returned, and_(_same_task(returned), returned.key == "return_value")).outerjoin(
        rendered, _same_task(rendered)
    )


def _tasks(dag_ids: Collection[str], operators: Collection[str] = (*GENERATING, BATCH)) -> Select[Any]:
    """Task instances that make a video, with all that is told of them.

    :param operators: class names.
    """
    query = _with_words(
        select(
            TaskInstance.dag_id,
            TaskInstance.run_id,
            TaskInstance.task_id,
            TaskInstance.map_index,
            TaskInstance.state,
            TaskInstance.operator,
            func.coalesce(TaskInstance.queued_dttm, TaskInstance.start_date).label("created_at"),
            XComModel.value.label("result"),
            RenderedTaskInstanceFields.rendered_fields.label("rendered"),
            (TASK_STATE_TABLE.value if TASK_STATE_TABLE else null()).label("record"),
        ).where(*_are_ours(dag_ids, operators))
    )
    if TASK_STATE_TABLE:
        query = query.outerjoin(
            TASK_STATE_TABLE, and_(_same_task(TASK_STATE_TABLE), TASK_STATE_TABLE.key.in_((KEY, BATCH_KEY)))
        )
    return query


def _chosen(query: Select[Any], filters: Filters) -> Select[Any]:
    ti = TaskInstance
    for name in KEY_COLUMNS:
        if (value := getattr(filters, name)) is not None:
            query = query.where(getattr(ti, name) == value)
    if filters.state == "in_progress":
        # Airflow has no word for a task instance that waits to be scheduled.
        query = query.where(or_(ti.state.is_(None), ti.state.in_(TASK_STATES[filters.state])))
    elif filters.state:
        query = query.where(ti.state.in_(TASK_STATES[filters.state]))
    created = func.coalesce(ti.queued_dttm, ti.start_date)
    if filters.started_at:
        query = query.where(created >= filters.started_at)
    if filters.ended_at:
        query = query.where(created < filters.ended_at)
    if filters.text is not None:
        query = query.where(
            tuple_(*(getattr(ti, name) for name in KEY_COLUMNS)).in_(_tasks_about(filters.text))
        )
    named = [
        or_(
            *(
                _mentions(column, wanted, before=f'"{name}": "', after='"')
                for column in (RenderedTaskInstanceFields.rendered_fields, XComModel.value)
            )
        )
        for name, wanted in (("vendor", filters.vendor), ("model", filters.model))
        if wanted is not None
    ]
    return _with_words(query).where(*named) if named else query


def _tasks_about(text: str) -> Any:
    """The keys of task instances whose request has a text in it, or whose generation has it for its id.

    Each table is read by itself, and what tasks returned is not read: that takes a tenth of what joins take.
    """
    given, told = RenderedTaskInstanceFields, XComModel
    whole = [json.dumps(text), json.dumps(json.dumps(text))]
    wanted = (
        (given, _mentions(given.rendered_fields, text)),
        (told, and_(told.key == REQUEST, _mentions(told.value, text))),
        (told, and_(told.key == GENERATION_ID, cast(told.value, String).in_(whole))),
    )
    return union_all(
        *(select(*(getattr(table, name) for name in KEY_COLUMNS)).where(clause) for table, clause in wanted)
    )


def _mentions(column: Any, wanted: str, *, before: str = "", after: str = "") -> Any:
    """Whether a column has a text in it, however the database stores JSON."""
    forms = {f"{before}{json.dumps(wanted, ensure_ascii=ascii)[1:-1]}{after}" for ascii in (True, False)}
    return or_(*(cast(column, String).icontains(form, autoescape=True) for form in sorted(forms)))


def _generate_task(row: Any) -> GenerateTask:
    return GenerateTask(
        key=TaskKey(row.dag_id, row.run_id, row.task_id, row.map_index),
        state=row.state,
        created_at=row.created_at,
        result=_plain(row.result),
        rendered=row.rendered,
        record=_plain(row.record),
    )


def _batch(row: Any) -> Batch:
    told = _plain(row.result) or _plain(row.record)
    key = TaskKey(row.dag_id, row.run_id, row.task_id, row.map_index)
    return batch_of(key, row.state, told if isinstance(told, Mapping) else {})


def _plain(value: Any) -> Any:
    """A stored value that may be JSON, or its text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _cards(session: Session, tasks: Iterable[GenerateTask]) -> list[Card]:
    """The cards of tasks, with the files that other tasks of their runs have landed."""
    tasks = list(tasks)
    cards = [card_of_task(task) for task in tasks]
    landed = _landed(session, [card for card in cards if card.generation_id and not card.manifest])
    return [
        card
        if card.manifest or card.generation_id not in landed
        else card_of_task(task, landed[card.generation_id])
        for task, card in zip(tasks, cards, strict=True)
    ]


def _landed(session: Session, cards: Collection[Card]) -> dict[str | None, Mapping[str, Any]]:
    """The manifests of cards' files that the download and publish tasks of their runs have left, by generation."""
    if not cards:
        return {}
    returned = aliased(XComModel)
    told = cast(returned.value, String)
    query = (
        select(returned.value)
        .join(TaskInstance, and_(_same_task(returned), returned.key == "return_value"))
        .where(
            TaskInstance.operator.in_(LANDING),
            tuple_(TaskInstance.dag_id, TaskInstance.run_id).in_(
                sorted({(card.task.dag_id, card.task.run_id) for card in cards})
            ),
            or_(*(told.contains(_in_json(card.generation_id), autoescape=True) for card in cards)),
        )
    )
    manifests = (manifest_in(_plain(value)) for value in session.execute(query).scalars())
    return {generation_of(manifest): manifest for manifest in manifests if manifest}


def _in_json(text: str | None) -> str:
    return json.dumps(text)[1:-1]

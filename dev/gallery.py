"""Videos for looking at the gallery without making any: rows of Airflow's tables and of a ledger, and small files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import av
from sqlalchemy import URL, create_engine, func, insert, select

from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Intent, Order, Owner, Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.emulator.media.drawing import Clip
from airflow_provider_seedance.emulator.media.video import render_video
from airflow_provider_seedance.models import Cost, Pending, Status
from dev.environment import plain_environment
from dev.ledger import SETTINGS, sqlite_ledger
from dev.stack import Stack, airflow, fresh_sqlite

#: Task state of Airflow -> status of the ledger.
_STATUSES = {"success": "succeeded", "failed": "failed", "deferred": "submitted", "removed": "cancelled"}
RUN_ID = "manual__2026-11-28"


@dataclass(frozen=True)
class Video:
    """A video that is to be shown.

    :param state: Airflow's word for its task.
    :param ago: how long ago it was ordered.
    :param file: where it was landed.
    :param summary: what its task returned, if it is the first row of a batch.
    :param progress: percent, of one that is under way.
    """

    prompt: str
    dag_id: str = "film"
    task_id: str = "shot"
    map_index: int = -1
    state: str = "success"
    vendor: str = "modelark"
    model: str = "seedance-2.0"
    size: tuple[int, int] = (640, 360)
    seconds: int = 5
    cost: str = "0.45"
    currency: str = "USD"
    ago: timedelta = timedelta(minutes=5)
    file: Path | None = None
    reason: str | None = None
    summary: Mapping[str, Any] | None = None
    progress: int | None = None

    @cached_property
    def generation_id(self) -> str:
        return (
            "cgt-" + hashlib.sha256(f"{self.task_id}{self.map_index}{self.prompt}".encode()).hexdigest()[:16]
        )

    @property
    def request(self) -> dict[str, Any]:
        width, height = self.size
        ratio = "16:9" if width > height else "9:16" if width < height else "1:1"
        return {
            "prompt": self.prompt,
            "model": self.model,
            "duration": self.seconds,
            "resolution": f"{min(self.size)}p",
            "aspect_ratio": ratio,
        }

    @cached_property
    def manifest(self) -> dict[str, Any] | None:
        """As landing leaves it."""
        if self.file is None:
            return None
        content = self.file.read_bytes()
        width, height = self.size
        return {
            "uri": str(self.file),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content_type": "video/mp4",
            "media": {"duration": self.seconds + 1 / 24, "width": width, "height": height},
            "source": {
                "vendor": self.vendor,
                "generation_id": self.generation_id,
                "model": self.model,
            },
            "provenance": {"request": self.request, "generated_by": _key(self)},
            "landed_at": "2026-11-28T00:00:00+00:00",
        }

    @cached_property
    def result(self) -> Mapping[str, Any] | None:
        """As the operator returns it, with links that nobody may see."""
        if self.summary is not None:
            return self.summary
        if self.state != "success":
            return None
        return {
            "vendor": self.vendor,
            "seedance_conn_id": f"seedance_{self.vendor}",
            "generation_id": self.generation_id,
            "model": self.model,
            "mode": "text",
            "status": "succeeded",
            "video_url": f"https://vendor.example/{self.generation_id}.mp4?X-Signature=secret",
            "cost": {"amount": self.cost, "currency": self.currency, "basis": "billed"},
            "provenance": {"request": self.request},
            "manifest": self.manifest,
        }


def render(video: Video, folder: Path) -> Path:
    """A playable file for a video, with its poster and its record beside it."""
    target = folder / f"{video.generation_id}.mp4"
    clip = Clip(
        vendor=video.vendor,
        model=video.model,
        mode="text",
        prompt=video.prompt,
        id_suffix=video.generation_id[-6:],
        size=video.size,
        frames=24 * video.seconds + 1,
        audio=True,
    )
    render_video(clip, target)
    with av.open(str(target)) as container:
        middle = next(islice(container.decode(video=0), 12 * video.seconds, None))
    middle.to_image().save(target.with_suffix(".jpg"), quality=85)  # type: ignore[no-untyped-call]
    write_record(replace(video, file=target))
    return target


def write_record(video: Video) -> None:
    """Put the manifest of a video beside its file."""
    assert video.file
    Path(f"{video.file}.json").write_text(json.dumps(video.manifest), encoding="utf-8")


@contextmanager
def gallery(
    home: Path,
    videos: Sequence[Video],
    *,
    with_ledger: bool = True,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[Stack]:
    """Run an API server whose tables, and whose ledger, have these videos.

    :param home: AIRFLOW_HOME; it must be empty.
    :param settings: of Airflow, as ``SECTION__KEY``.
    """
    now = datetime.now(timezone.utc)
    home.mkdir(parents=True, exist_ok=True)
    fresh_sqlite(home, {**plain_environment(), "AIRFLOW_HOME": str(home)})
    fill_airflow(f"sqlite:///{home / 'airflow.db'}", videos, now)
    used = dict(settings or {})
    connections: dict[str, dict[str, Any]] = {}
    if with_ledger:
        fill_ledger(home / "ledger.db", videos, now).engine.dispose()
        connections, used = sqlite_ledger(home), {**SETTINGS, **used}
    with airflow(
        home, dags=[], connections=connections, settings=used, port=port, parts=["api-server"]
    ) as stack:
        yield stack


def fill_airflow(database: str, videos: Iterable[Video], now: datetime) -> None:
    """Put task instances that have made these videos into Airflow's tables.

    :param database: SQLAlchemy URL of a migrated database, which may hold other DAGs and their runs.
    """
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.dagrun import DagRun
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel

    videos = list(videos)
    engine = create_engine(database)
    with engine.begin() as connection:
        last = connection.scalar(select(func.max(DagRun.id))) or 0
        dag_ids = sorted({one.dag_id for one in videos})
        runs = {dag_id: number for number, dag_id in enumerate(dag_ids, start=last + 1)}
        connection.execute(insert(DagBundleModel.__table__), [{"name": "seeded"}])
        connection.execute(insert(DagModel.__table__), [_dag(dag_id) for dag_id in runs])
        connection.execute(
            insert(DagRun.__table__), [_dag_run(number, dag_id, now) for dag_id, number in runs.items()]
        )
        connection.execute(insert(TaskInstance.__table__), [_task_instance(one, now) for one in videos])
        rendered = [
            {**_key(one), "rendered_fields": {**one.request, "seedance_conn_id": f"seedance_{one.vendor}"}}
            for one in videos
        ]
        connection.execute(insert(RenderedTaskInstanceFields.__table__), rendered)
        returned = [_xcom(one, runs[one.dag_id], now) for one in videos if one.result]
        if returned:
            connection.execute(insert(XComModel.__table__), returned)
    engine.dispose()


def _dag(dag_id: str) -> dict[str, Any]:
    return {
        "dag_id": dag_id,
        "bundle_name": "seeded",
        "is_stale": False,
        "is_paused": False,
        "max_active_tasks": 16,
        "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": False,
        "exceeds_max_non_backfill": False,
    }


def _dag_run(number: int, dag_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "dag_id": dag_id,
        "run_id": RUN_ID,
        "run_type": "manual",
        "state": "running",
        "start_date": now,
        "run_after": now,
    }


def _task_instance(video: Video, now: datetime) -> dict[str, Any]:
    return {
        **_key(video),
        "state": video.state,
        "operator": f"SeedanceGenerate{'Video' if video.summary is None else 'Batch'}Operator",
        "queued_dttm": now - video.ago,
        "pool": "default_pool",
        "try_number": 1,
        "max_tries": 0,
        "executor_config": {},
    }


def _xcom(video: Video, dag_run_id: int, now: datetime) -> dict[str, Any]:
    return {
        **_key(video),
        "dag_run_id": dag_run_id,
        "key": "return_value",
        "value": video.result,
        "timestamp": now,
    }


def _key(video: Video) -> dict[str, Any]:
    return {
        "dag_id": video.dag_id,
        "run_id": RUN_ID,
        "task_id": video.task_id,
        "map_index": video.map_index,
    }


def fill_ledger(path: Path, videos: Sequence[Video], now: datetime) -> Ledger:
    """A ledger in which these videos were ordered, the last one last."""
    ledger = Ledger.open(make_engine(URL.create("sqlite", database=str(path))))
    for number, video in enumerate(videos):
        intent = _intent(number, video, now - video.ago)
        ledger.insert(intent)
        ledger.progress(number + 1, _progress(video), now)
        if video.progress is not None:
            ledger.note_pending([_pending(video)])
    return ledger


def _intent(number: int, video: Video, moment: datetime) -> Intent:
    request = video.request
    estimate = Cost(amount=Decimal(video.cost), currency=video.currency, basis="estimated")
    return Intent(
        owner=Owner(str(number), **_key(video), batch_row=None if video.summary is None else 0),
        number=1,
        intent_id=f"sd-{number}",
        vendor=video.vendor,
        account_id="account",
        seedance_conn_id=f"seedance_{video.vendor}",
        created_at=moment,
        order=Order(
            fingerprint=f"v1:{number}",
            model=video.model,
            mode="text",
            prompt=request.pop("prompt"),
            request=json.dumps(request),
            estimate=estimate,
        ),
        progress=Progress("intended", {}),
    )


def _pending(video: Video) -> Pending:
    return Pending(
        vendor=video.vendor,
        generation_id=video.generation_id,
        status=Status.RUNNING,
        progress=video.progress,
    )


def _progress(video: Video) -> Progress:
    status: Any = _STATUSES[video.state]
    billed = Cost(amount=Decimal(video.cost), currency=video.currency, basis="billed")
    settlement = {"succeeded": Settlement(billed), "submitted": None}.get(status, Settlement.free())
    return Progress(
        status,
        None,
        generation_id=video.generation_id,
        reason=video.reason,
        settlement=settlement,
        manifest=video.manifest,
    )

"""One card of the gallery: what the ledger, or Airflow itself, knows of one video."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_seedance.core.gallery.states import state_of_status, state_of_task
from airflow_provider_seedance.core.gallery.values import amount, mapping, number, readable, text, whole
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.models import GENERATION_ID


@dataclass(frozen=True)
class TaskKey:
    """The task instance that a card leads to.

    :param map_index: -1 for a task that is not mapped.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


@dataclass(frozen=True)
class Card:
    """One video, or the attempt to make one. Without any link that opens a vendor's file.

    :param key: names it in the addresses of its file, its poster and its manifest.
    :param state: one of :data:`~airflow_provider_seedance.core.gallery.states.STATES`.
    :param status: the precise word for it.
    :param progress: percent, of a video that is under way, where its vendor tells it.
    :param cost: ``amount``, ``currency`` and ``basis``.
    :param request: what was asked for, by the names of ``GenerationRequest``; of each link the host alone.
    :param manifest: of the landed file.
    :param reason: why there is no video.
    :param in_ledger: whether the ledger tells this; else Airflow's tables do, to which users can write XComs.
    """

    key: Mapping[str, str]
    task: TaskKey
    state: str
    status: str
    progress: int | None = None
    batch_row: int | None = None
    vendor: str | None = None
    model: str | None = None
    mode: str | None = None
    generation_id: str | None = None
    seedance_conn_id: str | None = None
    cost: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] | None = None
    reason: str | None = None
    in_ledger: bool = False

    @property
    def prompt(self) -> str | None:
        """What the video shows, in the author's words."""
        return text(self.request.get("prompt"))

    @property
    def uri(self) -> str | None:
        """Where the file is; ``None`` if it was not landed."""
        return self.manifest["uri"] if self.manifest else None

    @property
    def duration(self) -> float | None:
        """Seconds: of the file, else as asked for."""
        asked = number(self.request.get("duration"))
        return self._media("duration") or (asked if asked and asked > 0 else None)

    @property
    def size(self) -> str | None:
        """Pixels of the file, else what was asked for: ``1280 × 720`` or ``720p 16:9``."""
        width, height = self._media("width"), self._media("height")
        if width and height:
            return f"{width} × {height}"
        asked = (text(self.request.get(name)) for name in ("resolution", "aspect_ratio"))
        return " ".join(filter(None, asked)) or None

    @property
    def bytes(self) -> int | None:
        """Of the file."""
        return whole((self.manifest or {}).get("bytes"))

    def _media(self, name: str) -> float | None:
        return number(mapping((self.manifest or {}).get("media")).get(name))


def card_of_intent(row: Mapping[str, Any]) -> Card:
    """The card of a row of the ledger."""
    request = {**_json(row["request"]), "prompt": readable(row["prompt"])}
    under_way = row["status"] in ("intended", "submitted")
    cost = row["cost_amount"]
    return Card(
        key={"id": str(row["id"])},
        task=TaskKey(row["dag_id"], row["run_id"], row["task_id"], row["map_index"]),
        state=state_of_status(row["status"]),
        status=(row["vendor_status"] or "in progress") if under_way else row["status"],
        progress=row["progress"] if under_way else None,
        batch_row=row["batch_row"],
        vendor=row["vendor"],
        model=row["model"],
        mode=row["mode"],
        generation_id=row["generation_id"],
        seedance_conn_id=row["seedance_conn_id"],
        cost={
            "amount": None if cost is None else f"{cost:f}",
            "currency": row["cost_currency"],
            "basis": row["cost_basis"],
        },
        created_at=row["created_at"],
        request=request,
        manifest=manifest_in(_json(row["manifest"])),
        reason=readable(row["reason"]),
        in_ledger=True,
    )


@dataclass(frozen=True)
class GenerateTask:
    """What Airflow knows of a task instance that makes one video.

    :param state: Airflow's word.
    :param created_at: when it was queued, or began.
    :param result: what it returned.
    :param rendered: its rendered fields.
    :param record: the record in its task state.
    """

    key: TaskKey
    state: str | None
    created_at: datetime | None
    result: Any = None
    rendered: Any = None
    record: Any = None


def card_of_task(task: GenerateTask, manifest: Mapping[str, Any] | None = None) -> Card:
    """The card of a task instance.

    :param manifest: of the file that another task of its run has landed.
    """
    result, rendered, record = (mapping(readable(part)) for part in (task.result, task.rendered, task.record))
    provenance = mapping(result.get("provenance"))
    asked = {name: rendered[name] for name in REQUEST_FIELDS if rendered.get(name) not in (None, "")}
    outcome = mapping(record.get("outcome"))
    told = {**record, **{name: value for name, value in result.items() if value is not None}}
    request = mapping(provenance.get("request")) or asked
    return Card(
        key={name: str(value) for name, value in vars(task.key).items()},
        task=task.key,
        state=state_of_task(task.state),
        status=(task.state or "none").replace("success", "succeeded").replace("_", " "),
        vendor=text(told.get("vendor")),
        model=text(told.get("model") or request.get("model")),
        mode=text(result.get("mode")),
        generation_id=_generation_id(told.get("generation_id")),
        seedance_conn_id=text(told.get("seedance_conn_id") or rendered.get("seedance_conn_id")),
        cost=_cost(result.get("cost")),
        created_at=task.created_at,
        request=redact_values(dict(request), hide_links=True),
        manifest=manifest_in(result.get("manifest")) or manifest,
        reason=text(outcome.get("reason")),
    )


def manifest_in(value: Any) -> Mapping[str, Any] | None:
    """The manifest that a task returned, or the publication; ``None`` if it is neither."""
    found = mapping(readable(value))
    if isinstance(found.get("manifest"), Mapping) and "media" not in found:
        found = {**found["manifest"], "uri": found.get("uri")}
    return found if isinstance(found.get("uri"), str) and isinstance(found.get("source"), Mapping) else None


def generation_of(manifest: Mapping[str, Any]) -> str | None:
    """The id of the generation that a landed file comes from."""
    return _generation_id(manifest["source"].get("generation_id"))


def _generation_id(value: Any) -> str | None:
    found = text(value)
    return found if found and GENERATION_ID.fullmatch(found) else None


def _json(told: str | None) -> dict[str, Any]:
    return mapping(readable(json.loads(told))) if told else {}


def _cost(value: Any) -> dict[str, str | None]:
    """``amount``, ``currency`` and ``basis``; empty where there is no amount."""
    told = mapping(value)
    found = amount(told.get("amount"))
    if found is None:
        return {}
    return {"amount": f"{found:f}", "currency": text(told.get("currency")), "basis": text(told.get("basis"))}

"""A finished generation as the JSON object that goes into XCom: every key is there, null for what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.landing.manifest import Manifest, Provenance, TaskReference
from airflow_provider_seedance.core.redaction import RESULT_LINK_KEYS, redact_values
from airflow_provider_seedance.core.submission.attempts import Attempt
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.models import Cost, GenerationRequest, Succeeded

#: Sums by currency and basis, as decimal strings.
Totals = dict[str, dict[str, str]]


def nothing_paid(manifest: Manifest) -> Cost:
    """The cost of a video that is reused: nothing, in the currency of what it once cost."""
    return Cost(amount=Decimal(0), currency=(manifest.provenance.cost or {}).get("currency"), basis="billed")


def reference_to(task: TaskIdentity) -> TaskReference:
    """The task, for manifests and sidecars."""
    return TaskReference(
        dag_id=task.dag_id, run_id=task.run_id, task_id=task.task_id, map_index=task.map_index
    )


def provenance_of(
    generation: Succeeded,
    request: GenerationRequest | None,
    catalog: Catalog,
    task: TaskIdentity | None,
    *,
    row: int | None = None,
) -> Provenance:
    """How a finished generation's video came about, for its manifest.

    :param request: what was asked for; ``None`` for a generation adopted by its id.
    :param task: the task that had it generated.
    :param row: of a batch.
    """
    return Provenance(
        request=_request_without_secrets(request) if request else None,
        mode=request.mode.value if request else None,
        seed=_seed(generation, request),
        cost=cost_dict(catalog.cost(generation, request)),
        usage=_usage(generation),
        generated_by=reference_to(task) if task else None,
        row=row,
    )


def result_dict(
    generation: Succeeded,
    *,
    seedance_conn_id: str,
    request: GenerationRequest | None,
    catalog: Catalog,
    provenance: Provenance,
) -> dict[str, Any]:
    """What an operator returns for a finished generation.

    ``video_url`` and ``last_frame_url`` are short-lived bearer links.

    :param request: what was asked for; ``None`` for a generation adopted by its id.
    :param provenance: see :func:`provenance_of`.
    """
    requested = request.model_dump() if request else {}
    resolution = generation.resolution or requested.get("resolution")
    aspect_ratio = generation.aspect_ratio or requested.get("aspect_ratio")
    model = generation.model or requested.get("model")
    width, height = catalog.frame_size(model or "", resolution, aspect_ratio) or (None, None)
    duration = generation.duration or requested.get("duration")
    return {
        "vendor": generation.vendor,
        "seedance_conn_id": seedance_conn_id,
        "generation_id": generation.generation_id,
        "model": model,
        "mode": request.mode.value if request else None,
        "status": generation.status.value,
        "video_url": generation.video_url,
        "last_frame_url": generation.last_frame_url,
        "duration": _integer_if_whole(None if duration == -1 else duration),
        "resolution": resolution,
        "aspect_ratio": aspect_ratio,
        "width": width,
        "height": height,
        "seed": provenance.seed,
        "usage": provenance.usage,
        "cost": provenance.cost,
        "created_at": _iso_format(generation.created_at),
        "finished_at": _iso_format(generation.finished_at),
        "expires_at": _iso_format(generation.expires_at),
        "reused": False,
        "request_fingerprint": fingerprint(request) if request else None,
        "provenance": provenance.to_dict(),
    }


def result_of_landed(manifest: Manifest, seedance_conn_id: str) -> dict[str, Any]:
    """What an operator returns for a landed video that the vendor has no more: what its manifest tells."""
    media, source, provenance = manifest.media, manifest.source, manifest.provenance
    requested = provenance.request or {}
    return {
        "vendor": source.vendor,
        "seedance_conn_id": seedance_conn_id,
        "generation_id": source.generation_id,
        "model": source.model,
        "mode": provenance.mode,
        "status": "succeeded",
        "video_url": None,
        "last_frame_url": None,
        "duration": media.duration,
        "resolution": requested.get("resolution"),
        "aspect_ratio": requested.get("aspect_ratio"),
        "width": media.width,
        "height": media.height,
        "seed": provenance.seed,
        "usage": provenance.usage,
        "cost": provenance.cost or cost_dict(Cost()),
        "created_at": None,
        "finished_at": None,
        "expires_at": None,
        "reused": False,
        "request_fingerprint": source.request_fingerprint,
        "provenance": provenance.to_dict(),
        "manifest": manifest.to_dict(),
    }


def reused_dict(manifest: Manifest, request: GenerationRequest, seedance_conn_id: str) -> dict[str, Any]:
    """What an operator returns for the video of an equal request: nothing was paid, and the links to it are dead."""
    return {
        **result_of_landed(manifest, seedance_conn_id),
        "model": manifest.source.model or request.model,
        "mode": request.mode.value,
        "resolution": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "seed": request.seed,
        "usage": None,
        "cost": cost_dict(nothing_paid(manifest)),
        "reused": True,
        "request_fingerprint": fingerprint(request),
    }


def with_attempts(result: dict[str, Any], record: SubmissionRecord | None) -> dict[str, Any]:
    """A result with all attempts at its video, and what they have cost together.

    :param record: of the task; ``None`` for a video that it has adopted.
    """
    attempts = [attempt_dict(attempt) for attempt in (record.all_attempts if record else ())]
    if attempts and not result.get("reused"):
        attempts[-1] |= {"status": result["status"], "cost": result["cost"]}
    paid = totals(Cost(**attempt["cost"]) for attempt in attempts)
    return {**result, "attempts": attempts, "paid": paid}


def attempt_dict(attempt: Attempt) -> dict[str, Any]:
    """An attempt as a JSON object."""
    return {
        "connection": attempt.connection,
        "vendor": attempt.vendor,
        "rung": attempt.rung,
        "generation_id": attempt.generation_id,
        "status": attempt.status,
        "reason": attempt.reason,
        "cost": cost_dict(attempt.cost),
    }


def totals(costs: Iterable[Cost]) -> Totals:
    """Sums by currency and basis, as decimal strings: ``{"USD": {"billed": "1.20"}}``."""
    sums: dict[str, dict[str, Decimal]] = {}
    for cost in costs:
        if cost.amount is not None and cost.currency:
            by_basis = sums.setdefault(cost.currency, {})
            by_basis[cost.basis] = by_basis.get(cost.basis, Decimal(0)) + cost.amount
    return {
        currency: {basis: f"{amount:f}" for basis, amount in by_basis.items()}
        for currency, by_basis in sums.items()
    }


def without_links(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result that may be stored: the links in it are left out."""
    return {**result, **{key: None for key in RESULT_LINK_KEYS if key in result}}


def _request_without_secrets(request: GenerationRequest) -> dict[str, Any]:
    """Of each link its host alone: one that an earlier task has returned may open its file without any query."""
    fields: dict[str, Any] = request.model_dump(mode="json", exclude_defaults=True)
    without: dict[str, Any] = redact_values({"model": request.model, **fields}, hide_links=True)
    return without


def _seed(generation: Succeeded, request: GenerationRequest | None) -> int | None:
    """As the vendor tells, else as it was asked for."""
    asked = request.seed if request else None
    return asked if generation.seed is None else generation.seed


def _usage(generation: Succeeded) -> dict[str, Any] | None:
    return generation.usage.model_dump() if generation.usage else None


def cost_dict(cost: Cost) -> dict[str, Any]:
    """A cost as a JSON object: the amount as a decimal string, so that nothing is lost."""
    amount = None if cost.amount is None else f"{cost.amount:f}"
    return {"amount": amount, "currency": cost.currency, "basis": cost.basis}


def _integer_if_whole(seconds: float | None) -> int | float | None:
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds


def _iso_format(value: datetime | None) -> str | None:
    return value.isoformat() if value else None

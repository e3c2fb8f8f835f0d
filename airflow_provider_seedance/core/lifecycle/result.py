"""The plain dict that a generation becomes in XCom: every key always there, null where the vendor tells nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.core.catalog import Catalog
    from airflow_provider_seedance.models import Cost, GenerationRequest, Succeeded


def result(
    generation: Succeeded, *, seedance_conn_id: str, request: GenerationRequest | None, catalog: Catalog
) -> dict[str, Any]:
    """What an operator returns for a finished generation.

    ``video_url`` and ``last_frame_url`` are short-lived bearer links.

    :param request: what was asked for; ``None`` for a generation adopted by its id.
    """
    asked = request.model_dump() if request else {}
    resolution = generation.resolution or asked.get("resolution")
    aspect_ratio = generation.aspect_ratio or asked.get("aspect_ratio")
    model = generation.model or asked.get("model")
    width, height = catalog.frame_size(model or "", resolution, aspect_ratio) or (None, None)
    duration = generation.duration or asked.get("duration")
    return {
        "vendor": generation.vendor,
        "seedance_conn_id": seedance_conn_id,
        "generation_id": generation.generation_id,
        "model": model,
        "mode": request.mode.value if request else None,
        "status": generation.status.value,
        "video_url": generation.video_url,
        "last_frame_url": generation.last_frame_url,
        "duration": _whole(None if duration == -1 else duration),
        "resolution": resolution,
        "aspect_ratio": aspect_ratio,
        "width": width,
        "height": height,
        "seed": generation.seed if generation.seed is not None else asked.get("seed"),
        "usage": generation.usage.model_dump() if generation.usage else None,
        "cost": cost(catalog.cost(generation, request)),
        "created_at": _instant(generation.created_at),
        "finished_at": _instant(generation.finished_at),
        "expires_at": _instant(generation.expires_at),
    }


def cost(value: Cost) -> dict[str, Any]:
    """An amount as JSON: the number as a decimal string, so that nothing is lost."""
    amount = None if value.amount is None else f"{value.amount:f}"
    return {"amount": amount, "currency": value.currency, "basis": value.basis}


def generation_id_of(video: Mapping[str, Any] | str) -> str:
    """The id in an operator's result, or the id itself.

    :raises ValueError: if there is none.
    """
    found = video.get("generation_id") if isinstance(video, Mapping) else video
    if not isinstance(found, str) or not found.strip():
        raise ValueError("no generation_id")
    return found.strip()


def _whole(seconds: float | None) -> int | float | None:
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds


def _instant(value: datetime | None) -> str | None:
    return value.isoformat() if value else None

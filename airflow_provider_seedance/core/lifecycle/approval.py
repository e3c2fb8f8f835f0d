"""What a person is shown before a decision, as Markdown: a storyboard and what it costs, or a video.

Airflow's pages show Markdown with tables, links and pictures, and drop HTML, videos and ``data:`` URIs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from airflow_provider_seedance.core.lifecycle.describe import cost_in_words
from airflow_provider_seedance.core.redaction import redact, shorten
from airflow_provider_seedance.models import Cost, GenerationRequest

#: A storyboard's rows that are shown, and the longest prompt of a row, in characters.
MAX_ROWS, MAX_PROMPT = 100, 200
#: Where the provider's plugin shows videos, below Airflow's own address.
GALLERY = "seedance"

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+!|~-])")
_KEY = ("dag_id", "run_id", "task_id", "map_index")

Shot = tuple[GenerationRequest, Cost]


def storyboard_as_markdown(shots: Sequence[Shot]) -> str:
    """A table of what would be generated, and the most that it costs in all.

    :param shots: each request, with its estimate.
    """
    rows = [_row(number, request, cost) for number, (request, cost) in enumerate(shots[:MAX_ROWS], 1)]
    more = [f"and {len(shots) - MAX_ROWS} more"] if len(shots) > MAX_ROWS else []
    table = ["| | shot | model | length | size | at most |", "|---|---|---|---|---|---|", *rows]
    return "\n".join([f"**{total_in_words(shots)}**", "", *table, "", *more]).rstrip()


def total_in_words(shots: Sequence[Shot]) -> str:
    """``12 shots, at most 5.40 USD``, by currency; and how many have no known price."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for _, cost in shots:
        if cost.amount is not None:
            totals[str(cost.currency)] += cost.amount
    unknown = sum(cost.amount is None for _, cost in shots)
    sums = ", ".join(f"{amount:f} {currency}" for currency, amount in totals.items())
    parts = [
        f"{len(shots)} shot{'' if len(shots) == 1 else 's'}",
        f"at most {sums}" if sums else None,
        f"{unknown} without a known price" if unknown else None,
    ]
    return ", ".join(part for part in parts if part)


def _row(number: int, request: GenerationRequest, cost: Cost) -> str:
    prompt = plain_text(request.prompt or f"({request.mode.value})")
    length = f"{request.duration} s" if request.duration and request.duration > 0 else "–"
    size = " ".join(filter(None, (request.resolution, request.aspect_ratio))) or "–"
    price = "unknown" if cost.amount is None else f"{cost.amount:f} {cost.currency}"
    return f"| {number} | {prompt} | {plain_text(request.model)} | {length} | {plain_text(size)} | {price} |"


def video_as_markdown(result: Mapping[str, Any], *, pictures: Sequence[str] = ()) -> str:
    """A video's pictures, its facts, and the way to its card in the gallery.

    :param result: what the generate operator returned, or a manifest.
    :param pictures: those beside the landed file, by the gallery's routes: ``poster``, ``sheet``.
    """
    manifest = result.get("manifest") or result
    provenance = manifest.get("provenance") or result.get("provenance") or {}
    source, media = manifest.get("source") or result, manifest.get("media") or {}
    query = _query(provenance.get("generated_by"))
    prompt = (provenance.get("request") or {}).get("prompt")
    size = f"{media['width']}x{media['height']}" if media.get("width") else None
    quality = manifest.get("quality") or {}
    facts = {
        "prompt": prompt and plain_text(prompt),
        "model": plain_text(str(source.get("model"))) if source.get("model") else None,
        "length": f"{media['duration']:g} s" if media.get("duration") else None,
        "size": size,
        "cost": cost_in_words(Cost(**provenance["cost"])) if provenance.get("cost") else None,
        "file": plain_text(redact(str(manifest["uri"]))) if manifest.get("uri") else None,
        "looks": plain_text(", ".join(map(str, quality.get("flags") or ()))) or None,
        "differs from the request": ", ".join(map(_in_words, manifest.get("mismatches") or ())) or None,
    }
    lines = [f"![{name}]({GALLERY}/{name}?{query})\n" for name in pictures] if query else []
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts.items() if value)]
    return "\n".join([*lines, "", f"[Watch it in the gallery]({GALLERY}/?{query})"] if query else lines)


def _query(task: Mapping[str, Any] | None) -> str:
    """The task instance that made a video, as the gallery's addresses name it; empty if it is not known."""
    return urlencode({name: task[name] for name in _KEY}) if task else ""


def _in_words(mismatch: Any) -> str:
    if isinstance(mismatch, Mapping):
        mismatch = " ".join(f"{name} {value}" for name, value in mismatch.items())
    return plain_text(str(mismatch))


def plain_text(text: str) -> str:
    """A text that Markdown shows as it is: one line, without markup, secrets or great length."""
    return _MARKUP.sub(r"\\\1", shorten(redact(" ".join(text.split())), MAX_PROMPT))

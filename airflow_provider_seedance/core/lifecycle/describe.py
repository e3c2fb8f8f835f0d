"""A generation's story in sentences for the log: what is ordered, how it ended, and what is billed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_seedance.core.redaction import redact
from airflow_provider_seedance.core.submission.attempts import Attempt
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import GenerationFailed, LandingError, SeedanceError
from airflow_provider_seedance.models import Cost, GenerationRequest

_NOTHING = "Nothing is billed."


def order_in_words(
    request: GenerationRequest, estimate: Cost, *, row: int | None = None, destination: str | None = None
) -> str:
    """What a request orders, as a list: ``row 7, seedance-2.0, text, 720p, 16:9, 5 s, at most 0.45 USD``.

    :param row: its number in a batch.
    :param destination: the template of where the video goes.
    """
    parts = (
        f"row {row}" if row is not None else None,
        request.model,
        request.mode.value,
        request.resolution,
        request.aspect_ratio,
        f"{request.duration} s" if request.duration and request.duration > 0 else None,
        "price unknown" if estimate.amount is None else f"at most {estimate.amount:f} {estimate.currency}",
        f"destination {redact(destination)}" if destination else None,
    )
    return ", ".join(part for part in parts if part)


def end_in_words(result: Mapping[str, Any], *, seconds: float) -> str:
    """How a generation ended, from what the task returns for it.

    :param seconds: how long it took, from its submission to its file.
    """
    size = f"{result['width']}x{result['height']}" if result["width"] else result["resolution"]
    length = f"{result['duration']} s of video" if result["duration"] else None
    told = ", ".join(fact for fact in (length, size, f"cost {cost_in_words(Cost(**result['cost']))}") if fact)
    return (
        f"Generation {result['generation_id']} has succeeded {max(0.0, seconds):.0f} s after its submission: {told}."
        f"{landed_in_words(result.get('manifest'))}"
    )


def cost_in_words(cost: Cost) -> str:
    """An amount with what it rests on: ``0.45 USD (billed)``."""
    return "unknown" if cost.amount is None else f"{cost.amount:f} {cost.currency} ({cost.basis})"


def landed_in_words(manifest: Mapping[str, Any] | None) -> str:
    """Where the file is, as a further sentence; nothing without one."""
    return f" Landed {redact(str(manifest.get('uri')))} ({manifest.get('bytes')} bytes)." if manifest else ""


def totals_in_words(totals: Mapping[str, Mapping[str, str]]) -> str:
    """Sums by currency and basis: ``1.20 USD (billed), 3 USD (estimated)``; ``nothing`` without any."""
    sums = [
        f"{amount} {currency} ({basis})"
        for currency, by_basis in totals.items()
        for basis, amount in by_basis.items()
    ]
    return ", ".join(sums) or "nothing"


def is_billed(record: SubmissionRecord | None, error: SeedanceError) -> bool | None:
    """Whether what a task that ends with ``error`` has submitted is billed; ``None`` if that is not known, or not yet.

    :param record: what is on record about the task's generation; ``None`` if nothing is.
    """
    if record is None:
        return error.billed
    if _billed_attempts(record):
        return True
    if any(attempt.status in ("unknown", "submitted") for attempt in record.attempts):
        return None
    return _is_latest_billed(record, error)


def _is_latest_billed(record: SubmissionRecord, error: SeedanceError) -> bool | None:
    if record.is_unbilled:
        return error.billed if isinstance(error, GenerationFailed) else False
    landing = record.generation_id is not None and isinstance(error, LandingError)
    return True if record.is_delivered or landing else None


def _billed_attempts(record: SubmissionRecord) -> list[Attempt]:
    """Those before the latest that have cost something: a vendor may bill a video that its filter then rejects."""
    return [attempt for attempt in record.attempts if attempt.cost.amount or attempt.status == "succeeded"]


def bill_of_attempt(error: SeedanceError) -> str:
    """Whether an attempt that others follow is billed, as a further sentence; nothing where that is not known."""
    if error.billed is None:
        return ""
    return " It is billed." if error.billed else f" {_NOTHING}"


def bill_in_words(record: SubmissionRecord | None, error: SeedanceError) -> str:
    """What a task that ends with ``error`` has cost, in sentences; ``record`` as in :func:`is_billed`."""
    if record is None:
        return _latest_in_words(None, error)
    earlier = [
        f"Generation {attempt.generation_id}, an earlier attempt, is billed: {cost_in_words(attempt.cost)}."
        for attempt in _billed_attempts(record)
    ] + [
        f"It is not known what an earlier attempt through connection {attempt.connection} has cost."
        for attempt in record.attempts
        if attempt.status in ("unknown", "submitted")
    ]
    latest = _latest_in_words(record, error)
    return " ".join([*earlier, latest if latest != _NOTHING or not earlier else "Nothing else is billed."])


def _latest_in_words(record: SubmissionRecord | None, error: SeedanceError) -> str:
    billed = _is_latest_billed(record, error) if record else error.billed
    if billed is False:
        return _NOTHING
    generation_id = record.generation_id if record else error.generation_id
    if generation_id is None:
        return "It is not known whether the vendor has accepted and billed the request."
    if billed:
        return f"Generation {generation_id} is finished and billed."
    return f"Generation {generation_id} may go on, and is billed if it succeeds."

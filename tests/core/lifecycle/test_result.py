"""What a finished generation becomes in XCom."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.lifecycle.result import (
    cost_dict,
    provenance_of,
    result_dict,
    without_links,
)
from airflow_provider_seedance.core.submission.fingerprint import fingerprint
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.models import Cost, GenerationRequest, Succeeded, Usage

TASK = TaskIdentity("trailers", "run-1", "generate", 3)
CATALOG = Catalog.load("anyfast", "global")
FINISHED = Succeeded(
    vendor="anyfast",
    generation_id="task-1",
    vendor_status="SUCCESS",
    video_url="https://files.example/v.mp4",
    finished_at=datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc),
)


def _result(request: GenerationRequest | None, **reported: Any) -> dict[str, Any]:
    generation = FINISHED.model_copy(update=reported)
    return result_dict(
        generation,
        seedance_conn_id="seedance_default",
        request=request,
        catalog=CATALOG,
        provenance=provenance_of(generation, request, CATALOG, TASK),
    )


def test_every_key_is_there_and_null_where_nothing_is_known() -> None:
    assert _result(None) == {
        "vendor": "anyfast",
        "seedance_conn_id": "seedance_default",
        "generation_id": "task-1",
        "model": None,
        "mode": None,
        "status": "succeeded",
        "video_url": "https://files.example/v.mp4",
        "last_frame_url": None,
        "duration": None,
        "resolution": None,
        "aspect_ratio": None,
        "width": None,
        "height": None,
        "seed": None,
        "usage": None,
        "cost": {"amount": None, "currency": None, "basis": "unknown"},
        "created_at": None,
        "finished_at": "2026-03-01T12:00:00+00:00",
        "expires_at": None,
        "reused": False,
        "request_fingerprint": None,
        "provenance": {
            "request": None,
            "mode": None,
            "seed": None,
            "cost": {"amount": None, "currency": None, "basis": "unknown"},
            "usage": None,
            "generated_by": {
                "dag_id": "trailers",
                "run_id": "run-1",
                "task_id": "generate",
                "map_index": 3,
            },
            "row": None,
        },
    }


def test_the_provenance_tells_what_was_asked_for_and_by_whom() -> None:
    """With the prompt, and without what opens something."""
    request = GenerationRequest(
        prompt="A fox; as in https://cdn.example/mood.png?X-Tos-Signature=abc",
        first_frame="https://cdn.example/a.png?X-Amz-Signature=abc",
        reference_images=["data:image/png;base64," + "A" * 64],
        seed=7,
        duration=5,
    )
    result = _result(request, usage=Usage(credits=12.0))
    told = result["provenance"]
    assert told["request"] == {
        "model": "seedance-2.0",
        "prompt": "A fox; as in https://cdn.example/***?***",
        "first_frame": "https://cdn.example/***?***",
        "reference_images": ["data:image/png;base64,***"],
        "seed": 7,
        "duration": 5,
    }
    assert (told["seed"], told["usage"]["credits"], told["cost"]) == (7, 12.0, result["cost"])
    assert result["request_fingerprint"] == fingerprint(request)


def test_what_goes_on_record_has_no_links() -> None:
    """They are keys, and dead a day later."""
    result = _result(None, last_frame_url="https://files.example/f.png?sig=1")
    stored = without_links(result)
    assert (stored["video_url"], stored["last_frame_url"]) == (None, None)
    assert {**stored, "video_url": result["video_url"], "last_frame_url": result["last_frame_url"]} == result


def test_what_the_vendor_reports_wins_over_the_request() -> None:
    """The request fills in what the vendor does not tell."""
    request = GenerationRequest(prompt="x", model="seedance-2.0", duration=5, resolution="480p", seed=0)
    result = _result(request, duration=5.5, resolution="720p")
    assert {name: result[name] for name in ("model", "mode", "duration", "resolution", "seed")} == {
        "model": "seedance-2.0",
        "mode": "text",
        "duration": 5.5,
        "resolution": "720p",
        "seed": 0,
    }


@pytest.mark.parametrize(("reported", "duration"), [(5.0, 5), (5.5, 5.5), (None, None)])
def test_a_whole_number_of_seconds_is_an_integer(reported: float | None, duration: float | None) -> None:
    """A duration that the model was to choose is not known from the request."""
    result = _result(GenerationRequest(prompt="x", duration=-1), duration=reported)
    assert (result["duration"], type(result["duration"])) == (duration, type(duration))


@pytest.mark.parametrize("amount", ["0.057713", "1E+3", "0"])
def test_an_amount_is_a_decimal_string(amount: str) -> None:
    """Without an exponent, and without loss."""
    cost = cost_dict(Cost(amount=Decimal(amount), currency="USD", basis="estimated"))
    assert "E" not in cost["amount"]
    assert Decimal(cost["amount"]) == Decimal(amount)

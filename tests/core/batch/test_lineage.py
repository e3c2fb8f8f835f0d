"""What a batch tells of where its videos come from and go to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.lineage import MAX_NAMES, lineage_of_batch
from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.media.content import RequestMedia
from airflow_provider_seedance.models import GenerationRequest

SUMMARY = {"rows": 1, "counts": {"succeeded": 1}, "cost": {}, "results": "r.jsonl", "failures": []}


def result(row: int, uri: str | None, published: str | None = None) -> dict[str, Any]:
    return {
        "row": row,
        "manifest": uri and {"uri": uri},
        "publication": published and {"uri": published},
    }


def row(number: int, frame: str | None = None, path: Path | None = None) -> Row:
    request = GenerationRequest(prompt="A fox", first_frame=frame)
    file: Any = SimpleNamespace(path=path)
    return Row(number, request, media=RequestMedia(request, {frame: file} if frame and path else {}))


def test_landed_and_published_files_are_told() -> None:
    """Only those that are there."""
    results = [result(1, "/a/1.mp4", "s3://b/1.mp4"), result(2, "/a/2.mp4"), result(3, None)]
    lineage = lineage_of_batch({number: row(number) for number in (1, 2, 3)}, results, SUMMARY)
    assert lineage.outputs == ("/a/1.mp4", "s3://b/1.mp4", "/a/2.mp4")
    assert lineage.facts == {"rows": 1, "counts": {"succeeded": 1}, "cost": {}}


@pytest.mark.parametrize(
    ("frame", "path", "told"),
    [
        ("https://h.example/f.png?X-Signature=s", None, "https://h.example/f.png"),
        ("sha256:ab", Path("/pictures/f.png"), "/pictures/f.png"),
        ("sha256:ab", None, None),
        ("asset://a-1", None, "asset://a-1"),
        (None, None, None),
    ],
)
def test_media_are_told_by_their_names(frame: str | None, path: Path | None, told: str | None) -> None:
    """Never by what opens them, nor by their content."""
    lineage = lineage_of_batch({1: row(1, frame, path)}, [result(1, "/a/1.mp4")], SUMMARY)
    assert len(lineage.inputs) == (told is not None)
    assert all(name.startswith(told or "-") and "Signature=s" not in name for name in lineage.inputs)


def test_of_very_many_files_their_folders_are_told() -> None:
    """A message about thousands is taken by nobody."""
    rows = {number: row(number) for number in range(3 * MAX_NAMES)}
    for folders, told in ((2, 2), (3 * MAX_NAMES, MAX_NAMES)):
        results = [result(number, f"s3://b/{number % folders}/{number}.mp4") for number in rows]
        outputs = lineage_of_batch(rows, results, SUMMARY).outputs
        assert (len(outputs), outputs[0]) == (told, "s3://b/0")

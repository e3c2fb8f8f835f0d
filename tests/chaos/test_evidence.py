"""Reading what a run left behind."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_seedance.emulator.media.drawing import Clip
from airflow_provider_seedance.emulator.media.video import render_video
from dev.chaos.evidence import as_messages_say, billed, is_whole, recorded, unbilled_intents
from dev.chaos.verdict import Billed


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short whole video."""
    file = tmp_path_factory.mktemp("video") / "clip.mp4"
    render_video(Clip("modelark", "seedance-2.0", "text", "a boat", "tail", (320, 192), 25, audio=True), file)
    return file


LINE = {
    "vendor": "evolink",
    "generation_id": "g-1",
    "prompt": "a boat",
    "billed": True,
    "amount": 2.5,
    "unit": "credits",
}
INVOICE = {"generations": [LINE, {**LINE, "generation_id": "g-2", "billed": False}]}


def test_the_invoice_has_only_what_was_billed() -> None:
    """A generation that failed costs nothing."""
    assert list(billed(INVOICE)) == [Billed("evolink", "g-1", "a boat", Decimal("2.5"), "credits")]


#: What every record holds.
INTENT = {
    "intent_number": 1,
    "intent_id": "sd-1",
    "vendor": "modelark",
    "seedance_conn_id": "c",
    "fingerprint": "v1:a",
    "intended_at": "2026-11-21T00:00:00Z",
    "max_tries": 0,
}


@pytest.mark.parametrize(
    ("record", "ids"),
    [
        ({}, set()),
        ({"generation_id": None, "earlier_generation_ids": []}, set()),
        ({"generation_id": "g-2", "earlier_generation_ids": ["g-1"]}, {"g-1", "g-2"}),
    ],
)
def test_a_record_names_its_generations(record: dict[str, object], ids: set[str]) -> None:
    """The present one, and those of earlier intents."""
    assert recorded(record) == ids


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({}, 0),
        ({"generation_id": "g-1", "outcome": {"kind": "ended", "status": "succeeded"}}, 0),
        ({"unbilled_intents": 2, "outcome": {"kind": "ended", "status": "succeeded"}}, 2),
        ({"unbilled_intents": 1, "outcome": {"kind": "refused"}}, 2),
        ({"outcome": {"kind": "ended", "status": "failed"}}, 1),
    ],
)
def test_a_record_counts_what_bought_nothing(fields: dict[str, object], count: int) -> None:
    """The earlier intents by its count, the latest by its outcome; no record bought nothing that is known."""
    assert unbilled_intents({**INTENT, **fields}) == count
    assert unbilled_intents({}) == 0


def test_a_whole_video_is_whole(video: Path) -> None:
    """Every promised frame decodes."""
    assert is_whole(video)


def test_a_cut_video_is_not(video: Path, tmp_path: Path) -> None:
    """Its header promises more than is there."""
    cut = tmp_path / "cut.mp4"
    content = video.read_bytes()
    cut.write_bytes(content[: len(content) * 2 // 3])
    assert not is_whole(cut)


@pytest.mark.parametrize("content", [None, b"", b"no video at all"])
def test_neither_is_anything_else(content: bytes | None, tmp_path: Path) -> None:
    """A missing, an empty, and another file."""
    file = tmp_path / "file.mp4"
    if content is not None:
        file.write_bytes(content)
    assert not is_whole(file)


def test_a_records_time_is_written_as_in_messages() -> None:
    """JSON says Z where Python says +00:00."""
    assert as_messages_say("2026-11-21T10:00:00.5Z") == "2026-11-21T10:00:00.500000+00:00"

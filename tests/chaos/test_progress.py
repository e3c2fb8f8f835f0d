"""How far a run is."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.chaos.progress import Progress, StallDetector, read_progress


@pytest.mark.parametrize(
    ("progress", "share"),
    [
        (Progress(10), 0.0),
        (Progress(10, submitted=5), 0.25),
        (Progress(10, submitted=10), 0.5),
        (Progress(10, submitted=10, landed=5), 0.75),
        (Progress(10, submitted=10, landed=8, failed=2), 1.0),
        (Progress(10, submitted=8, landed=8, failed=2), 1.0),
        (Progress(10, submitted=10, landed=10, failed=1), 1.0),
    ],
)
def test_submitting_is_one_half_and_the_end_the_other(progress: Progress, share: float) -> None:
    """A video whose task failed has ended as well, whether or not it was submitted."""
    assert progress.share == share


def test_progress_is_read_from_ledger_and_files(tmp_path: Path) -> None:
    """A video that was bought twice is submitted once."""
    lines = [("evolink", "a"), ("evolink", "a"), ("toapis", "b")]
    ledger = {"generations": [{"vendor": vendor, "prompt": prompt} for vendor, prompt in lines]}
    for name in ("evolink/g-1.mp4", "evolink/g-1.json", "toapis/.g-2.part"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert read_progress(4, ledger, tmp_path, 1) == Progress(4, submitted=2, landed=1, failed=1)


def test_a_standstill_is_told_after_its_time() -> None:
    """Every change begins the time anew, however slow the whole is."""
    stall = StallDetector(600)
    seen = [stall.is_stalled(state, now) for state, now in (("a", 0), ("a", 600), ("b", 601), ("b", 1201))]
    assert seen == [False, False, False, False]
    assert stall.is_stalled("b", 1201.1)

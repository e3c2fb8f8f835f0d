"""A chaos run is split into DAG runs, which together make each video once."""

from __future__ import annotations

import pytest

from dev.chaos.__main__ import _confs


@pytest.mark.parametrize("videos", [1, 49, 50, 51, 120, 500])
def test_each_video_is_ordered_by_one_dag_run(videos: int) -> None:
    """None of which makes more than fifty."""
    ranges = [range(conf["first"], conf["first"] + conf["videos"]) for conf in _confs(videos)]
    assert [number for part in ranges for number in part] == list(range(videos))
    assert max(map(len, ranges)) <= 50

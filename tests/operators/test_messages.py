"""What is no landed video is refused in one short sentence, with what to do; ``tests/messages`` has all the others."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

#: Characters of the first line, which a window or a notification shows whole.
SHORT = 100


@pytest.mark.parametrize(
    ("video", "said"),
    [
        ("https://h/v.mp4?sig=TOPSECRET", "video must be the manifest of a landed video, not a link"),
        ("cgt-1", "video must be the manifest of a landed video, not a str"),
        ({"generation_id": "cgt-1", "video_url": "https://h/v"}, "was generated without a destination"),
    ],
)
def test_publishing_what_is_no_landed_video(video: Any, said: str, publishing: Any) -> None:
    """One sentence, and where the operator belongs."""
    with pytest.raises(AirflowFailException) as refused:
        publishing(video)
    first, advice = str(refused.value).split("\n")
    assert said in first
    assert len(first) <= SHORT
    assert "destination" in advice
    assert "TOPSECRET" not in str(refused.value)


@pytest.fixture
def publishing(tmp_path: Any) -> Any:
    """Publishes a video, outside of a run."""
    from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

    def run(video: Any) -> Any:
        task = SeedancePublishVideoOperator(task_id="publish", video=video, destination=f"{tmp_path}/v.mp4")
        from airflow_provider_seedance.runtime.exceptions import task_errors

        with task_errors():
            return task._manifest()

    return run

"""``@image1`` and the like in a prompt name media that are there."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest

CATALOG = Catalog.load("anyfast", "global")
MEDIA = {
    "reference_images": ["https://h/1.png", "https://h/2.png"],
    "reference_videos": ["https://h/1.mp4"],
}


@pytest.mark.parametrize(
    "prompt",
    [
        "@image1 and @Image2 beside @video1",
        "@image 2 waves",
        "anna@imagery.example",
        "@image1, then @image1",
        "2 @s",
    ],
)
def test_what_is_there_may_be_mentioned(prompt) -> None:
    assert CATALOG.prepare(GenerationRequest(prompt=prompt, **MEDIA))


@pytest.mark.parametrize("mention", ["@image3", "@Image 3", "@video2", "@audio1", "@image0"])
def test_what_is_not_there_may_not(mention) -> None:
    """In any mode, for any model."""
    for media in (MEDIA, {}):
        with pytest.raises(RequestInvalid, match=mention) as refused:
            CATALOG.prepare(GenerationRequest(prompt=f"Go, {mention}!", **media))
        assert refused.value.problems[0].field == "prompt"


def test_a_first_frame_counts_as_an_image() -> None:
    assert CATALOG.prepare(GenerationRequest(prompt="@image1 moves", first_frame="https://h/1.png"))

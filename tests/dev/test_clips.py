"""The clips that a demo run made, as a table and as a page."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from PIL import Image

from airflow_provider_seedance.emulator import serve
from dev.clips import VideoSource, clip_of, table
from dev.page import write_page


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> VideoSource:
    """A clip with a real file."""
    file = tmp_path_factory.mktemp("demo") / "published" / "evolink.mp4"
    file.parent.mkdir()
    with serve(rate=0) as emulator:
        file.write_bytes(httpx.get(emulator.sample_url("reference.mp4"), trust_env=False).content)
    return VideoSource(
        vendor="evolink",
        model="seedance-2.0",
        mode="first_frame",
        prompt='Tom & "Jerry" <3',
        file=file,
        bytes=123456,
        seconds=5.065,
        width=864,
        height=496,
        sound=True,
        cost="25.575 credits (estimated)",
    )


class Links(HTMLParser):
    """Collects what a page refers to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "poster") and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_clip_is_read_from_what_the_tasks_returned() -> None:
    """The facts come from the generation, the measured ones from the landed file."""
    video = {
        "vendor": "toapis",
        "model": "m",
        "mode": "text",
        "cost": {"amount": "0.22", "currency": "USD", "basis": "billed"},
    }
    media = {"duration": 5.0, "width": 864, "height": 496, "audio_codec": None}
    publication = {
        "uri": "file:///demo/a%20b.mp4",
        "bytes": 7,
        "manifest": {"media": media},
        "metadata": {"title": "T"},
    }
    seen = clip_of(video, publication)
    assert (seen.file, seen.sound, seen.cost) == (Path("/demo/a b.mp4"), False, "0.22 USD (billed)")


def test_an_unknown_cost_is_called_unknown() -> None:
    """No amount is not an amount of nothing."""
    from dev.clips import cost_text

    assert cost_text({"amount": None, "currency": None, "basis": "unknown"}) == "unknown"


def test_table(clip: VideoSource) -> None:
    """Columns line up, and files are named from where one stands."""
    other = replace(clip, vendor="modelark", sound=False)
    head, rule, *rows = table([clip, other], below=clip.file.parent.parent).splitlines()
    assert head.split() == ["vendor", "mode", "pixels", "bytes", "length", "sound", "cost", "file"]
    assert [row.index("first_frame") for row in rows] == [head.index("mode")] * 2
    assert set(rule) == {"-", " "}
    assert rows[0].endswith(
        "864x496  123,456  5.07 s  yes    25.575 credits (estimated)  published/evolink.mp4"
    )


def test_page_refers_to_files_beside_it(clip: VideoSource) -> None:
    """The page plays wherever its folder is moved to: every link is relative and leads to a file."""
    folder = clip.file.parent.parent
    page = write_page([clip], folder, about="About")
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    assert links.found == ["published/evolink.jpg", "published/evolink.mp4", "published/evolink.mp4.json"]
    assert Image.open(folder / "published/evolink.jpg").size == (1280, 720)


def test_page_shows_the_prompt_as_it_is(clip: VideoSource) -> None:
    """A prompt is text, never markup."""
    page = write_page([clip], clip.file.parent.parent, about="About")
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    assert clip.prompt in links.text
    assert clip.cost in links.text

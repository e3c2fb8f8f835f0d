"""``make screenshots``: the pictures of the gallery in ``docs/images``, taken by a headless Chromium."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from dev.browser import chromium
from dev.gallery import Video, gallery, render
from dev.processes import signals_end_the_block

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

#: Picture -> the colour scheme, and the size of the window.
PICTURES = {
    "gallery": ("light", 1360, 880),
    "gallery-dark": ("dark", 1360, 880),
    "gallery-phone": ("dark", 400, 800),
}

VIDEOS = (
    Video("A paper boat crosses a rain puddle, macro lens, soft morning light", task_id="boat"),
    Video(
        "A red fox runs through fresh snow, low camera, its breath in the cold air",
        task_id="fox",
        vendor="evolink",
        cost="21.5",
        currency="credits",
        model="seedance-2.0-fast",
        ago=timedelta(minutes=9),
    ),
    Video(
        "Steam rises from a cup of tea on a windowsill, slow push in",
        task_id="tea",
        size=(360, 640),
        ago=timedelta(minutes=24),
    ),
    Video(
        "A lighthouse in a storm, waves break over the rocks, aerial shot",
        task_id="lighthouse",
        ago=timedelta(hours=2),
    ),
    Video(
        "A tram turns a corner at night, neon on wet asphalt",
        task_id="tram",
        vendor="toapis",
        ago=timedelta(hours=3),
        cost="0.32",
    ),
    Video(
        "A celebrity waves from a balcony",
        task_id="balcony",
        state="failed",
        reason="The vendor's moderation refused the prompt: it may show a real person.",
        ago=timedelta(hours=5),
    ),
    Video(
        "A potter's hands shape a bowl, close-up, warm light",
        task_id="potter",
        size=(480, 480),
        vendor="anyfast",
        ago=timedelta(hours=20),
        cost="0.28",
    ),
    Video("A field of sunflowers follows the sun, time lapse", task_id="sunflowers", ago=timedelta(days=2)),
    Video(
        "An origami crane unfolds in one take, white background",
        task_id="crane",
        dag_id="product_clips",
        vendor="evolink",
        state="deferred",
        progress=62,
        cost="21.50",
        currency="credits",
        ago=timedelta(minutes=1),
    ),
)


def videos(folder: Path) -> list[Video]:
    """The videos to show, with their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [replace(one, file=render(one, folder)) if one.state == "success" else one for one in VIDEOS]


def main() -> int:
    """Take all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, signals_end_the_block():
        shown = sorted(videos(Path(folder, "files")), key=lambda one: -one.ago)
        with gallery(Path(folder, "home"), shown) as stack, chromium() as browser:
            for name, (scheme, width, height) in PICTURES.items():
                take(browser, stack.url, IMAGES / f"{name}.png", scheme=scheme, size=(width, height))
    return 0


def take(browser: Browser, url: str, target: Path, *, scheme: Any, size: tuple[int, int]) -> None:
    """Take a picture of the gallery as Airflow shows it."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.set_default_timeout(120_000)
    page.goto(f"{url}/plugin/seedance")
    page.frame_locator("iframe").locator(".card img").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=target)
    page.close()
    reduce(target)


def reduce(picture: Path) -> None:
    """Make the file small: 256 colours are enough for a page."""
    with Image.open(picture) as whole:
        whole.convert("RGB").quantize(256).save(picture, optimize=True)
    print(f"{picture.name}: {picture.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())

"""``make screenshots``: the pictures of the gallery in ``docs/images``, taken by a headless Chromium."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from dev.gallery import Video, fill_airflow, fill_ledger, render
from dev.ledger import SETTINGS, sqlite_ledger
from dev.stack import Stack, airflow

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

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
        state="deferred",
        ago=timedelta(minutes=1),
    ),
)


def videos(folder: Path) -> list[Video]:
    """The videos to show, with their files."""
    folder.mkdir(parents=True, exist_ok=True)
    return [replace(one, file=render(one, folder)) if one.state == "success" else one for one in VIDEOS]
